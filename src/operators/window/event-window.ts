import { SESSION_RECORD } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Firing } from '../../time/lateness.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import { BatchRows } from './batch-rows.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'
import { SessionEmitter } from './session-emitter.ts'
import { SessionStore } from './session-store.ts'
import type { WindowAggregateOptions } from './window-aggregate.ts'

export type EventWindowOptions = Omit<WindowAggregateOptions, 'windows'>

/** What windows around events are made with. */
export interface EventWindowParts {
  readonly kernels: KernelExports
  readonly memory: LinearMemory
  readonly scope: ArenaScope
  readonly store: SessionStore
  readonly layout: RecordLayout
  readonly allowedLatenessMs: number
  readonly firing: Firing
  readonly firesOnUpdate: boolean
  readonly maxBatch: number
}

/** Windows whose bounds hang on the rows, key by key: which there are, what is in them, when they fire. */
export interface EventWindows {
  /** What windows go on for after the last time of their session. */
  readonly tailMs: number
  /** Kernels called per batch, what runs in TypeScript, and what bounds the state, for explain(). */
  readonly kernels: readonly string[]
  readonly inTypeScript: string
  readonly stateBound: string
  /**
   * Takes in rows from the cursor on, which moves along: to the end of the batch, or to where something has to be emitted.
   * What fires at once, at the present watermark, is put into `again`, behind the results it takes back. Returns how far the rows taken in lead the
   * watermark. Everything due at the present watermark has fired.
   */
  takeRows(rows: BatchRows, watermark: number, again: number[]): number
  /** Puts the sessions that fire at the watermark into `into`, in their order. */
  due(watermark: number, into: number[]): void
  /** No session fires at a watermark below this one; +Infinity when none waits. */
  nextDue(): number
  /** A session has been emitted. */
  fired(session: number): void
  /** Gives up the state no row can join any more. */
  expire(watermark: number): void
  /** A session of a state is there again: what it waits for at the watermark is waited for. */
  restored(session: number, watermark: number): void
}

/**
 * Keyed event-time aggregation over windows around rows. The watermark is as of each row: rows are taken in up to where
 * it matters, what is due fires, and so on; the watermark is handed on behind each batch, and before what fires at once.
 */
export class EventWindowOperator implements Operator, Stateful {
  readonly name: string
  rowsIn = 0
  /** Rows no window took because they came too late, and that went nowhere else. */
  lateRows = 0
  readonly #scope: ArenaScope
  readonly #next: Operator
  readonly #layout: RecordLayout
  readonly #store: SessionStore
  readonly #keys: KeyIndex
  readonly #liveIds: IdMarker
  readonly #isKeyed: boolean
  readonly #windows: EventWindows
  readonly #emitter: SessionEmitter
  readonly #rows: BatchRows
  readonly #sendLateRows: EventWindowOptions['sendLate']
  readonly #shape: string

  #watermark = Number.NEGATIVE_INFINITY
  /** Where the rows taken in so far lead the watermark, once what they set off has been emitted. */
  #reached = Number.NEGATIVE_INFINITY
  #forwarded = Number.NEGATIVE_INFINITY
  /** Sessions being emitted. */
  readonly #firing: number[] = []
  /** Sessions that fire at once when the watermark has been handed on. */
  readonly #again: number[] = []

