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
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'
import { WatermarkProgress } from '../watermark-progress.ts'
import { BatchRows } from './batch-rows.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'
import { SessionEmitter } from './session-emitter.ts'
import { SessionStore } from './session-store.ts'
import type { WindowAggregateOptions } from './window-aggregate.ts'

type EventWindowOptions = Omit<WindowAggregateOptions, 'windows'> & {
  readonly timers: StageTimers
  /** Whether something behind happens on the way of the watermark, so that what fires at different ones must not come together. */
  readonly firesApart: boolean
}

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
  readonly now: () => number
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
  /**
   * Puts the sessions that fire at the watermark into `into`, in their order: all of them, or the first. Returns the
   * watermark to be handed on before they are emitted; -Infinity: none.
   */
  due(watermark: number, into: number[]): number
  /** No session fires at a watermark below this one; +Infinity when none waits. */
  nextDue(): number
  /** A session has been emitted. */
  fired(session: number): void
  /** Gives up the state no row can join any more. */
  expire(watermark: number): void
  /** A session of a state is there again: what it waits for at the watermark is waited for. */
  restored(session: number, watermark: number): void
  /** Present where windows give results before their end. */
  readonly early?: EarlyFirings
}

/** What windows that give results early know besides their sessions. */
export interface EarlyFirings {
  /** The instant of the job's clock at which results are due; Infinity: none is waited for. */
  readonly wakeAt: number
  clockReached(nowMs: number): void
  /** Calls `visit` with each session that is kept because it was given. */
  eachGiven(visit: (session: number) => void): void
  snapshot(writer: StateWriter): void
  /** @param sessions Those of the state, in the order in which they were written; 0: another's. */
  restore(reader: StateReader, sessions: readonly number[]): void
  /** Gives back what it keeps. */
  close(): void
}

/**
 * Keyed event-time aggregation over windows around rows. The watermark is as of each row: rows are taken in up to where
 * it matters, what is due fires, and so on; the watermark is handed on behind each batch, and before what fires at once.
 */
export class EventWindowOperator implements Operator, Stateful, TimedStage {
  readonly name: string
  rowsIn = 0
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
  readonly #shape: string
  readonly #firesApart: boolean
  readonly #timers: StageTimers
  readonly #wakeUp: WakeUp

  readonly #watermark: WatermarkProgress
  /** Sessions being emitted. */
  readonly #firing: number[] = []
  /** Sessions that are emitted when this watermark has been handed on. */
  readonly #again: number[] = []
  #handsOn = Number.NEGATIVE_INFINITY

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
    this.#watermark = new WatermarkProgress(next)
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
      now: () => options.timers.now(),
    })
    const { tailMs } = this.#windows
    const forwarded = options.tellsFirings ? () => this.#watermark.forwarded : undefined
    this.#emitter = new SessionEmitter(kernels, scope, { ...options, memory, keys, next, tailMs, forwarded })
    this.#rows = new BatchRows(arena, scope, options)
    this.#shape = options.shape
    this.#firesApart = options.firesApart
    this.#timers = options.timers
    this.#wakeUp = new WakeUp(options.timers, this)
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  get lateRows(): number {
    return this.#rows.late.counted
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
    const { early } = this.#windows
    if (early !== undefined && early.wakeAt !== Number.POSITIVE_INFINITY) early.clockReached(this.#timers.now())
    this.#rows.begin(batch, ids, this.#watermark.at)
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    this.#watermark.reach(watermark)
    return this.#run()
  }

  nextFiring(): number {
    return Math.min(this.#next.nextFiring(), this.#windows.nextDue())
  }

  timerDue(atMs: number): boolean {
    this.#wakeUp.passed()
    this.#windows.early?.clockReached(atMs)
    return this.#run()
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(dictionary, this.#liveIds, mark)
    if (this.#layout.holdsCodesOf(dictionary)) {
      const markRecord = (record: number): void => this.#layout.markCodes(dictionary, record, mark)
      const markSession = (session: number): void => markRecord(session + SESSION_RECORD)
      this.#store.eachRecord(markRecord)
      this.#windows.early?.eachGiven(markSession)
      for (const session of [...this.#firing, ...this.#again]) markSession(session)
    }
    this.#emitter.markCodes(dictionary, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#rows.isPending || this.#firing.length + this.#again.length > 0)
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#shape)
    this.#watermark.snapshot(writer)
    writer.f64(this.#rows.nextRank)
    this.#keys.snapshot(writer)
    this.#store.snapshot(writer)
    this.#windows.early?.snapshot(writer)
    this.#layout.snapshotForevers(writer)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#shape)
    this.#watermark.restore(reader)
    this.#rows.nextRank = Math.max(this.#rows.nextRank, reader.integer())
    const keys = this.#keys.restore(reader)
    const sessions = this.#store.restore(reader, keys)
    for (const session of sessions) if (session !== 0) this.#windows.restored(session, this.#watermark.at)
    this.#windows.early?.restore(reader, sessions)
    this.#layout.restoreForevers(reader, keys)
    this.#arm()
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    this.#windows.early?.close()
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
      if (!this.#emitter.emit() || !this.#rows.late.flush()) return false
      for (const session of this.#firing) this.#windows.fired(session)
      this.#firing.length = 0
      if (this.#again.length > 0) {
        if (!this.#watermark.forward(this.#handsOn)) return false
        for (const session of this.#again) this.#firing.push(session)
        this.#again.length = 0
        this.#emitter.begin(this.#firing)
        continue
      }
      const met = this.#goOn()
      this.#handsOn = Math.max(met, this.#windows.due(this.#watermark.at, this.#again))
      if (this.#again.length > 0 || this.#watermark.at < this.#watermark.reached) continue
      this.#windows.expire(this.#watermark.at)
      if (!this.#rows.isPending) {
        this.#arm()
        return this.#watermark.forward()
      }
      this.#handsOn = this.#watermark.at
      this.#watermark.reach(this.#windows.takeRows(this.#rows, this.#watermark.at, this.#again))
    }
  }

  /** Goes to where the watermark has been led to, or to the next that something fires at; returns what was met before. */
  #goOn(): number {
    if (this.#firesApart && this.#watermark.stepTo(this.#windows.nextDue())) return this.#watermark.at - 1
    this.#watermark.arrive()
    return Number.NEGATIVE_INFINITY
  }

  #arm(): void {
    const { early } = this.#windows
    if (early === undefined) return
    this.#wakeUp.setTo(this.#watermark.at === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : early.wakeAt)
  }
}
