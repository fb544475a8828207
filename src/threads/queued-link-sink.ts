import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from '../operators/operator.ts'
import type { StageTimers } from '../operators/stage-timers.ts'
import type { LinkQueue } from './link-queue.ts'

/** The end of a chain in a worker whose link to the next stage has a strategy of its own. */
export class QueuedLinkSink implements Operator {
  readonly name = 'results'
  rowsIn = 0
  /** Rows it gave to the link, those included that the link drops. */
  rowsOut = 0
  readonly #queue: LinkQueue
  readonly #timers: StageTimers

  constructor(queue: LinkQueue, timers: StageTimers) {
    this.#queue = queue
    this.#timers = timers
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.rowsOut += batch.selectedCount
    if (batch.selectedCount > 0) this.#queue.push(batch, this.#timers.now())
    return true
  }

  advanceWatermark(watermark: number): boolean {
    // The end of the input is told by a frame of its own.
    if (watermark < Number.POSITIVE_INFINITY) this.#queue.tellWatermark(watermark)
    return true
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  resume(): boolean {
    return true
  }

  markCodes: LinkQueue['markCodes'] = (dictionary, mark) => this.#queue.markCodes(dictionary, mark)

  close(): void {
    this.#queue.close()
  }
}
