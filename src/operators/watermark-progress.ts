import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import type { Operator } from './operator.ts'

/** How far the watermark of a stage has come that lets things happen on its way, one by one. */
export class WatermarkProgress {
  /** Where it is: all that is due by then has happened. */
  at = Number.NEGATIVE_INFINITY
  /** Where it goes next: what has been told of it, and where the rows taken in lead it. */
  reached = Number.NEGATIVE_INFINITY
  /** Where the stages behind have been told it is. */
  forwarded = Number.NEGATIVE_INFINITY
  readonly #next: Operator

  constructor(next: Operator) {
    this.#next = next
  }

  reach(watermark: number): void {
    if (watermark > this.reached) this.reached = watermark
  }

  /** Goes where it has been led to. Returns whether that is any further. */
  arrive(): boolean {
    if (this.reached <= this.at) return false
    this.at = this.reached
    return true
  }

  /** Goes as far as to where something is due, if it has been led there. Returns whether that is any further. */
  stepTo(due: number): boolean {
    if (due > this.reached || due <= this.at || due === Number.POSITIVE_INFINITY) return false
    this.at = due
    return true
  }

  /** Goes as far as to where something happens. */
  goTo(watermark: number): void {
    if (watermark > this.at) this.at = watermark
  }

  /** Tells the stages behind. false: they are full. */
  forward(watermark: number = this.at): boolean {
    if (watermark <= this.forwarded) return true
    this.forwarded = watermark
    return this.#next.advanceWatermark(watermark)
  }

  /**
   * What fires at `watermark` comes out next. How far the rows at hand lead the watermark hangs on batches, when something
   * fires does not: so stages behind are told of all before, and of nothing more. false: they are full.
   */
  forwardBefore(watermark: number): boolean {
    return this.forward(watermark - 1)
  }

  snapshot(writer: StateWriter): void {
    for (const watermark of [this.at, this.reached, this.forwarded]) writer.f64(watermark)
  }

  /** Of several parts, the ones behind hadn't been told: nothing of theirs fires before. */
  restore(reader: StateReader): void {
    this.at = Math.max(this.at, reader.time())
    this.reached = Math.max(this.reached, reader.time())
    this.forwarded = Math.max(this.forwarded, reader.time())
  }
}
