import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { throwFault } from '../row-faults.ts'
import type { IdMarker, KeyIndex } from '../window/key-index.ts'
import { keyIndexFor } from '../window/key-index-for.ts'
import { OrderedEmitter } from './ordered-emitter.ts'
import { type Kept, Ranking } from './ranking.ts'
import { RowStore } from './row-store.ts'
import { type SortKey, slotOrder } from './slot-order.ts'
import { windowBetween } from './window-between.ts'

/** How the rows of windows are ordered and which of them are kept. */
export interface OrderOptions {
  readonly context: EvaluationContext
  readonly maxKeys: number
  /** The columns of the rows: those that go on, in order, then those that are only ordered by. */
  readonly columns: readonly InputColumn[]
  /** How many of them go on. */
  readonly outputs: number
  /** Indices of the columns whose values are ordered and counted for themselves. */
  readonly by: readonly number[]
  readonly sortKeys: readonly SortKey[]
  readonly offset: number
  readonly limit: number | undefined
  readonly keepsTies: boolean
  readonly hasRank: boolean
  /** Whether the bounds of its window are put before the columns of each row. */
  readonly addsBounds: boolean
  readonly next: Operator
}

/** So many rows tell well enough which of the others have no hope. */
const HEAD_ROWS = 256

/** A window that takes rows. */
interface OpenWindow {
  readonly startMs: number
  readonly endMs: number
  /** By the ids of the values of `by`, in the order they came up. */
  readonly rankings: Map<number, Ranking>
}

/**
 * The windows whose rows are being ordered. Rows go into a store, and their slots into a ranking of their window; where
 * numbers are ordered by and rows aren't counted by value, those that come behind the last one kept are left out first, by
 * a kernel if they are many. A window that is closed is sorted and sent, and its rows are gone.
 */
export class RankedWindows {
  readonly kernels: readonly string[]
  readonly stateBound: string
  readonly #context: EvaluationContext
  readonly #scope: ArenaScope
  readonly #store: RowStore
  readonly #kept: Kept
  readonly #emitter: OrderedEmitter
  readonly #keys: KeyIndex
  readonly #liveIds: IdMarker
  /** The column rows can be left out by, -1 where there is none. */
  readonly #leading: number
  /** How many rows a window without a bound takes as they come: they set one. */
  readonly #headRows: number
  readonly #mask: number
  readonly #survivors: number
  /** By end, then by start. */
  #open: OpenWindow[] = []
  #closing: OpenWindow[] = []

