/**
 * Rings between threads (layouts: abi.ts "shared ring" and "member"). A side that writes claims slots, fills them in and
 * publishes; one that reads takes slots, reads them and releases. Slots claimed or taken at once lie side by side; the
 * member's note says which they are. A claim or a take answers how many, or a SHARED_ constant.
 *
 * Spsc: one producer, one consumer, every call a fixed number of steps. Mpmc: any number of either.
 */
export interface SharedRingExports {
  /** Up to `n` free slots, n ≥ 1. Until it is published a claim costs nothing: the next one replaces it. */
  claimSpsc(ring: number, member: number, n: number): number
  /** How many were published: all that were claimed, or SHARED_CLOSED when the ring was closed since. */
  publishSpsc(ring: number, member: number): number
  /** Up to `n` events, n ≥ 1. Until it is released a take can be repeated. */
  takeSpsc(ring: number, member: number, n: number): number
  releaseSpsc(ring: number, member: number): void
  /** 1, or why not. */
  pushSpscF64(ring: number, member: number, value: number): number
  /** 1, and the value in the member; or why not. */
  popSpscF64(ring: number, member: number): number

  /** Up to `n` free slots, n ≥ 1; they must be published. */
  claimMpmc(ring: number, member: number, n: number): number
  /** One slot; in a full ring that of the oldest event, counted as evicted, whose value stands there until it is overwritten. */
  forceClaimMpmc(ring: number, member: number): number
  publishMpmc(ring: number, member: number): number
  /** Up to `n` events, n ≥ 1; they must be released. */
  takeMpmc(ring: number, member: number, n: number): number
  releaseMpmc(ring: number, member: number): void
  /** 1, or why not. */
  pushMpmcF64(ring: number, member: number, value: number): number
  /** 1, whatever the oldest event had to do for it; or SHARED_PENDING, SHARED_CLOSED. */
  forcePushMpmcF64(ring: number, member: number, value: number): number
  /** 1, and the value in the member; or why not. */
  popMpmcF64(ring: number, member: number): number
}
