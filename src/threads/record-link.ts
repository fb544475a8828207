import type { RecordBatch } from '../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { PartialTarget } from '../operators/window/partial-window.ts'
import { BatchSender } from './batch-sender.ts'
import type { ResultLink } from './result-link.ts'

/** The end of a chain in a worker that does the first half of a window: records go on to where the second half is done. */
export class RecordLink implements PartialTarget {
  readonly #link: ResultLink
  readonly #sender: BatchSender
  /** Records given. */
  rowsOut = 0

  constructor(parts: {
    readonly stream: number
    readonly link: ResultLink
    readonly context: EvaluationContext
    readonly columns: readonly InputColumn[]
    readonly recordBytes: number
    readonly mostTexts: number
  }) {
    this.#link = parts.link
    this.#sender = new BatchSender({ ...parts, ring: parts.link.ring, sendsAllTexts: false })
  }

  take(batch: RecordBatch, after: number): void {
    this.#sender.start(batch, after)
    while (!this.#sender.send()) this.#link.awaitSpace(this.#sender.frameBytes)
    this.rowsOut += batch.selectedCount
    // Of use when the windows can fire: that is told next.
  }

  givenEarly(): void {
    this.#link.callSoon()
  }

  advanceWatermark(watermark: number): void {
    this.#link.tellWatermark(watermark, false)
    this.#link.callSoon()
  }

  close(): void {
    this.#sender.close()
  }
}
