import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { GlobalSpec } from '../../time/global-windows.ts'
import type { TriggerResult } from '../../time/triggers.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'
import { WatermarkProgress } from '../watermark-progress.ts'
import { BatchRows } from './batch-rows.ts'
import { IdCells } from './id-cells.ts'
import { IdList } from './id-list.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { KeyedRecords } from './keyed-records.ts'
import type { RecordEmitter } from './record-emitter.ts'
import { RecordIntake } from './record-intake.ts'
import type { RecordLayout } from './record-layout.ts'
import { makeTrigger } from './triggers/make-trigger.ts'
import type { SeenColumn } from './triggers/own-trigger.ts'
import type { RunningTrigger } from './triggers/running-trigger.ts'
import type { WindowAggregateOptions } from './window-aggregate.ts'
import { WindowEmitter } from './window-emitter.ts'

type GlobalWindowOptions = Omit<WindowAggregateOptions, 'windows'> & {
  readonly timers: StageTimers
  /** The columns the trigger looks at. */
  readonly seen: readonly SeenColumn[]
  /** Makes what gives the records out, where that isn't a row of aggregates for each. */
  readonly emitter?: (scope: ArenaScope) => RecordEmitter
}

/** Keys that act together. */
interface Firing {
  readonly atMs: number
  readonly ids: readonly number[]
  readonly action: TriggerResult
}

interface AwaitedFiring extends Firing {
  /** The watermark to be handed on before. */
  readonly met: number
}

/**
 * One window over all time, with a record per key. Rows are taken in up to the first that makes its key fire, by kernels;
 * it fires, and so on. What a watermark sets off happens when the rows before it are in, what a clock sets off between
 * two batches, or before the first row that comes after its instant. Results a row sets off come after the watermark
 * that row met, so that what is behind this window sees the same whatever the batches.
 */
export class GlobalWindowOperator implements Operator, Stateful, TimedStage {
  readonly name: string
  readonly lateRows = 0
  rowsIn = 0
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #kernels: KernelExports
  readonly #next: Operator
  readonly #layout: RecordLayout
  readonly #spec: GlobalSpec
  readonly #isKeyed: boolean
  readonly #keys: KeyIndex
  readonly #liveIds: IdMarker
  readonly #records: KeyedRecords
  /** Rows of each key when it last fired. */
  readonly #givenRows: IdCells
  /** What each key gave last, where that is taken back. */
  readonly #given: KeyedRecords | undefined
  readonly #trigger: RunningTrigger
  readonly #timers: StageTimers
  readonly #emitter: RecordEmitter
  readonly #rows: BatchRows
  readonly #intake: RecordIntake
  readonly #wakeUp: WakeUp
  readonly #range: number
  readonly #ids: IdList
  readonly #shape: string

  readonly #watermark: WatermarkProgress
  /** The latest instant of the clock that has been looked at. */
  #clockMs = Number.NEGATIVE_INFINITY
  #latestTime = Number.NEGATIVE_INFINITY
  #ended = false
  /** What a row, the watermark or the clock has set off, until the watermark it met has been handed on. */
  #asked: AwaitedFiring | undefined
  /** What is being emitted, and whether it is what was given before. */
  #firing: Firing | undefined
  #isTakingBack = false

