import type { FrameRing } from './frame-ring.ts'

/** One of several workers as far as it matters who gets the next batch. */
interface Hand {
  readonly ring: FrameRing
  readonly sender: { readonly frameBytes: number }
}

/**
 * Who gets the next batch: the first that hasn't enough to do, or else the one that has least and room for more. So no more of
 * them are kept awake than it takes, and none has to wait for one that is slower. undefined: nobody has room.
 *
 * @param enough What of its ring is enough for a worker to do while others have nothing.
 */
export function nextHand<Some extends Hand>(hands: readonly Some[], enough: number): Some | undefined {
  let next: Some | undefined
  let least = Number.POSITIVE_INFINITY
  for (const hand of hands) {
    const { ring, sender } = hand
    const queued = ring.queuedBytes(0)
    if (queued < ring.capacityBytes * enough) return hand
    if (queued >= least || ring.claim(sender.frameBytes) < 0) continue
    next = hand
    least = queued
  }
  return next
}