  constructor(options: OrderOptions) {
    const { context, columns, outputs, by, sortKeys, offset, limit, keepsTies, hasRank, addsBounds, next, maxKeys } =
      options
    const { arena, maxBatch } = context
    this.#context = context
    this.#scope = new ArenaScope(arena)
    this.#store = new RowStore(context, columns)
    const order = sortKeys.length === 0 ? undefined : slotOrder(arena.memory, this.#store, sortKeys)
    const most = limit === undefined ? Number.POSITIVE_INFINITY : offset + limit
    this.#kept = { order, offset, most, keepsTies }
    this.#emitter = new OrderedEmitter(context, this.#scope, {
      store: this.#store,
      columns: columns.slice(0, outputs),
      order: hasRank ? order : undefined,
      offset,
      isShared: keepsTies,
      addsBounds,
      next,
    })
    this.#liveIds = mark => {
      for (const { rankings } of [...this.#open, ...this.#closing]) for (const id of rankings.keys()) mark(id)
    }
    const keys = by.map(column => ({ ...columns[column]!, column }))
    this.#keys = keyIndexFor(context, keys, { maxKeys, liveIds: this.#liveIds })
    const [leading] = sortKeys
    this.#leading = by.length === 0 && limit !== undefined && leading?.kind === 'f64' ? leading.column : -1
    this.#headRows = this.#leading < 0 ? Number.POSITIVE_INFINITY : Math.max(HEAD_ROWS, most)
    this.#mask = this.#scope.allocate(maxBatch)
    this.#survivors = this.#scope.allocate(maxBatch * 4)
    this.kernels = [...this.#keys.kernels, ...(this.#leading < 0 ? [] : ['leF64ColConst', 'refineSelection'])]
    const rows =
      limit === undefined ? 'every row' : `at most ${most} rows${keepsTies ? ', and those equal to the last,' : ''}`
    this.stateBound = `${rows}${by.length > 0 ? ' per value' : ''} of a window until it is complete, ${this.#store.rowBytes} bytes each`
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  /** Whether rows of closed windows are yet to be emitted. */
  get isEmitting(): boolean {
    return this.#closing.length > 0 || this.#emitter.isPending
  }

  /** Whether some window takes rows that ends at another time. */
  hasOtherThan(endMs: number): boolean {
    return this.#open.some(window => window.endMs !== endMs)
  }

  /** The least watermark at which a window is complete; +Infinity when none is open. */
  get nextDue(): number {
    return this.#open.length === 0 ? Number.POSITIVE_INFINITY : this.#open[0]!.endMs - 1
  }

  /** Starts on a batch: address of the ids of its rows' values, for `add`. */
  begin(batch: RecordBatch): number {
    return this.#keys.assign(batch)
  }

  /**
   * Adds `count` rows of a batch, whose positions stand at `positions`, to the window [start, end).
   *
   * @throws What went wrong with one of them when what it is ordered by was computed.
   */
  add(startMs: number, endMs: number, batch: RecordBatch, positions: number, count: number, ids: number): void {
    if (batch.faults !== undefined) throwFault(batch.faults, this.#context.arena.memory.u32, positions, 0, count)
    const window = this.#windowOf(startMs, endMs)
    const head = Number.isNaN(this.#boundOf(window)) ? Math.min(count, this.#headRows) : 0
    if (head > 0) this.#keep(window, batch, positions, head, ids)
    if (head < count) this.#addHopeful(window, batch, positions + head * 4, count - head, ids)
  }

  /** Closes the windows that end at or before `watermark` + 1: they take no more rows, and are emitted in their order. */
  closeThrough(watermark: number): void {
    let closed = 0
    while (closed < this.#open.length && this.#open[closed]!.endMs - 1 <= watermark) closed++
    for (const window of this.#open.splice(0, closed)) this.#closing.push(window)
  }

  /** Emits the closed windows until all are out (true) or downstream is full (false: call again after it resumed). */
  emit(): boolean {
    for (;;) {
      if (!this.#emitter.emit()) return false
      const window = this.#closing.shift()
      if (window === undefined) break
      const lists = [...window.rankings.values()].map(ranking => ranking.sorted())
      this.#emitter.begin(lists, window.startMs, window.endMs)
    }
    if (this.#open.length === 0) this.#store.clear()
    return true
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#store.markCodes(dictionary, mark)
    this.#emitter.markCodes(dictionary, mark)
    this.#keys.markCodes(dictionary, this.#liveIds, mark)
  }

  /** Writes the rows that are kept, then the windows, each with the rankings of its values. None may be emitting. */
  snapshot(writer: StateWriter): void {
    const { live, places } = this.#liveRows()
    this.#keys.snapshot(writer)
    this.#store.snapshot(writer, live)
    writer.u32(this.#open.length)
    for (const { startMs, endMs, rankings } of this.#open) {
      writer.f64(startMs)
      writer.f64(endMs)
      writer.u32(rankings.size)
      for (const [id, ranking] of rankings) {
        writer.u32(id)
        ranking.snapshot(writer, slot => places[slot]!)
      }
    }
  }

  /** Takes over in new windows what others held. */
  restore(reader: StateReader): void {
    this.#keys.restore(reader)
    this.#store.restore(reader)
    const isTaken = new Uint8Array(this.#store.used)
    const takeSlot = (): number => {
      const slot = reader.index(isTaken.length - 1)
      if (isTaken[slot] === 1) reader.refuse(`two places for the row ${slot}`)
      isTaken[slot] = 1
      return slot
    }
    for (let left = reader.count(20); left > 0; left--) {
      const window = this.#restoreWindow(reader)
      for (let ids = reader.count(12); ids > 0; ids--) {
        const id = reader.index(this.#keys.idLimit - 1)
        if (window.rankings.has(id)) reader.refuse(`two rankings of the value ${id}`)
        this.#rankingOf(window, id).restore(reader, takeSlot)
      }
    }
  }

  close(): void {
    this.#store.close()
    this.#keys.close()
    this.#scope.release()
  }

  /** Adds those of `count` rows that may be kept. */
  #addHopeful(window: OpenWindow, batch: RecordBatch, positions: number, count: number, ids: number): void {
    const bound = this.#boundOf(window)
    const some = Number.isNaN(bound) ? -1 : this.#before(bound, batch, positions, count)
    if (some < 0) this.#keep(window, batch, positions, count, ids)
    else if (some > 0) this.#keep(window, batch, this.#survivors, some, ids)
  }

  /** Writes to `#survivors` which rows aren't behind a bound, and returns how many they are. */
  #before(bound: number, batch: RecordBatch, positions: number, count: number): number {
    const { kernels, arena } = this.#context
    const { values } = batch.columns[this.#leading]!
    if (count >= batch.length / 4) {
      kernels.leF64ColConst(values, bound, batch.length, this.#mask)
      return kernels.refineSelection(this.#mask, positions, count, this.#survivors)
    }
    const { f64, u32 } = arena.memory
    let some = 0
    for (let j = 0; j < count; j++) {
      const row = u32[(positions >>> 2) + j]!
      if (f64[(values >>> 3) + row]! <= bound) u32[(this.#survivors >>> 2) + some++] = row
    }
    return some
  }

  /** What the last row of a full window is ordered by: rows behind it have no hope. NaN where all may have. */
  #boundOf({ rankings }: OpenWindow): number {
    const last = this.#leading < 0 ? -1 : (rankings.get(0)?.last ?? -1)
    // Behind a row without a value, which is NaN, comes none.
    return last < 0 ? Number.NaN : this.#context.arena.memory.f64[(this.#store.valuesOf(this.#leading) >>> 3) + last]!
  }

  #keep(window: OpenWindow, batch: RecordBatch, positions: number, count: number, ids: number): void {
    if (!this.#store.hasRoom(count)) this.#compact(count)
    const first = this.#store.add(batch, positions, count)
    // Only now: room for the rows may have made memory grow, which leaves older views behind.
    const { u32 } = this.#context.arena.memory
    for (let j = 0; j < count; j++) {
      const id = ids === 0 ? 0 : u32[(ids >>> 2) + u32[(positions >>> 2) + j]!]!
      this.#rankingOf(window, id).add(first + j)
    }
  }

  #windowOf(startMs: number, endMs: number): OpenWindow {
    return windowBetween(this.#open, startMs, endMs, (from, to) => ({ startMs: from, endMs: to, rankings: new Map() }))
  }

  #rankingOf({ rankings }: OpenWindow, id: number): Ranking {
    const known = rankings.get(id)
    if (known !== undefined) return known
    const ranking = new Ranking(this.#kept)
    rankings.set(id, ranking)
    return ranking
  }

  /** A window behind those there are, with no rankings yet. */
  #restoreWindow(reader: StateReader): OpenWindow {
    const window = { startMs: reader.integer(), endMs: reader.integer(), rankings: new Map<number, Ranking>() }
    const before = this.#open.at(-1)
    const { startMs, endMs } = window
    const ascends = before === undefined || before.endMs < endMs || (before.endMs === endMs && before.startMs < startMs)
    if (startMs >= endMs || !ascends) reader.refuse(`the window from ${startMs} to ${endMs} has no place`)
    this.#open.push(window)
    return window
  }

  /** The slots that are kept, ascending, and by slot the place of each among them. */
  #liveRows(): { readonly live: Uint32Array; readonly places: Uint32Array } {
    const rankings = this.#openRankings()
    const live = new Uint32Array(rankings.reduce((sum, { size }) => sum + size, 0))
    let count = 0
    for (const ranking of rankings) {
      ranking.eachSlot(slot => {
        live[count++] = slot
      })
    }
    live.sort()
    const places = new Uint32Array(this.#store.used)
    for (const [place, slot] of live.entries()) places[slot] = place
    return { live, places }
  }

  /** Closes the gaps in the store and makes room for `rows` more. */
  #compact(rows: number): void {
    const { live, places } = this.#liveRows()
    this.#store.compact(live, rows)
    for (const ranking of this.#openRankings()) ranking.move(slot => places[slot]!)
  }

  #openRankings(): readonly Ranking[] {
    return this.#open.flatMap(({ rankings }) => [...rankings.values()])
  }
}
