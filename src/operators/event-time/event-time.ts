import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { WatermarkSpec } from '../../plan/watermarks.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { ReusedBatch } from '../reused-batch.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { LevelTrack } from './level-track.ts'
import { RowLevels } from './row-levels.ts'

export interface EventTimeParts {
  /** The column rows get their time from. */
  readonly column: string
  readonly watermarks: WatermarkSpec
  readonly columns: readonly InputColumn[]
  readonly context: EvaluationContext
  readonly timers: StageTimers
  readonly next: Operator
}

/**
 * Gives rows their event time, and a watermark as of each row (Flink's generators, row by row). Operators below ask the
 * batch where the watermark crosses the boundaries they care about; nothing is written per row. A watermark that moves on
 * with the clock is brought up to the present before each batch, and whenever the clock has led it to where something
 * below fires.
 */
export class EventTimeOperator implements Operator, TimedStage {
  readonly name = 'eventTime'
  rowsIn = 0
  readonly #parts: EventTimeParts
  readonly #scope: ArenaScope
  readonly #levels: RowLevels
  readonly #range: number
  readonly #track: LevelTrack
  readonly #output = new ReusedBatch()
  readonly #movesByClock: boolean
  #watermark = Number.NEGATIVE_INFINITY
  #told = Number.NEGATIVE_INFINITY
  /** The latest instant the clock was seen at. */
  #nowMs: number
  /** A batch that waits for the watermark of the present to be through. */
  #waiting: RecordBatch | undefined
  #armedFor = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined

  /** @throws EventfluxError `PLAN_INVALID` when the column isn't there. */
  constructor(parts: EventTimeParts) {
    const { context, watermarks, timers } = parts
    const { arena } = context
    this.#parts = parts
    this.#levels = new RowLevels(watermarks, parts.column, parts.columns, context)
    this.#scope = new ArenaScope(arena)
    this.#range = this.#scope.allocate(16)
    this.#track = new LevelTrack(context.kernels, arena.memory)
    this.#movesByClock = watermarks.kind === 'physical'
    this.#nowMs = timers.now()
  }

  notes(): readonly string[] {
    return [`kernels ${[...this.#levels.kernelsUsed(), 'rangeF64', 'scanTimeAtLeast'].join(', ')}`]
  }

  get rowsOut(): number {
    return this.rowsIn
  }

  get currentWatermark(): number {
    return this.#watermark
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    if (this.#movesByClock) this.#elapse()
    if (this.#tell(this.#watermark)) return this.#send(batch)
    this.#waiting = batch
    return false
  }

  /** The end of a bounded input. */
  advanceWatermark(watermark: number): boolean {
    if (watermark !== Number.POSITIVE_INFINITY) return true
    this.#watermark = watermark
    return this.#settle()
  }

  nextFiring(): number {
    return this.#parts.next.nextFiring()
  }

  /** The clock may have led the watermark to where something fires. */
  timerDue(): boolean {
    this.#armedFor = Number.POSITIVE_INFINITY
    return this.#settle()
  }

  resume(): boolean {
    if (!this.#parts.next.resume()) return false
    const batch = this.#waiting
    this.#waiting = undefined
    return batch === undefined ? this.#settle() : this.#send(batch)
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#parts.next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#disarm?.()
    this.#levels.close()
    this.#scope.release()
    this.#parts.next.close()
  }

  #send(batch: RecordBatch): boolean {
    this.#follow(batch)
    const output = this.#output
    output.assign(batch)
    output.origin = 0
    output.watermarks = this.#track
    return this.#parts.next.process(output) && this.#settle()
  }

  /** Sets the track over a batch, and the watermark to where the batch leads it. */
  #follow(batch: RecordBatch): void {
    const { length, selection, selectedCount } = batch
    const { kernels, arena } = this.#parts.context
    const { f64 } = arena.memory
    const { behindMs } = this.#levels
    const range = this.#range >>> 3
    kernels.rangeF64(this.#levels.timesOf(batch), selection, 0, selectedCount, this.#range)
    this.#track.begin(length, f64[range]!, f64[range + 1]!)
    const levels = this.#levels.of(batch)
    if (!this.#levels.areTimes) kernels.rangeF64(levels, 0, 0, length, this.#range)
    const greatest = f64[range + 1]!
    const before = this.#watermark
    this.#watermark = Math.max(before, greatest - behindMs)
    this.#track.follow(levels, behindMs, greatest, before, this.#watermark)
  }

  /** Brings a watermark that moves with the clock up to the present; a clock that goes back doesn't move it. */
  #elapse(): void {
    const nowMs = Math.max(this.#nowMs, Math.floor(this.#parts.timers.now()))
    this.#watermark += nowMs - this.#nowMs
    this.#nowMs = nowMs
  }

  /** Passes the watermark on, and waits for what fires next. false: downstream is full. */
  #settle(): boolean {
    if (this.#movesByClock) this.#elapse()
    if (!this.#tell(this.#watermark)) return false
    if (this.#movesByClock) this.#arm()
    return true
  }

  /** Passes a watermark on once: whoever was full when it came must not get it again at every attempt to go on. */
  #tell(watermark: number): boolean {
    if (watermark <= this.#told) return true
    this.#told = watermark
    return this.#parts.next.advanceWatermark(watermark)
  }

  /** Asks the clock for one wake-up: when the watermark will be where something below fires. */
  #arm(): void {
    const awaited = this.#parts.next.nextFiring() - this.#watermark
    const at = Number.isFinite(awaited) ? this.#nowMs + Math.max(0, awaited) : Number.POSITIVE_INFINITY
    if (at === this.#armedFor) return
    this.#disarm?.()
    this.#armedFor = at
    this.#disarm = at === Number.POSITIVE_INFINITY ? undefined : this.#parts.timers.at(this, at)
  }
}
