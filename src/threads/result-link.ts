import { systemClock } from '../time/clock.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'

/**
 * How long what isn't urgent waits at most while there is more to do: to wake a thread takes some tens of microseconds of
 * both, and it finds more when it is woken less often.
 */
const SOON_NS = 1e6

/** Thrown where a worker waits and is told to end. */
export class Stopped extends Error {}

/** The way back from a worker: its thread may wait for room, and calls who can't wait for frames. */
export class ResultLink {
  readonly ring: FrameRing
  readonly #post: () => void
  /** Nanoseconds spent waiting for room. */
  waitedNs = 0
  #watermark = Number.NEGATIVE_INFINITY
  /** Since when something waits to be looked at; undefined: nothing does. */
  #waitingSinceNs: number | undefined

  /** @param post Sends the main thread a message, so that it looks at the rings. */
  constructor(ring: FrameRing, post: () => void) {
    this.ring = ring
    this.#post = post
  }

  /** @throws Stopped */
  awaitSpace(bytes: number): void {
    this.call()
    if (this.ring.isStopped) throw new Stopped()
    const startNs = systemClock.monotonicNs()
    this.ring.awaitSpace(bytes)
    this.waitedNs += systemClock.monotonicNs() - startNs
    if (this.ring.isStopped) throw new Stopped()
  }

  /** Has the main thread look, if it asked for that. */
  call(): void {
    this.#waitingSinceNs = undefined
    if (this.ring.takeFrameCall()) this.#post()
  }

  /** Has it look when there is nothing else to do, or in a moment. */
  callSoon(): void {
    this.#waitingSinceNs ??= systemClock.monotonicNs()
  }

  /** Has it look at what waits for that. @param isIdle Whether there is nothing else to do. */
  callIfDue(isIdle: boolean): void {
    if (this.#waitingSinceNs === undefined) return
    if (isIdle || systemClock.monotonicNs() - this.#waitingSinceNs >= SOON_NS) this.call()
  }

  /** Says once how far the watermark is. @param isUrgent Whether somebody may wait for it. */
  tellWatermark(watermark: number, isUrgent = true): void {
    if (watermark <= this.#watermark) return
    this.#watermark = watermark
    this.#write(FRAME.watermark, 0, watermark)
    if (isUrgent) this.call()
  }

  tell(kind: number, a: number, value: number): void {
    this.#write(kind, a, value)
    this.call()
  }

  #write(kind: number, a: number, value: number): void {
    for (;;) {
      const offset = this.ring.claim(8)
      if (offset >= 0) {
        this.ring.f64[offset >>> 3] = value
        break
      }
      this.awaitSpace(8)
    }
    this.ring.publish(kind, a, 0)
  }
}