  constructor(
    kernels: KernelExports,
    arena: Arena,
    next: Operator,
    options: EventWindowOptions,
    windows: (parts: EventWindowParts) => EventWindows,
  ) {
    const { layout, maxBatch, allowedLatenessMs, firing, firesOnUpdate } = options
    const { memory } = arena
    const scope = new ArenaScope(arena)
    this.name = options.name
    this.#scope = scope
    this.#next = next
    this.#layout = layout
    this.#isKeyed = options.keyCount > 0
    const store = new SessionStore(arena, layout, maxBatch)
    this.#liveIds = mark => {
      store.liveIds(mark)
      layout.markIds(mark)
    }
    const keys = options.keys(this.#liveIds)
    this.#store = store
    this.#keys = keys
    this.#windows = windows({
      kernels,
      memory,
      scope,
      store,
      layout,
      allowedLatenessMs,
      firing,
      firesOnUpdate,
      maxBatch,
    })
    const { tailMs } = this.#windows
    this.#emitter = new SessionEmitter(kernels, scope, { ...options, memory, keys, next, tailMs })
    this.#rows = new BatchRows(arena, scope, options)
    this.#sendLateRows = options.sendLate
    this.#shape = options.shape
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  notes(): readonly string[] {
    const { kernels, inTypeScript, stateBound } = this.#windows
    const all = [...new Set([...this.#keys.kernels, ...kernels, ...this.#layout.kernels])]
    return [
      `kernels ${all.join(', ')}`,
      `in TypeScript: ${inTypeScript}`,
      `state: at most ${stateBound}${this.#isKeyed ? ' per key' : ''}, ${this.#layout.recordBytes} bytes of fields each`,
      ...this.#layout.notes,
    ]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    const ids = this.#keys.assign(batch)
    this.#store.reserveIds(this.#keys.idLimit)
    this.#rows.begin(batch, ids, this.#watermark)
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark > this.#reached) this.#reached = watermark
    return this.#run()
  }

  nextFiring(): number {
    return Math.min(this.#next.nextFiring(), this.#windows.nextDue())
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(dictionary, this.#liveIds, mark)
    if (this.#layout.holdsCodesOf(dictionary)) {
      const markRecord = (record: number): void => this.#layout.markCodes(dictionary, record, mark)
      this.#store.eachRecord(markRecord)
      for (const session of this.#firing) markRecord(session + SESSION_RECORD)
      for (const session of this.#again) markRecord(session + SESSION_RECORD)
    }
    this.#emitter.markCodes(dictionary, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#rows.isPending || this.#firing.length + this.#again.length > 0)
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#shape)
    for (const time of [this.#watermark, this.#reached, this.#forwarded]) writer.f64(time)
    writer.f64(this.#rows.nextRank)
    this.#keys.snapshot(writer)
    this.#store.snapshot(writer)
    this.#layout.snapshotForevers(writer)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#shape)
    this.#watermark = reader.time()
    this.#reached = reader.time()
    this.#forwarded = reader.time()
    this.#rows.nextRank = reader.integer()
    this.#keys.restore(reader)
    this.#store.restore(reader, this.#keys.idLimit)
    this.#store.eachRecord(record => this.#windows.restored(record - SESSION_RECORD, this.#watermark))
    this.#layout.restoreForevers(reader, this.#keys.idLimit)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    for (const session of [...this.#firing, ...this.#again]) this.#layout.release(session + SESSION_RECORD)
    this.#store.close()
    this.#layout.close()
    this.#keys.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then the next rows of the batch. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#emitter.emit() || !this.#sendLate()) return false
      for (const session of this.#firing) this.#windows.fired(session)
      this.#firing.length = 0
      if (this.#again.length > 0) {
        if (!this.#forward()) return false
        this.#firing.push(...this.#again)
        this.#again.length = 0
        this.#emitter.begin(this.#firing)
        continue
      }
      if (this.#reached > this.#watermark) this.#watermark = this.#reached
      this.#windows.due(this.#watermark, this.#firing)
      if (this.#firing.length > 0) {
        this.#emitter.begin(this.#firing)
        continue
      }
      this.#windows.expire(this.#watermark)
      if (!this.#rows.isPending) return this.#forward()
      this.#reached = Math.max(this.#reached, this.#windows.takeRows(this.#rows, this.#watermark, this.#again))
    }
  }

  /** Counts late rows, or sends them down their branch. false: it is full. */
  #sendLate(): boolean {
    const count = this.#rows.takeLate()
    if (count === 0) return true
    if (this.#sendLateRows !== undefined) return this.#sendLateRows(this.#rows.late, count)
    this.lateRows += count
    return true
  }

  #forward(): boolean {
    if (this.#forwarded === this.#watermark) return true
    this.#forwarded = this.#watermark
    return this.#next.advanceWatermark(this.#watermark)
  }
}
