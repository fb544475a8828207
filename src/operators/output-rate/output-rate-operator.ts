import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy, stateFull } from '../../errors.ts'
import { rowAt } from '../../kernels/rows.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { type ValueReader, valueReaders } from '../../memory/value-reader.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { OutputColumns } from '../row-window/output-columns.ts'
import type { HeldRow, RowCodec } from '../row-window/row-window.ts'
import { rowCodec } from '../row-window/value-codec.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'
import type { OutputRate } from './output-rate.ts'

interface OutputRateOptions {
  readonly context: EvaluationContext
  readonly columns: readonly InputColumn[]
  readonly rate: OutputRate
  /** Length of a stretch of the clock; +Infinity where rows are counted. */
  readonly everyMs: number
  /** Most rows held. */
  readonly maxRows: number
  readonly timers: StageTimers
  readonly next: Operator
  /** Which rule over what: the state of others is of no use. */
  readonly shape: string
}

const NO_AGGREGATES: readonly unknown[] = []

/**
 * Thins the output out. Stretches of the clock end at its multiples since the epoch; what a row at such an instant meets
 * has ended before it, however late that is looked at.
 */
export class OutputRateOperator implements Operator, Stateful, TimedStage {
  readonly name = 'output'
  rowsIn = 0
  rowsOut = 0
  readonly #options: OutputRateOptions
  readonly #readers: readonly ValueReader[]
  readonly #rows: RowCodec
  readonly #output: OutputColumns
  readonly #wakeUp: WakeUp
  #now = Number.NEGATIVE_INFINITY
  /** Where the stretch ends; +Infinity while nothing waits for it. */
  #nextTick = Number.POSITIVE_INFINITY
  /** Rows of the batch, and the next of them to be looked at. */
  #arrived: HeldRow[] = []
  #at = 0
  #pending: HeldRow[] = []
  #sent = 0
  #ended = false
  #flushed = false
  #forwarded = false

  constructor(options: OutputRateOptions) {
    const { context, columns } = options
    this.#options = options
    this.#readers = valueReaders(context.arena.memory, columns)
    this.#rows = rowCodec(columns.map(({ type }) => type))
    this.#wakeUp = new WakeUp(options.timers, this)
    this.#output = new OutputColumns(
      context,
      columns.map((column, i) => ({ ...column, valueOf: ({ row }) => row.values[i] })),
    )
  }

  notes(): readonly string[] {
    return [`plain TypeScript over rows`, `state: ${this.#options.rate.bound}`]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    // Read whole before anything comes out: output may make a dictionary hand out the codes of this batch anew.
    this.#arrived = this.#read(batch)
    this.#at = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark === Number.POSITIVE_INFINITY && !this.#ended) {
      this.#ended = true
      this.#now = Math.max(this.#now, this.#options.timers.now())
    }
    return this.#run()
  }

  /** Goes by rows and the clock, and hands on no watermark but the last. */
  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  timerDue(atMs: number): boolean {
    this.#wakeUp.passed()
    if (!this.#ended) this.#now = Math.max(this.#now, atMs, this.#options.timers.now())
    return this.#run()
  }

  resume(): boolean {
    return this.#options.next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#output.markCodes(dictionary, mark)
    this.#options.next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    const { rate, shape } = this.#options
    if (this.#at < this.#arrived.length || this.#sent < this.#pending.length)
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(shape)
    writer.f64(this.#now)
    writer.f64(this.#nextTick)
    writer.bool(this.#flushed)
    rate.snapshot(writer, this.#rows)
  }

  restore(reader: StateReader): void {
    const { rate, shape, everyMs } = this.#options
    reader.expect(shape)
    this.#now = reader.instant(Number.NEGATIVE_INFINITY)
    this.#nextTick = reader.instant(Number.POSITIVE_INFINITY)
    this.#flushed = reader.bool()
    this.#ended = this.#flushed
    this.#forwarded = this.#flushed
    rate.restore(reader, this.#rows)
    const waits = rate.waits && !this.#flushed
    if (this.#nextTick !== (waits ? endOfStretch(this.#now, everyMs) : Number.POSITIVE_INFINITY))
      reader.refuse(`a stretch that ends at ${this.#nextTick}`)
    this.#arm()
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    this.#options.next.close()
    this.#output.close()
  }

  #read({ columns, selection, selectedCount }: RecordBatch): HeldRow[] {
    const { context, timers } = this.#options
    const { u32 } = context.arena.memory
    this.#now = Math.max(this.#now, timers.now())
    const rows: HeldRow[] = []
    for (let i = 0; i < selectedCount; i++) {
      const row = rowAt(u32, selection, i)
      rows.push({ seq: 0, time: this.#now, values: this.#readers.map((read, column) => read(columns[column]!, row)) })
    }
    return rows
  }

  /** Does all there is to do: what is ready goes first, then stretches that end, then rows. false: downstream is full. */
  #run(): boolean {
    const { rate, context, next } = this.#options
    for (;;) {
      const hasRows = this.#at < this.#arrived.length
      const waiting = this.#pending.length - this.#sent
      if ((!hasRows || waiting >= context.maxBatch) && waiting > 0 && !this.#send()) return false
      const until = hasRows ? this.#arrived[this.#at]!.time : this.#now
      if (this.#nextTick <= until && !this.#flushed) this.#tick(until)
      else if (hasRows) this.#take(this.#arrived[this.#at++]!)
      else if (this.#ended && !this.#flushed) {
        this.#flushed = true
        this.#nextTick = Number.POSITIVE_INFINITY
        rate.end(this.#pending)
      } else if (this.#pending.length === this.#sent) break
    }
    this.#arrived = []
    this.#at = 0
    this.#arm()
    if (!this.#ended || this.#forwarded) return true
    this.#forwarded = true
    return next.advanceWatermark(Number.POSITIVE_INFINITY)
  }

  #take(row: HeldRow): void {
    const { rate, everyMs, maxRows } = this.#options
    rate.take(row, this.#pending)
    if (rate.size > maxRows)
      throw stateFull(`output holds ${rate.size} rows and may hold ${maxRows}: raise maxRows`, {
        value: rate.size,
        at: 'maxRows',
      })
    if (!rate.waits) this.#nextTick = Number.POSITIVE_INFINITY
    else if (this.#nextTick === Number.POSITIVE_INFINITY) this.#nextTick = endOfStretch(row.time, everyMs)
  }

  /** The clock is at `nowMs`. Stretches it has left all at once, late, would only say the same again. */
  #tick(nowMs: number): void {
    const { rate, everyMs } = this.#options
    rate.tick(this.#pending)
    this.#nextTick = rate.waits ? endOfStretch(nowMs, everyMs) : Number.POSITIVE_INFINITY
  }

  #send(): boolean {
    const { next, context } = this.#options
    while (this.#sent < this.#pending.length) {
      const rows = this.#pending.slice(this.#sent, this.#sent + context.maxBatch)
      this.#sent += rows.length
      this.rowsOut += rows.length
      const output = rows.map(row => ({ time: row.time, isCurrent: true, row, aggregates: NO_AGGREGATES }))
      if (!next.process(this.#output.write(output, 0, output.length))) return false
    }
    this.#pending = []
    this.#sent = 0
    return true
  }

  /** Asks the clock for one wake-up, at the end of the stretch. */
  #arm(): void {
    this.#wakeUp.setTo(this.#nextTick)
  }
}

/** Where the stretch ends that an instant is in. */
const endOfStretch = (atMs: number, everyMs: number): number => (Math.floor(atMs / everyMs) + 1) * everyMs
