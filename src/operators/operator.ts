import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'

/**
 * One step of a chain. Batches are pushed downstream synchronously; `false` is backpressure: the batch was taken, but
 * nothing more may be sent until `resume` returned true. The batch given stays valid until then.
 */
export interface Operator {
  readonly name: string
  /** Takes a batch. false: call `resume` before sending more. */
  process(batch: RecordBatch): boolean
  /**
   * The watermark reached `watermark` (it never goes back; +Infinity at the end of a bounded input). Orders behind windows
   * that fire again are told it once more when a firing is over.
   */
  advanceWatermark(watermark: number): boolean
  /**
   * The least watermark at which something may come out, here or below; +Infinity when nothing waits for one. Asked
   * between two batches, where the watermark moves on with a clock.
   */
  nextFiring(): number
  /** Goes on with what was interrupted, deepest operator first. true: done. */
  resume(): boolean
  /** Marks the dictionary codes this operator and those below it hold in state or in a batch on its way out. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void
  /** Gives memory back. */
  close(): void
}
