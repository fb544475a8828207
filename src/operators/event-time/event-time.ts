import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { WatermarkSpec } from '../../plan/watermarks.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { ReusedBatch } from '../reused-batch.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'
import type { BatchInputs } from './batch-inputs.ts'
import { InputIdleness } from './input-idleness.ts'
import { InputWatermarks } from './input-watermarks.ts'
import { LevelTrack } from './level-track.ts'
import { RowLevels } from './row-levels.ts'

interface EventTimeParts {
  /** The column rows get their time from. */
  readonly column: string
  readonly watermarks: WatermarkSpec
  readonly columns: readonly InputColumn[]
  readonly context: EvaluationContext
  readonly timers: StageTimers
  /** Which inputs rows come in by, where there are several. */
  readonly inputs: BatchInputs | undefined
  /** How long an input without rows holds the watermark back; undefined: as long as it likes. */
  readonly idlenessMs: number | undefined
  /** Called before a batch moves the watermarks on. */
  readonly beforeBatch?: (() => void) | undefined
  readonly next: Operator
}

/**
 * Gives rows their event time, and a watermark as of each row (Flink's generators, row by row). Operators below ask the
 * batch where the watermark crosses the boundaries they care about; nothing is written per row, unless the batch holds rows
 * of several inputs: then a kernel merges their watermarks. What moves with the clock (physical watermarks, idle inputs)
 * is brought up to the present before each batch, and whenever the clock comes to where it makes a difference.
 */
export class EventTimeOperator implements Operator, Stateful, TimedStage {
  readonly name = 'eventTime'
  rowsIn = 0
  readonly #parts: EventTimeParts
  readonly #scope: ArenaScope
  readonly #levels: RowLevels
  readonly #range: number
  readonly #track: LevelTrack
  readonly #output = new ReusedBatch()
  readonly #watermarks: InputWatermarks
  readonly #idleness: InputIdleness | undefined
  readonly #isPhysical: boolean
  readonly #wakeUp: WakeUp
  /** Address of the watermark after each row of a batch of several inputs. */
  #merged = 0
  #isOver = false
  #told = Number.NEGATIVE_INFINITY
  /** The latest instant the clock was seen at. */
  #nowMs: number
  /** Whether the batch at hand has led the watermarks. */
  #isThrough = true
  /** A batch that waits for the watermark of the present to be through. */
  #waiting: RecordBatch | undefined

