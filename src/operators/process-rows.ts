import { readDictionaries, writeDictionaries } from '../checkpoint/dictionary-state.ts'
import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../checkpoint/stateful.ts'
import { checkAnswer, checkInstant, emittedTooLate } from '../connector/check-processor.ts'
import type { Processor, ProcessorContext } from '../connector/processor.ts'
import {
  checkpointBusy,
  checkpointInvalid,
  checkpointMismatch,
  eventInvalid,
  messageOf,
  stageFailed,
} from '../errors.ts'
import { rowAt } from '../kernels/rows.ts'
import { ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { ColumnBuffers, type ColumnField } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import { RowWriter } from '../memory/row-writer.ts'
import type { RowStageParts } from './filter-rows.ts'
import type { Operator } from './operator.ts'
import type { StageTimers } from './stage-timers.ts'

/** An instant the processor asked to be called at. */
interface PendingTimer {
  readonly atMs: number
  stop: () => void
}

/** Where nothing else moves it on, processors that look at the watermark see it this often (Flink's interval). */
const WATERMARK_STEP_MS = 200

/** The output of a stage of user code. */
interface RowStageOutput {
  readonly fields: readonly ColumnField[]
  readonly dictionaries: readonly (Dictionary | undefined)[]
  /** Columns of eight bytes that go along with each row unseen, behind the fields: where they stand in the input. */
  readonly carried?: readonly (ColumnField & { readonly at: number })[]
}

/**
 * The slow path of `project` and more: a user's processor sees every row as an object and emits rows of its own, which
 * are checked and written into columns again. What a row emits counts only once the processor is through with it, so a
 * row that fails halfway leaves no trace.
 */
export class ProcessRowsOperator implements Operator, Stateful {
  readonly name: string
  rowsIn = 0
  rowsOut = 0
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #parts: RowStageParts
  readonly #processor: Processor<unknown, unknown>
  readonly #context: ProcessorContext = { setTimer: atMs => this.#setTimer(atMs) }
  readonly #timers: StageTimers
  readonly #waited = new Set<PendingTimer>()
  readonly #dictionaries: readonly Dictionary[]
  readonly #buffers: ColumnBuffers
  readonly #writer: RowWriter
  readonly #output: BatchView
  readonly #origin: number
  readonly #carried: NonNullable<RowStageOutput['carried']>
  /** Their values at the row at hand. */
  readonly #along: Float64Array
  readonly #emitted: unknown[] = []
  /** Whether the processor is being called. */
  #isCalled = false
  readonly #emit = (row: unknown): void => {
    if (!this.#isCalled) throw emittedTooLate(this.name, row)
    this.#emitted.push(row)
  }
  readonly #process: (row: unknown) => readonly unknown[]
  #batch: RecordBatch | undefined
  #at = 0
  /** Rows written to the output columns and not sent yet. */
  #written = 0
  #sourceRow = 0
  /** Emitted rows on their way into the columns. */
  #pending: readonly unknown[] = []
  #pendingAt = 0
  #waiting = false
  #watermark = Number.NEGATIVE_INFINITY
  #told = Number.NEGATIVE_INFINITY
  #forwarded = Number.NEGATIVE_INFINITY

  constructor(
    parts: RowStageParts,
    processor: Processor<unknown, unknown>,
    timers: StageTimers,
    output: RowStageOutput,
  ) {
    this.name = parts.name
    this.#parts = parts
    this.#processor = processor
    this.#timers = timers
    this.#dictionaries = output.dictionaries.filter(dictionary => dictionary !== undefined)
    this.#memory = parts.arena.memory
    this.#scope = new ArenaScope(parts.arena)
    const { fields, carried = [] } = output
    this.#carried = carried
    this.#along = new Float64Array(carried.length)
    this.#buffers = new ColumnBuffers(this.#scope, [...fields, ...carried], parts.maxBatch)
    this.#output = new BatchView(this.#buffers.types, output.dictionaries)
    // Codes are marked where it says the columns are, from the first row on.
    this.#output.show(this.#buffers, 0, 0)
    this.#origin = this.#scope.allocate(parts.maxBatch * 4)
    this.#writer = new RowWriter({
      memory: this.#memory,
      target: { columns: this.#buffers },
      fields,
      dictionaries: output.dictionaries,
    })
    this.#process = row => {
      this.#emitted.length = 0
      this.#isCalled = true
      try {
        checkAnswer(this.#processor.process(row, this.#emit, this.#context))
      } finally {
        this.#isCalled = false
      }
      return this.#emitted.slice()
    }
  }

  notes(): readonly string[] {
    return ['a JavaScript function sees every row as an object; its state is its own business']
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#at = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark > this.#watermark) this.#watermark = watermark
    return this.#run()
  }

  nextFiring(): number {
    const next = this.#parts.next.nextFiring()
    return this.#processor.onWatermark === undefined ? next : Math.min(next, this.#told + WATERMARK_STEP_MS)
  }

  resume(): boolean {
    return this.#parts.next.resume() && !this.#waiting && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const column of this.#output.columns) {
      if (column.dictionary !== dictionary) continue
      const rows = Math.max(this.#written, this.#output.length)
      for (let row = 0; row < rows; row++) mark(this.#memory.u32[(column.values >>> 2) + row]!)
    }
    this.#parts.next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#batch !== undefined || this.#waiting || this.#pendingAt < this.#pending.length || this.#written > 0)
      throw checkpointBusy(`"${this.name}" is in a batch`)
    writeDictionaries(writer, this.#dictionaries)
    for (const watermark of [this.#watermark, this.#told, this.#forwarded]) writer.f64(watermark)
    writer.u32(this.#waited.size)
    for (const { atMs } of this.#waited) writer.f64(atMs)
    const { snapshot } = this.#processor
    writer.bool(snapshot !== undefined)
    if (snapshot !== undefined) writer.value(this.#asked('snapshot', () => this.#processor.snapshot!()))
  }

  restore(reader: StateReader): void {
    readDictionaries(reader, this.#dictionaries)
    this.#watermark = reader.time()
    this.#told = reader.time()
    this.#forwarded = reader.time()
    for (let left = reader.count(8); left > 0; left--) this.#setTimer(reader.instant(Number.POSITIVE_INFINITY))
    if (!reader.bool()) return
    const state = reader.value()
    if (this.#processor.restore === undefined)
      throw checkpointMismatch(`there is a state of "${this.name}", and its processor has no restore`, {
        at: this.name,
      })
    this.#asked('restore', () => this.#processor.restore!(state))
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    for (const { stop } of this.#waited) stop()
    this.#waited.clear()
    this.#parts.next.close()
    this.#scope.release()
    const { name, listener } = this.#parts
    const failed = (cause: unknown): void => {
      listener.failed(stageFailed(`"${name}" failed while it was closed`, { at: name, cause }))
    }
    try {
      Promise.resolve(this.#processor.close?.()).catch(failed)
    } catch (cause) {
      failed(cause)
    }
  }

  #setTimer(atMs: number): void {
    checkInstant(atMs)
    const timer: PendingTimer = { atMs, stop: () => {} }
    this.#waited.add(timer)
    this.#wait(timer)
  }

  #wait(timer: PendingTimer): void {
    timer.stop = this.#timers.at({ timerDue: reachedMs => this.#timerDue(timer, reachedMs) }, timer.atMs)
  }

  #timerDue(timer: PendingTimer, reachedMs: number): boolean {
    // The clock may call before the time: it can't wait for any length at once.
    if (reachedMs < timer.atMs) {
      this.#wait(timer)
      return true
    }
    this.#waited.delete(timer)
    this.#take(this.#called('onTimer', timer.atMs))
    return this.#run()
  }

  /** What the processor emits on an instant. There is no row that a policy could be about: what it throws ends the job. */
  #called(callback: 'onTimer' | 'onWatermark', instant: number): readonly unknown[] {
    this.#emitted.length = 0
    this.#isCalled = true
    try {
      checkAnswer(this.#processor[callback]?.(instant, this.#emit, this.#context))
      return this.#emitted.slice()
    } catch (cause) {
      throw stageFailed(`"${this.name}" failed in ${callback}: ${messageOf(cause)}`, {
        value: instant,
        at: this.name,
        cause,
      })
    } finally {
      this.#isCalled = false
    }
  }

  /** Asks the processor for its state, or to take one back. */
  #asked<T>(what: 'snapshot' | 'restore', ask: () => T): T {
    try {
      return ask()
    } catch (cause) {
      const failed = what === 'snapshot' ? stageFailed : checkpointInvalid
      throw failed(`the ${what} of "${this.name}" failed: ${messageOf(cause)}`, {
        at: this.name,
        cause,
      })
    }
  }

  #run(): boolean {
    for (;;) {
      if (!this.#drainPending()) return false
      const batch = this.#batch
      if (batch === undefined) return this.#send() && this.#watermarks()
      if (this.#at === batch.selectedCount) {
        // The output refers to source rows of this batch, so it goes before the next batch comes.
        this.#batch = undefined
        if (!this.#send(batch)) return false
        continue
      }
      if (!this.#processRow(batch)) return false
    }
  }

  /** false: the outcome is waited for. */
  #processRow(batch: RecordBatch): boolean {
    const { reader, policy } = this.#parts
    const row = rowAt(this.#memory.u32, batch.selection, this.#at)
    this.#at++
    this.#sourceRow = batch.origin === 0 ? row : this.#memory.u32[(batch.origin >>> 2) + row]!
    for (let i = 0; i < this.#carried.length; i++)
      this.#along[i] = this.#memory.f64[(batch.columns[this.#carried[i]!.at]!.values >>> 3) + row]!
    const outcome = policy.run(reader.readRow(batch, row), this.#process)
    if (outcome instanceof Promise) {
      this.#waiting = true
      outcome.then(
        rows => {
          this.#waiting = false
          this.#take(rows ?? [])
          this.#parts.listener.ready()
        },
        error => this.#parts.listener.failed(error),
      )
      return false
    }
    this.#take(outcome ?? [])
    return true
  }

  #take(rows: readonly unknown[]): void {
    this.#pending = rows
    this.#pendingAt = 0
  }

  /** Writes emitted rows into the output columns, sending them on whenever these are full. */
  #drainPending(): boolean {
    while (this.#pendingAt < this.#pending.length) {
      if (this.#written === this.#parts.maxBatch && !this.#send(this.#batch)) return false
      const row = this.#pending[this.#pendingAt++]
      if (this.#writer.writeRow(row, this.#written)) {
        this.#carry(this.#written)
        this.#memory.u32[(this.#origin >>> 2) + this.#written++] = this.#sourceRow
        continue
      }
      const failing = this.#parts.policy.fail(row, this.#refusal())
      if (failing instanceof Promise) {
        this.#waiting = true
        failing.then(
          () => {
            this.#waiting = false
            this.#parts.listener.ready()
          },
          error => this.#parts.listener.failed(error),
        )
        return false
      }
    }
    return true
  }

  #carry(row: number): void {
    const first = this.#buffers.values.length - this.#carried.length
    for (let i = 0; i < this.#carried.length; i++)
      this.#memory.f64[(this.#buffers.values[first + i]! >>> 3) + row] = this.#along[i]!
  }

  #refusal(): Error {
    const cause = this.#writer.lastError()
    return eventInvalid(`"${this.name}" emitted a row that doesn't fit its output schema: ${cause.message}`, {
      value: cause.value,
      at: cause.at ?? this.name,
      cause,
    })
  }

  #send(source: RecordBatch | undefined = this.#batch): boolean {
    const rows = this.#written
    if (rows === 0) return true
    this.#written = 0
    this.rowsOut += rows
    const output = this.#output
    output.show(this.#buffers, 0, rows)
    output.columns.forEach((column, i) => {
      column.validity = this.#buffers.validity[i]!
    })
    output.origin = source === undefined ? 0 : this.#origin
    output.watermarks = source?.watermarks
    return this.#parts.next.process(output)
  }

  /** Lets the processor see the watermark, sends what that made it emit, and passes the watermark on. */
  #watermarks(): boolean {
    if (this.#told < this.#watermark) {
      this.#told = this.#watermark
      if (this.#processor.onWatermark) {
        this.#take(this.#called('onWatermark', this.#watermark))
        return this.#run()
      }
    }
    if (this.#forwarded === this.#watermark) return true
    this.#forwarded = this.#watermark
    return this.#parts.next.advanceWatermark(this.#watermark)
  }
}
