import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { IntervalTrigger, RowsTrigger } from '../../time/triggers.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'
import { WatermarkProgress } from '../watermark-progress.ts'
import { BatchRows } from './batch-rows.ts'
import { IdList } from './id-list.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { OpenWindow } from './open-window.ts'
import { OpenWindows } from './open-windows.ts'
import { RecordIntake } from './record-intake.ts'
import type { RecordLayout } from './record-layout.ts'
import { laterTick, nextMultiple } from './triggers/changed-keys.ts'
import type { WindowAggregateOptions } from './window-aggregate.ts'
import { WindowEmitter } from './window-emitter.ts'

type EarlyWindowOptions = WindowAggregateOptions & { readonly timers: StageTimers }

/** Keys of a window that give what it holds. */
interface Firing {
  readonly window: OpenWindow
  readonly ids: readonly number[]
}

/**
 * Windows of fixed bounds that give results before their end. Each has a record of its own per key, so that what a key gave
 * last can be told from what it holds, in any window at any time. Whatever makes a window fire (rows, the clock, the
 * watermark on its way, the end, a late row), the keys that changed since they last gave a result give one. Things happen
 * in order of their instants: ends first where an end and a multiple of the interval come together.
 */
export class EarlyWindowOperator implements Operator, Stateful, TimedStage {
  readonly name: string
  rowsIn = 0
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #next: Operator
  readonly #layout: RecordLayout
  readonly #options: EarlyWindowOptions
  readonly #early: RowsTrigger | IntervalTrigger
  readonly #keys: KeyIndex
  readonly #liveIds: IdMarker
  readonly #open: OpenWindows
  readonly #emitter: WindowEmitter
  readonly #rows: BatchRows
  readonly #ids: IdList
  readonly #intake: RecordIntake
  readonly #wakeUp: WakeUp

  readonly #watermark: WatermarkProgress
  /** Windows before this one have ended: beyond 2^53 their ends are rounded, and the watermark alone doesn't say so. */
  #endedBefore = Number.NEGATIVE_INFINITY
  /** The next multiple of the interval, of event time and of the clock; Infinity: none is waited for. */
  #tickAt = Number.POSITIVE_INFINITY
  #wakeAt = Number.POSITIVE_INFINITY
  #clockMs = Number.NEGATIVE_INFINITY
  #queue: Firing[] = []
  #stage: 'retract' | 'give' | 'settle' = 'retract'
  /** The watermark to be handed on before results go out: what they were set off by met it. */
  #met = Number.NEGATIVE_INFINITY

