import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch, Vector, WatermarkTrack } from '../../memory/record-batch.ts'
import { ColumnsBehind } from '../columns-behind.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { ReusedBatch } from '../reused-batch.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'

interface ProcessingTimeParts {
  readonly context: EvaluationContext
  readonly timers: StageTimers
  readonly next: Operator
}

/**
 * Gives the rows of a batch the instant at which the batch is worked on, in a column behind theirs. The watermark is the
 * clock's millisecond less 1: more rows of this millisecond may come, earlier ones don't. It moves on with the clock when
 * something below waits for it, and never goes back, though the clock may.
 */
export class ProcessingTimeOperator implements Operator, Stateful, TimedStage {
  readonly name = 'processingTime'
  rowsIn = 0
  readonly #parts: ProcessingTimeParts
  readonly #scope: ArenaScope
  readonly #times: Vector
  readonly #track = new LevelOfABatch()
  readonly #output = new ReusedBatch()
  readonly #wakeUp: WakeUp
  readonly #behind: ColumnsBehind
  /** The latest instant the clock was seen at, in whole milliseconds. */
  #nowMs: number
  /** What stands in the column: so many rows of this instant. */
  #filledMs = Number.NaN
  #filledRows = 0
  #isOver = false
  #told = Number.NEGATIVE_INFINITY
  /** A batch that waits for the watermark of the present to be through. */
  #waiting: RecordBatch | undefined

  constructor(parts: ProcessingTimeParts) {
    const { arena, maxBatch } = parts.context
    this.#parts = parts
    this.#scope = new ArenaScope(arena)
    const values = this.#scope.allocate(maxBatch * 8)
    this.#times = { type: 'timestamp', values, validity: 0, dictionary: undefined }
    this.#behind = new ColumnsBehind([this.#times])
    this.#nowMs = Math.floor(parts.timers.now())
    this.#wakeUp = new WakeUp(parts.timers, this)
  }

  notes(): readonly string[] {
    return ["by the job's clock: one instant a batch"]
  }

  get rowsOut(): number {
    return this.rowsIn
  }

  get currentWatermark(): number {
    return this.#isOver ? Number.POSITIVE_INFINITY : this.#told
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.#catchUp()
    if (this.#tell()) return this.#send(batch)
    this.#waiting = batch
    return false
  }

  /** The end of a bounded input; watermarks from before say nothing about the clock. */
  advanceWatermark(watermark: number): boolean {
    if (watermark === Number.POSITIVE_INFINITY) this.#isOver = true
    return this.#settle()
  }

  /** An input that has ended changes nothing: rows of all of them have the time of the clock. */
  endInput(): boolean {
    return true
  }

  nextFiring(): number {
    return this.#parts.next.nextFiring()
  }

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
    writer.bool(this.#isOver)
    writer.f64(this.#told)
    writer.f64(this.#nowMs)
  }

  restore(reader: StateReader): void {
    this.#isOver = reader.bool()
    this.#told = reader.time()
    this.#nowMs = Math.max(this.#nowMs, reader.time())
    // What fires below, and when, is known only when all of it is restored.
    this.#wakeUp.setToEarlier(this.#nowMs)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    this.#scope.release()
    this.#parts.next.close()
  }

  /** Sends a batch with the instant whose watermark has been told. */
  #send(batch: RecordBatch): boolean {
    const output = this.#output
    output.assign(batch)
    this.#fillTimes(batch.length)
    output.columns = this.#behind.of(batch.columns)
    output.origin = 0
    output.watermarks = this.#track.of(batch.length, this.#nowMs)
    return this.#parts.next.process(output) && this.#settle()
  }

  #fillTimes(length: number): void {
    if (this.#filledMs === this.#nowMs && this.#filledRows >= length) return
    const first = this.#times.values >>> 3
    this.#parts.context.arena.memory.f64.fill(this.#nowMs, first, first + length)
    this.#filledMs = this.#nowMs
    this.#filledRows = length
  }

  #catchUp(): void {
    this.#nowMs = Math.max(this.#nowMs, Math.floor(this.#parts.timers.now()))
  }

  /** Passes the watermark on, and waits for what comes next. false: downstream is full. */
  #settle(): boolean {
    this.#catchUp()
    if (!this.#tell()) return false
    this.#arm()
    return true
  }

  /** Passes the watermark on once: whoever was full when it came must not get it again at every attempt to go on. */
  #tell(): boolean {
    const watermark = this.#isOver ? Number.POSITIVE_INFINITY : this.#nowMs - 1
    if (watermark <= this.#told) return true
    this.#told = watermark
    return this.#parts.next.advanceWatermark(watermark)
  }

  /** Asks the clock for one wake-up: when something below fires. */
  #arm(): void {
    if (!this.#isOver) this.#wakeUp.setToEarlier(this.#parts.next.nextFiring() + 1)
  }
}

/** The watermark of a batch that is all of one instant: the same at every row. */
class LevelOfABatch implements WatermarkTrack {
  length = 0
  least = Number.NaN
  greatest = Number.NaN

  of(length: number, nowMs: number): this {
    this.length = length
    this.least = nowMs
    this.greatest = nowMs
    return this
  }

  firstRowReaching(watermark: number, from: number): number {
    return watermark <= this.least - 1 ? Math.min(from, this.length) : this.length
  }

  after(): number {
    return this.least - 1
  }
}