  constructor(kernels: KernelExports, arena: Arena, next: Operator, spec: GlobalSpec, options: GlobalWindowOptions) {
    const { layout, maxBatch, timers, seen } = options
    const scope = new ArenaScope(arena)
    this.name = options.name
    this.#memory = arena.memory
    this.#scope = scope
    this.#kernels = kernels
    this.#next = next
    this.#watermark = new WatermarkProgress(next)
    this.#layout = layout
    this.#spec = spec
    this.#isKeyed = options.keyCount > 0
    this.#timers = timers
    this.#records = new KeyedRecords(arena, layout)
    this.#shape = options.shape
    this.#givenRows = new IdCells(arena, 8)
    this.#given = spec.firing === 'retracting' ? new KeyedRecords(arena, layout) : undefined
    this.#trigger = makeTrigger(spec.trigger, kernels, arena, { list: scope.allocate(maxBatch * 4), timers, seen })
    this.#liveIds = mark => {
      this.#records.liveIds(mark)
      this.#trigger.markIds(mark)
      layout.markIds(mark)
    }
    this.#keys = options.keys(this.#liveIds)
    this.#emitter =
      options.emitter?.(scope) ??
      new WindowEmitter(kernels, scope, { ...options, keys: this.#keys, next, stamps: 1 }, maxBatch)
    this.#rows = new BatchRows(arena, scope, options)
    this.#intake = new RecordIntake(kernels, layout, this.#rows)
    this.#wakeUp = new WakeUp(timers, this)
    this.#range = scope.allocate(16)
    this.#ids = new IdList(arena)
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  notes(): readonly string[] {
    const { kernels, inTypeScript } = this.#trigger
    const { purge } = this.#spec
    const { recordBytes } = this.#layout
    const all = [...this.#keys.kernels, ...kernels, ...this.#intake.kernels, ...this.#layout.kernels]
    const kept = purge === true ? ', given up when it fires' : ', kept for good'
    return [
      `kernels ${[...new Set(all)].join(', ')}`,
      ...(inTypeScript === undefined ? [] : [`in TypeScript: ${inTypeScript}`]),
      `state: ${this.#given === undefined ? recordBytes : 2 * recordBytes} bytes ${this.#isKeyed ? 'per key' : 'in all'}${kept}`,
      ...this.#layout.notes,
    ]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    const ids = this.#keys.assign(batch)
    const { idLimit } = this.#keys
    this.#givenRows.reserve(idLimit)
    this.#given?.reserve(idLimit)
    this.#trigger.reserve(idLimit)
    if (this.#trigger.wakeAt !== Number.POSITIVE_INFINITY) this.#clockMs = Math.max(this.#clockMs, this.#timers.now())
    this.#rows.begin(batch, ids, this.#watermark.at)
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    this.#watermark.reach(watermark)
    return this.#run()
  }

  nextFiring(): number {
    return Math.min(this.#next.nextFiring(), this.#trigger.firesAt)
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
      for (const records of [this.#records, this.#given])
        records?.liveIds(id => this.#layout.markCodes(dictionary, records.recordOf(id), mark))
    this.#emitter.markCodes(dictionary, this.#memory.u32, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#rows.isPending || this.#firing !== undefined || this.#asked !== undefined)
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#shape)
    this.#watermark.snapshot(writer)
    for (const time of [this.#clockMs, this.#latestTime]) writer.f64(time)
    writer.bool(this.#ended)
    writer.f64(this.#rows.nextRank)
    this.#keys.snapshot(writer)
    this.#records.snapshot(writer)
    this.#givenRows.snapshot(writer)
    this.#given?.snapshot(writer)
    this.#trigger.snapshot(writer)
    this.#layout.snapshotForevers(writer)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#shape)
    this.#watermark.restore(reader)
    this.#clockMs = Math.max(this.#clockMs, reader.instant(Number.NEGATIVE_INFINITY))
    this.#latestTime = Math.max(this.#latestTime, reader.time())
    this.#ended = reader.bool() || this.#ended
    this.#rows.nextRank = Math.max(this.#rows.nextRank, reader.integer())
    const keys = this.#keys.restore(reader)
    this.#records.restore(reader, keys)
    this.#givenRows.restore(reader, keys)
    this.#given?.restore(reader, keys)
    this.#trigger.restore(reader, keys)
    this.#trigger.reserve(this.#keys.idLimit)
    this.#layout.restoreForevers(reader, keys)
    this.#arm()
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    this.#records.close()
    this.#givenRows.close()
    this.#given?.close()
    this.#trigger.close()
    this.#layout.close()
    this.#keys.close()
    this.#ids.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then what is due, then the next rows. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#emitter.emit()) return false
      this.#settle()
      if (this.#firing !== undefined) continue
      if (this.#asked !== undefined) {
        if (!this.#watermark.forward(this.#asked.met)) return false
        this.#fire(this.#asked)
        this.#asked = undefined
        continue
      }
      this.#watermark.arrive()
      const trigger = this.#trigger
      const { at, forwarded } = this.#watermark
      const byClock = trigger.takeDueByClock(this.#clockMs)
      const byWatermark = byClock === undefined ? trigger.takeDue(at) : undefined
      if (byClock !== undefined) this.#asked = { ...byClock, met: forwarded }
      else if (byWatermark !== undefined) this.#asked = { ...byWatermark, met: byWatermark.atMs - 1 }
      else if (this.#rows.isPending) this.#takeRows()
      else if (this.#watermark.at === Number.POSITIVE_INFINITY && !this.#ended) this.#end()
      else {
        this.#arm()
        return this.#watermark.forward()
      }
    }
  }

  /** Takes rows in up to the first that makes its key act, or to where something may be due. */
  #takeRows(): void {
    const rows = this.#rows
    const { watermarks, cursor } = rows
    const trigger = this.#trigger
    if (trigger.isPerRow) {
      const met = watermarks.at(cursor)
      // What is due by then happens before the row is looked at.
      this.#watermark.reach(met)
      if (met > this.#watermark.at && met >= trigger.dueAt) return
      this.#watermark.arrive()
    }
    trigger.rowsNext(rows)
    const to = trigger.isPerRow ? cursor + 1 : watermarks.cut(trigger.dueAt, cursor)
    const at = trigger.next(rows, cursor, to)
    const end = Math.min(at + 1, to)
    this.#take(end)
    if (at < to) {
      const met = watermarks.at(at)
      this.#watermark.goTo(met)
      this.#asked = {
        met: this.#watermark.at,
        atMs: rows.timeAt(at),
        ids: [rows.idAt(at)],
        action: trigger.action,
      }
    }
    if (end === to && !trigger.isPerRow) this.#watermark.reach(watermarks.afterCut())
  }

  #take(to: number): void {
    const rows = this.#rows
    this.#records.reserve(this.#keys.idLimit)
    this.#intake.take(this.#records, to)
    this.#kernels.rangeF64(rows.time, rows.selection, rows.cursor, to, this.#range)
    this.#latestTime = Math.max(this.#latestTime, this.#memory.f64[(this.#range >>> 3) + 1]!)
    rows.cursor = to
  }

  /** The end of the input: keys fire that hold rows they have not given. */
  #end(): void {
    this.#ended = true
    if (this.#spec.fireAtEnd !== true) return
    const ids: number[] = []
    this.#records.eachId(id => {
      if (this.#records.rowsOf(id) !== this.#givenRows.get(id)) ids.push(id)
    })
    this.#fire({ atMs: this.#latestTime, ids, action: 'fire' })
  }

  /** Starts emitting what keys hold; keys that hold nothing give nothing. What they gave before is taken back first. */
  #fire(firing: Firing): void {
    this.#firing = firing
    if (firing.action === 'purge') return
    this.#isTakingBack = this.#given !== undefined
    this.#begin(firing, this.#given ?? this.#records)
  }

  #begin({ ids, atMs }: Firing, from: KeyedRecords): void {
    this.#ids.set(ids.filter(id => this.#records.rowsOf(id) > 0 && from.rowsOf(id) > 0))
    this.#emitter.begin(atMs, 0, from.records, this.#ids.address, this.#ids.count, this.#isTakingBack)
  }

  /** Goes on to what keys hold now, or remembers what they gave, and empties what is to be empty. */
  #settle(): void {
    const firing = this.#firing
    if (firing === undefined) return
    if (this.#isTakingBack) {
      this.#isTakingBack = false
      this.#begin(firing, this.#records)
      return
    }
    this.#firing = undefined
    const isPurged = this.#spec.purge === true || firing.action !== 'fire'
    for (const id of firing.ids) this.#afterFiring(id, isPurged)
  }

  #afterFiring(id: number, isPurged: boolean): void {
    const records = this.#records
    if (isPurged && records.rowsOf(id) > 0) {
      records.remove(id)
      this.#trigger.purged(id)
    }
    const rows = records.rowsOf(id)
    this.#givenRows.set(id, rows)
    const given = this.#given
    if (given === undefined) return
    given.reserve(this.#keys.idLimit)
    if (rows > 0) given.copy(id, records.recordOf(id))
    else if (given.rowsOf(id) > 0) given.remove(id)
  }

  #arm(): void {
    this.#wakeUp.setTo(this.#ended ? Number.POSITIVE_INFINITY : this.#trigger.wakeAt)
  }
}