  constructor(
    kernels: KernelExports,
    arena: Arena,
    next: Operator,
    early: RowsTrigger | IntervalTrigger,
    options: EarlyWindowOptions,
  ) {
    const { layout, maxBatch, firing } = options
    const scope = new ArenaScope(arena)
    this.name = options.name
    this.#memory = arena.memory
    this.#scope = scope
    this.#next = next
    this.#watermark = new WatermarkProgress(next)
    this.#layout = layout
    this.#options = options
    this.#early = early
    const list = scope.allocate(maxBatch * 4)
    const make = (index: number): OpenWindow =>
      new OpenWindow(index, kernels, arena, {
        layout,
        list,
        retracts: firing === 'retracting',
        counts: early.kind === 'rows',
      })
    this.#open = new OpenWindows(make)
    this.#liveIds = mark => {
      for (const window of this.#open.windows) window.records.liveIds(mark)
      layout.markIds(mark)
    }
    this.#keys = options.keys(this.#liveIds)
    const forwarded = options.tellsFirings ? () => this.#watermark.forwarded : undefined
    this.#emitter = new WindowEmitter(kernels, scope, { ...options, keys: this.#keys, next, forwarded }, maxBatch)
    this.#rows = new BatchRows(arena, scope, options)
    this.#ids = new IdList(arena)
    this.#intake = new RecordIntake(kernels, layout, this.#rows)
    this.#wakeUp = new WakeUp(options.timers, this)
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  get lateRows(): number {
    return this.#rows.late.counted
  }

  notes(): readonly string[] {
    const { windows, firing, allowedLatenessMs } = this.#options
    const own = this.#early.kind === 'rows' ? [] : ['listChanged']
    const kernels = [...this.#keys.kernels, ...own, ...this.#intake.kernels, ...this.#layout.kernels]
    const records = firing === 'retracting' ? 2 * this.#layout.recordBytes : this.#layout.recordBytes
    const late = allowedLatenessMs === 0 ? 'open window' : 'open or late window'
    const span = windows.span === 1 ? '' : '; a row is in each of its windows'
    return [
      `kernels ${[...new Set(kernels)].join(', ')}`,
      `state: ${records + 20} bytes per key and ${late}${span}`,
      ...this.#layout.notes,
    ]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    const ids = this.#keys.assign(batch)
    if (this.#wakeAt !== Number.POSITIVE_INFINITY) this.#clockMs = Math.max(this.#clockMs, this.#options.timers.now())
    this.#rows.begin(batch, ids, this.#watermark.at)
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    this.#watermark.reach(watermark)
    return this.#run()
  }

  nextFiring(): number {
    const tick = this.#open.windows.some(({ changed }) => changed.count > 0) ? this.#tickAt : Number.POSITIVE_INFINITY
    return Math.min(this.#next.nextFiring(), tick, this.#nextEnd())
  }

  timerDue(atMs: number): boolean {
    this.#wakeUp.passed()
    this.#clockMs = Math.max(this.#clockMs, atMs)
    return this.#run()
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(dictionary, this.#liveIds, mark)
    if (this.#layout.holdsCodesOf(dictionary))
      for (const window of this.#open.windows)
        window.eachRecord(record => this.#layout.markCodes(dictionary, record, mark))
    this.#emitter.markCodes(dictionary, this.#memory.u32, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#rows.isPending || this.#queue.length > 0 || this.#emitter.pending)
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#options.shape)
    this.#watermark.snapshot(writer)
    for (const time of [this.#tickAt, this.#wakeAt, this.#clockMs]) writer.f64(time)
    writer.f64(this.#rows.nextRank)
    this.#keys.snapshot(writer)
    this.#open.snapshot(writer)
    this.#layout.snapshotForevers(writer)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#options.shape)
    this.#watermark.restore(reader)
    this.#tickAt = laterTick(this.#tickAt, reader.time())
    this.#wakeAt = Math.min(this.#wakeAt, reader.time())
    this.#clockMs = Math.max(this.#clockMs, reader.instant(Number.NEGATIVE_INFINITY))
    this.#rows.nextRank = Math.max(this.#rows.nextRank, reader.integer())
    const keys = this.#keys.restore(reader)
    this.#open.restore(reader, keys)
    this.#layout.restoreForevers(reader, keys)
    this.#arm()
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    for (const window of this.#open.windows) window.close()
    this.#ids.close()
    this.#layout.close()
    this.#keys.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: results first, then what is due, then the next rows. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (this.#queue.length > 0 && !this.#watermark.forward(this.#met)) return false
      if (!this.#emit() || !this.#rows.late.flush()) return false
      if (this.#advance()) continue
      this.#open.closeBefore(this.#firstTaking())
      if (!this.#rows.isPending) {
        this.#arm()
        return this.#watermark.forward()
      }
      this.#takeRows()
    }
  }

  /** Lets the next thing happen between the watermark and what it has reached. false: there is none. */
  #advance(): boolean {
    if (this.#clockMs >= this.#wakeAt) {
      this.#wakeAt = Number.POSITIVE_INFINITY
      this.#tick()
      return true
    }
    const { at, reached } = this.#watermark
    // A multiple that is an end too comes behind it, and is due though the watermark moves no further.
    const isTickDue = this.#tickAt <= at && this.#tickAt !== Number.POSITIVE_INFINITY
    if (reached <= at && !isTickDue) return false
    const end = this.#nextEnd()
    const window = this.#open.firstFrom(this.#firstOpen())
    if (window !== undefined && end <= Math.min(reached, this.#tickAt)) {
      this.#watermark.goTo(end)
      this.#met = end - 1
      this.#endedBefore = window.index + 1
      this.#queue.push({ window, ids: window.takeChanged() })
    } else if (this.#tickAt <= reached) {
      this.#watermark.goTo(this.#tickAt)
      this.#met = this.#tickAt - 1
      this.#tick()
      this.#tickAt = this.#nextTick(reached)
    } else {
      this.#watermark.arrive()
      if (this.#tickAt === Number.POSITIVE_INFINITY) this.#tickAt = this.#nextTick(reached)
    }
    return true
  }

  #nextTick(watermark: number): number {
    const early = this.#early
    return early.kind === 'interval' && early.by === 'eventTime'
      ? nextMultiple(early.everyMs, watermark)
      : Number.POSITIVE_INFINITY
  }

  /** All windows before their end give what changed. */
  #tick(): void {
    for (const window of this.#open.from(this.#firstOpen())) {
      const ids = window.takeChanged()
      if (ids.length > 0) this.#queue.push({ window, ids })
    }
  }

  /** Takes in rows up to where the watermark makes something happen, or to the first after which a window fires. */
  #takeRows(): void {
    const rows = this.#rows
    const to = rows.watermarks.cut(this.#nextBoundary(), rows.cursor)
    while (rows.cursor < to && this.#queue.length === 0) this.#takeRun(to)
    if (rows.cursor === to) this.#watermark.reach(rows.watermarks.afterCut())
    const early = this.#early
    if (early.kind === 'interval' && early.by === 'clock' && this.#wakeAt === Number.POSITIVE_INFINITY)
      this.#wakeAt = nextMultiple(early.everyMs, this.#options.timers.now())
  }

  /** Takes in rows that are of the same windows: together where none of these fires, else one. */
  #takeRun(to: number): void {
    const { windows } = this.#options
    const rows = this.#rows
    const from = rows.cursor
    const slice = windows.sliceOf(rows.timeAt(from))
    const last = windows.lastWindow(slice)
    const first = Math.max(windows.firstWindow(slice), this.#firstTaking())
    const firstOpen = this.#firstOpen()
    if (first > last) {
      rows.startStretch()
      // A row between sampling windows is late for none.
      if (windows.firstWindow(slice) <= last) rows.skipLate(from)
      rows.cursor = from + 1
      return
    }
    let end = from + 1
    const isWhole = first >= firstOpen && this.#early.kind === 'interval'
    if (isWhole) while (end < to && windows.sliceOf(rows.timeAt(end)) === slice) end++
    for (let index = first; index <= last; index++) this.#takeInto(this.#open.obtain(index), end, index < firstOpen)
    rows.cursor = end
  }

  #takeInto(window: OpenWindow, to: number, isLate: boolean): void {
    const rows = this.#rows
    const from = rows.cursor
    window.reserve(this.#keys.idLimit)
    this.#intake.take(window.records, to)
    const id = rows.idAt(from)
    const early = this.#early
    if (isLate || (early.kind === 'rows' && window.isFull(id, early.rows))) {
      this.#met = Math.max(this.#watermark.at, rows.watermarks.at(from))
      this.#queue.push({ window, ids: [id] })
    } else if (early.kind === 'interval') window.changed.add(rows, from, to)
  }

  /** Gives what is queued: of each key what it gave before, where that is taken back, then what it holds. */
  #emit(): boolean {
    const { windows, firing } = this.#options
    for (;;) {
      if (!this.#emitter.emit()) return false
      const [first] = this.#queue
      if (first === undefined) return true
      const { window, ids } = first
      const [start, end] = [windows.startMs(window.index), windows.endMs(window.index)]
      if (this.#stage === 'retract') {
        this.#stage = 'give'
        const given = window.given
        if (given === undefined) continue
        this.#ids.set(ids.filter(id => given.rowsOf(id) > 0))
        this.#emitter.begin(start, end, given.records, this.#ids.address, this.#ids.count, true)
      } else if (this.#stage === 'give') {
        this.#stage = 'settle'
        this.#ids.set(ids)
        this.#emitter.begin(start, end, window.records.records, this.#ids.address, ids.length)
      } else {
        this.#stage = 'retract'
        this.#queue.shift()
        for (const id of ids) {
          if (firing === 'discarding') window.records.remove(id)
          window.remember(id)
        }
      }
    }
  }

  /** The first window that has not reached its end, and the first that takes rows at all. */
  #firstOpen(): number {
    return Math.max(this.#endedBefore, this.#options.windows.firstOpen(this.#watermark.at))
  }

  #firstTaking(): number {
    return this.#options.windows.firstOpen(this.#watermark.at - this.#options.allowedLatenessMs)
  }

  /** The watermark at which the next window with rows ends. */
  #nextEnd(): number {
    const window = this.#open.firstFrom(this.#firstOpen())
    return window === undefined ? Number.POSITIVE_INFINITY : this.#options.windows.endMs(window.index) - 1
  }

  /** The next watermark at which some window may fire, or takes no more rows. */
  #nextBoundary(): number {
    const { windows, allowedLatenessMs } = this.#options
    if (!Number.isFinite(this.#watermark.at)) return -Number.MAX_VALUE
    const fires = Math.min(windows.endMs(this.#firstOpen()) - 1, this.#tickAt)
    return Math.min(fires, windows.endMs(this.#firstTaking()) - 1 + allowedLatenessMs)
  }

  #arm(): void {
    this.#wakeUp.setTo(this.#watermark.at === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : this.#wakeAt)
  }
}
