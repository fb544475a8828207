import { rowAt } from '../kernels/rows.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import type { StageTimers } from '../operators/stage-timers.ts'
import { WINDOW_END } from '../plan/plan-scope.ts'
import { BatchSender } from './batch-sender.ts'
import type { ResultLink } from './result-link.ts'

/** The end of a chain in a worker: what arrives goes on to another thread. Full is waited out, here and at once. */
export class LinkSink implements Operator {
  readonly name: string
  rowsIn = 0
  rowsOut = 0
  readonly #link: ResultLink
  readonly #sender: BatchSender
  readonly #timers: StageTimers
  readonly #tellsWatermark: boolean
  /** The column of window ends; -1: it isn't looked at. */
  readonly #end: number
  readonly #memory: EvaluationContext['arena']['memory']

  constructor(parts: {
    readonly name: string
    readonly stream: number
    readonly link: ResultLink
    readonly context: EvaluationContext
    readonly columns: readonly InputColumn[]
    readonly timers: StageTimers
    /** Whether the other end goes by the watermark. */
    readonly tellsWatermark: boolean
    /** Says of each batch the end of the window it is of, instead of the time. */
    readonly isOrdered: boolean
  }) {
    const { link, stream, context, columns } = parts
    this.name = parts.name
    this.#timers = parts.timers
    this.#link = link
    this.#tellsWatermark = parts.tellsWatermark
    this.#end = parts.isOrdered ? columns.findIndex(({ name }) => name === WINDOW_END) : -1
    this.#memory = context.arena.memory
    this.#sender = new BatchSender({ ring: link.ring, stream, context, columns, sendsAllTexts: false })
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    if (batch.selectedCount === 0) return true
    this.#sender.start(batch, this.#end < 0 ? this.#timers.now() : this.#endOf(batch))
    while (!this.#sender.send()) this.#link.awaitSpace(this.#sender.frameBytes)
    this.rowsOut += batch.selectedCount
    this.#link.call()
    return true
  }

  advanceWatermark(watermark: number): boolean {
    // The end of the input is told by a frame of its own.
    if (this.#tellsWatermark && watermark < Number.POSITIVE_INFINITY) this.#link.tellWatermark(watermark)
    return true
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  resume(): boolean {
    return true
  }

  markCodes(): void {}

  close(): void {
    this.#sender.close()
  }

  /** A batch of results is of one window. */
  #endOf({ columns, selection }: RecordBatch): number {
    const { u32, f64 } = this.#memory
    return f64[(columns[this.#end]!.values >>> 3) + rowAt(u32, selection, 0)]!
  }
}
