import type { BatchInputs } from './batch-inputs.ts'
import type { InputWatermarks } from './input-watermarks.ts'

/** Which inputs have been without rows for so long that they hold the watermark back no more. */
export class InputIdleness {
  readonly #idlenessMs: number
  readonly #inputs: BatchInputs
  readonly #watermarks: InputWatermarks
  /** By input: when it had its last row; when the job began, as long as it had none. */
  readonly #seenMs: Float64Array

  constructor(idlenessMs: number, inputs: BatchInputs, watermarks: InputWatermarks, nowMs: number) {
    this.#idlenessMs = idlenessMs
    this.#inputs = inputs
    this.#watermarks = watermarks
    this.#seenMs = new Float64Array(inputs.count).fill(nowMs)
  }

  /** Rows of an input are there. */
  seen(input: number, nowMs: number): void {
    this.#seenMs[input] = nowMs
  }

  /** Rows that wait in the queue are rows, whatever becomes of them: a filter decides on them batch by batch. */
  keepQueued(nowMs: number): void {
    for (let input = 0; input < this.#seenMs.length; input++)
      if (this.#idleAt(input) <= nowMs && this.#inputs.isQueued(input)) this.#seenMs[input] = nowMs
  }

  /**
   * Lets go of the inputs whose time is over, in its order, those of one instant at once; rows that wait in the queue are rows.
   *
   * @param isThrough Whether the batch at hand has been looked at.
   */
  expire(nowMs: number, isThrough: boolean): void {
    if (this.nextMs > nowMs) return
    const reachedMs = this.#inputs.reachedMs(nowMs, isThrough)
    for (let at = this.nextMs; at <= reachedMs; at = this.nextMs) {
      for (let input = 0; input < this.#seenMs.length; input++) {
        if (this.#idleAt(input) !== at) continue
        if (this.#inputs.isQueued(input)) this.#seenMs[input] = nowMs
        else this.#watermarks.leave(input)
      }
      this.#watermarks.merge()
    }
  }

  /** When the next input becomes idle, as things stand; +Infinity: none will. */
  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (let input = 0; input < this.#seenMs.length; input++) next = Math.min(next, this.#idleAt(input))
    return next
  }

  #idleAt(input: number): number {
    return this.#watermarks.isHeldBackBy(input) ? this.#seenMs[input]! + this.#idlenessMs : Number.POSITIVE_INFINITY
  }
}