  /** @throws EventfluxError `PLAN_INVALID` when the column isn't there. */
  constructor(parts: EventTimeParts) {
    const { context, watermarks, timers, inputs, idlenessMs } = parts
    const { arena } = context
    this.#parts = parts
    this.#levels = new RowLevels(watermarks, parts.column, parts.columns, context)
    this.#scope = new ArenaScope(arena)
    this.#range = this.#scope.allocate(16)
    this.#track = new LevelTrack(context.kernels, arena.memory)
    this.#watermarks = new InputWatermarks(arena, inputs, context.maxBatch)
    this.#isPhysical = watermarks.kind === 'physical'
    this.#nowMs = timers.now()
    this.#wakeUp = new WakeUp(timers, this)
    const canBeIdle = inputs !== undefined && idlenessMs !== undefined
    if (canBeIdle) {
      const idleness = new InputIdleness(idlenessMs, inputs, this.#watermarks, this.#nowMs)
      inputs.onBatch(() => idleness.keepQueued(this.#present))
      this.#idleness = idleness
      this.#arm()
    }
  }

  notes(): readonly string[] {
    const merging = this.#parts.inputs === undefined ? [] : ['mergeWatermarks']
    return [`kernels ${[...this.#levels.kernelsUsed(), 'rangeF64', 'scanTimeAtLeast', ...merging].join(', ')}`]
  }

  get rowsOut(): number {
    return this.rowsIn
  }

  get currentWatermark(): number {
    return this.#isOver ? Number.POSITIVE_INFINITY : this.#watermarks.merged
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.#isThrough = false
    this.#catchUp()
    if (this.#tell(this.currentWatermark)) return this.#send(batch)
    this.#waiting = batch
    return false
  }

  /** The end of a bounded input. */
  advanceWatermark(watermark: number): boolean {
    if (watermark === Number.POSITIVE_INFINITY) this.#isOver = true
    return this.#settle()
  }

  /** An input has ended: it holds the watermark back no more. Between two batches. false: downstream is full. */
  endInput(input: number): boolean {
    // Up to here the clock has moved the watermark of this input, too.
    this.#catchUp()
    if (this.#parts.inputs !== undefined) this.#watermarks.end(input)
    return this.#settle()
  }

  /** How many numbers say where the watermarks of all inputs are. */
  get standLength(): number {
    return this.#watermarks.standLength
  }

  /** Writes where the watermarks of all inputs are. */
  writeStand(to: Float64Array, at: number): void {
    this.#watermarks.writeStand(to, at)
  }

  /** Rows that others see have led the watermarks to where these say. Between two batches. */
  goOnFrom(from: Float64Array, at: number): boolean {
    this.#watermarks.readStand(from, at)
    return this.#settle()
  }

  /** Whether it is enough to know of rows how many they are and the latest of their times. */
  get goesByLatest(): boolean {
    return this.#levels.areTimes && this.#parts.inputs === undefined && !this.#movesByClock
  }

  /** Rows that go another way: they lead the watermark as if they were a batch. Between two batches. */
  lead(rows: number, latest: number): boolean {
    this.rowsIn += rows
    this.#watermarks.lead(0, latest - this.#levels.behindMs)
    return this.#settle()
  }

  nextFiring(): number {
    return this.#parts.next.nextFiring()
  }

  /** The clock may have led the watermark to where something fires. */
  timerDue(): boolean {
    this.#wakeUp.passed()
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

  snapshot(writer: StateWriter): void {
    if (this.#waiting !== undefined) throw checkpointBusy(`${this.name} is in a batch`)
    // Time up to here is no time between the two.
    this.#catchUp()
    writer.bool(this.#isOver)
    writer.f64(this.#told)
    this.#watermarks.snapshot(writer)
  }

  /** Time that passes between the two moves no watermark and makes no input idle: rows of that time are still to come. */
  restore(reader: StateReader): void {
    this.#isOver = reader.bool()
    this.#told = reader.time()
    this.#watermarks.restore(reader)
    // What fires below, and when, is known only when all of it is restored.
    if (this.#movesByClock) this.#wakeUp.setToEarlier(this.#nowMs)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    this.#levels.close()
    this.#watermarks.close()
    this.#scope.release()
    this.#parts.next.close()
  }

  #send(batch: RecordBatch): boolean {
    this.#parts.beforeBatch?.()
    this.#follow(batch)
    this.#isThrough = true
    const output = this.#output
    output.assign(batch)
    output.origin = 0
    output.watermarks = this.#track
    return this.#parts.next.process(output) && this.#settle()
  }

  /** Sets the track over a batch, and the watermarks to where the batch leads them. */
  #follow(batch: RecordBatch): void {
    const { length, selection, selectedCount } = batch
    const times = this.#rangeOf(this.#levels.timesOf(batch), selection, selectedCount)
    this.#track.begin(length, times.least, times.greatest)
    const levels = this.#levels.of(batch)
    const watermarks = this.#watermarks
    const isOfOne = this.#parts.inputs === undefined || this.#parts.inputs.runCount === 1
    const runs = isOfOne ? 1 : watermarks.listRuns(batch)
    const input = isOfOne ? (this.#parts.inputs?.inputOf(0) ?? 0) : watermarks.inputOf(0)
    if (this.#idleness !== undefined) {
      this.#idleness.seen(input, this.#nowMs)
      for (let run = 1; run < runs; run++) this.#idleness.seen(watermarks.inputOf(run), this.#nowMs)
    }
    const before = watermarks.merged
    const ceiling = watermarks.leastBut(input)
    // An input that takes part again may bring a watermark along that its first row makes count, whatever its level.
    if (runs > 1 || (this.#parts.inputs !== undefined && Math.min(watermarks.ownOf(input), ceiling) > before)) {
      if (isOfOne) watermarks.listRuns(batch)
      this.#followMerged(levels, runs, length)
      return
    }
    const { behindMs } = this.#levels
    const { greatest } = this.#levels.areTimes ? times : this.#rangeOf(levels, 0, length)
    watermarks.lead(input, greatest - behindMs)
    this.#track.follow(levels, behindMs, ceiling, before, watermarks.merged)
  }

  #rangeOf(values: number, selection: number, count: number): { readonly least: number; readonly greatest: number } {
    const { kernels, arena } = this.#parts.context
    kernels.rangeF64(values, selection, 0, count, this.#range)
    const { f64 } = arena.memory
    return { least: f64[this.#range >>> 3]!, greatest: f64[(this.#range >>> 3) + 1]! }
  }

  #followMerged(levels: number, runs: number, length: number): void {
    const { kernels, maxBatch } = this.#parts.context
    const watermarks = this.#watermarks
    if (this.#merged === 0) this.#merged = this.#scope.allocate(maxBatch * 8)
    const before = watermarks.merged
    watermarks.merged = kernels.mergeWatermarks(
      levels,
      this.#levels.behindMs,
      watermarks.runs,
      runs,
      watermarks.own,
      watermarks.held,
      watermarks.count,
      before,
      this.#merged,
    )
    if (length > 0) this.#track.follow(this.#merged, 0, Number.POSITIVE_INFINITY, before, watermarks.merged)
  }

  get #movesByClock(): boolean {
    return this.#isPhysical || this.#idleness !== undefined
  }

  /** A clock that goes back moves nothing. */
  get #present(): number {
    return Math.max(this.#nowMs, Math.floor(this.#parts.timers.now()))
  }

  /** Brings what moves with the clock up to the present. */
  #catchUp(): void {
    if (!this.#movesByClock) return
    const nowMs = this.#present
    if (this.#isPhysical) this.#watermarks.elapse(nowMs - this.#nowMs)
    this.#nowMs = nowMs
    this.#idleness?.expire(nowMs, this.#isThrough)
  }

  /** Passes the watermark on, and waits for what comes next. false: downstream is full. */
  #settle(): boolean {
    this.#catchUp()
    if (!this.#tell(this.currentWatermark)) return false
    if (this.#movesByClock) this.#arm()
    return true
  }

  /** Passes a watermark on once: whoever was full when it came must not get it again at every attempt to go on. */
  #tell(watermark: number): boolean {
    if (watermark <= this.#told) return true
    this.#told = watermark
    return this.#parts.next.advanceWatermark(watermark)
  }

  /** Asks the clock for one wake-up: when something below fires by then, or an input becomes idle. */
  #arm(): void {
    const at = this.#isOver
      ? Number.POSITIVE_INFINITY
      : Math.min(this.#firingAt(), this.#idleness?.nextMs ?? Number.POSITIVE_INFINITY)
    this.#wakeUp.setToEarlier(at)
  }

  /** When the clock will have led the watermark to where something below fires. */
  #firingAt(): number {
    if (!this.#isPhysical) return Number.POSITIVE_INFINITY
    const awaited = this.#parts.next.nextFiring() - this.#watermarks.least
    return Number.isFinite(awaited) ? this.#nowMs + Math.max(0, awaited) : Number.POSITIVE_INFINITY
  }
}
