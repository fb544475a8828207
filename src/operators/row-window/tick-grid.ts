import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'

/** Instants a fixed time apart. Ticks are computed from the grid, never from when the last one was served: no drift. */
export class TickGrid {
  readonly #lengthMs: number
  #startMs: number | undefined

  /** @param startMs An instant of the grid; left out, the first one asked for is it. */
  constructor(lengthMs: number, startMs: number | undefined) {
    this.#lengthMs = lengthMs
    this.#startMs = startMs
  }

  snapshot(writer: StateWriter): void {
    writer.bool(this.#startMs !== undefined)
    if (this.#startMs !== undefined) writer.f64(this.#startMs)
  }

  restore(reader: StateReader): void {
    if (reader.bool()) this.#startMs = reader.finite()
  }

  /** The first instant of the grid after `time`. */
  after(time: number): number {
    this.#startMs ??= time
    const into = (time - this.#startMs) % this.#lengthMs
    return time + this.#lengthMs - (into < 0 ? into + this.#lengthMs : into)
  }
}
