import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { rowAt } from '../../kernels/rows.ts'
import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Firing } from '../../time/lateness.ts'
import type { Operator } from '../operator.ts'
import type { IdMarker, KeyIndex } from '../window/key-index.ts'
import { keyIndexFor } from '../window/key-index-for.ts'
import { OrderedEmitter } from './ordered-emitter.ts'
import type { OrderOptions } from './ranked-windows.ts'
import { type Cut, difference, type Ranked, RepeatedWindow } from './repeated-windows.ts'
import { RowStore } from './row-store.ts'
import { slotOrder } from './slot-order.ts'
import { windowBetween } from './window-between.ts'

interface RepeatedOrderOptions extends Omit<OrderOptions, 'addsBounds'> {
  readonly name: string
  /** Which order of what: the state of others is of no use. */
  readonly shape: string
  /** What the rows say that come in. */
  readonly firing: Firing
  /** Indices of the columns that tell the rows of a window apart, of its bounds, and of what is taken back. */
  readonly keys: readonly number[]
  readonly startColumn: number
  readonly endColumn: number
  readonly retractionColumn: number
  readonly allowedLatenessMs: number
  /** Whether a step behind has to know when a firing is over, too. */
  readonly tellsFirings: boolean
}

/**
 * Puts the results of windows in an order that give them again: whenever a firing is over, which a watermark tells that
 * may be the one told before, the windows that changed give their rows anew. Rows that accumulate take the place of the
 * one of their key before, and all that is kept of the window comes out; rows that are discarding are ordered for
 * themselves; where rows are taken back, what is no longer kept, or not at its rank, is taken back too, and what is new
 * comes out. A row may move up when another falls, so every row of a window is held until its results are final.
 */
export class RepeatedOrderOperator implements Operator, Stateful {
  readonly name: string
  rowsIn = 0
  readonly #options: RepeatedOrderOptions
  readonly #next: Operator
  readonly #scope: ArenaScope
  readonly #store: RowStore
  readonly #cut: Cut
  readonly #emitter: OrderedEmitter
  readonly #keys: KeyIndex
  readonly #by: KeyIndex
  readonly #markKeys: IdMarker
  readonly #markBy: IdMarker
  readonly #positions: number
  #windows: RepeatedWindow[] = []
  /** What is to be emitted, in order. */
  #pending: (Ranked & { readonly isRetraction: boolean })[] = []
  #isUntold = false
  /** What tells rows apart that are ordered for themselves. */
  #arrivals = 0
  #watermark = Number.NEGATIVE_INFINITY
  #forwarded = Number.NEGATIVE_INFINITY

  constructor(options: RepeatedOrderOptions) {
    const { context, columns, outputs, by, sortKeys, offset, limit, keepsTies, hasRank, next, maxKeys } = options
    this.name = options.name
    this.#options = options
    this.#next = next
    this.#scope = new ArenaScope(context.arena)
    this.#store = new RowStore(context, columns)
    const order = sortKeys.length === 0 ? undefined : slotOrder(context.arena.memory, this.#store, sortKeys)
    this.#cut = { order, offset, limit, keepsTies }
    this.#emitter = new OrderedEmitter(context, this.#scope, {
      store: this.#store,
      columns: columns.slice(0, outputs),
      order: hasRank ? order : undefined,
      offset,
      isShared: keepsTies,
      addsBounds: false,
      ...(options.firing === 'retracting' && { retraction: options.retractionColumn }),
      next,
    })
    this.#markKeys = mark => {
      for (const window of this.#windows) window.markIds(mark, () => {})
    }
    this.#markBy = mark => {
      for (const window of this.#windows) window.markIds(() => {}, mark)
    }
    const indexOf = (of: readonly number[], liveIds: IdMarker): KeyIndex =>
      keyIndexFor(
        context,
        of.map(column => ({ ...columns[column]!, column })),
        { maxKeys, liveIds },
      )
    this.#keys = indexOf(options.keys, this.#markKeys)
    this.#by = indexOf(by, this.#markBy)
    this.#positions = this.#scope.allocate(context.maxBatch * 4)
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  notes(): readonly string[] {
    const kernels = [...new Set([...this.#keys.kernels, ...this.#by.kernels, 'take8'])]
    return [
      `kernels ${kernels.join(', ')}`,
      'in TypeScript: which row takes the place of which, and their order',
      `state: every row of a window until its results are final, ${this.#store.rowBytes} bytes each`,
    ]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#take(batch)
    return true
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark > this.#watermark) this.#watermark = watermark
    for (const window of this.#windows) if (window.hasChanged) this.#giveAnew(window)
    return this.#run()
  }

  nextFiring(): number {
    return this.#next.nextFiring()
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#store.markCodes(dictionary, mark)
    this.#emitter.markCodes(dictionary, mark)
    this.#keys.markCodes(dictionary, this.#markKeys, mark)
    this.#by.markCodes(dictionary, this.#markBy, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#emitter.isPending || this.#pending.length > 0 || this.#windows.some(({ hasChanged }) => hasChanged))
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#options.shape)
    for (const time of [this.#watermark, this.#forwarded]) writer.f64(time)
    const { live, places } = this.#liveRows()
    this.#keys.snapshot(writer)
    this.#by.snapshot(writer)
    this.#store.snapshot(writer, live)
    writer.u32(this.#windows.length)
    for (const window of this.#windows) window.snapshot(writer, slot => places[slot]!)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#options.shape)
    this.#watermark = reader.time()
    this.#forwarded = reader.time()
    this.#keys.restore(reader)
    this.#by.restore(reader)
    this.#store.restore(reader)
    for (let left = reader.count(24); left > 0; left--)
      this.#windows.push(RepeatedWindow.restore(reader, this.#store.used, this.#keys.idLimit, this.#by.idLimit))
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#store.close()
    this.#keys.close()
    this.#by.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Emits what is to be, says that the firing is over, and gives up windows that are final. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#emitter.emit()) return false
      const next = this.#pending.shift()
      if (next === undefined) break
      this.#emitter.beginRanked(next.slots, next.ranks, next.isRetraction)
    }
    if (this.#isUntold && this.#options.tellsFirings) {
      this.#isUntold = false
      if (!this.#next.advanceWatermark(this.#forwarded)) return false
    }
    this.#expire()
    if (this.#watermark <= this.#forwarded) return true
    this.#forwarded = this.#watermark
    return this.#next.advanceWatermark(this.#watermark)
  }

  /** Takes rows in: each into its window. */
  #take(batch: RecordBatch): void {
    const { context, firing, startColumn, endColumn, retractionColumn } = this.#options
    const { memory } = context.arena
    const keys = this.#keys.assign(batch)
    const by = this.#by.assign(batch)
    const { selection, selectedCount } = batch
    for (let at = 0; at < selectedCount; at++)
      memory.u32[(this.#positions >>> 2) + at] = rowAt(memory.u32, selection, at)
    if (!this.#store.hasRoom(selectedCount)) this.#compact(selectedCount)
    const first = this.#store.add(batch, this.#positions, selectedCount)
    const { u8, u32, f64 } = memory
    const idOf = (ids: number, row: number): number => (ids === 0 ? 0 : u32[(ids >>> 2) + row]!)
    for (let at = 0; at < selectedCount; at++) {
      const row = u32[(this.#positions >>> 2) + at]!
      const startMs = f64[(batch.columns[startColumn]!.values >>> 3) + row]!
      const window = this.#windowOf(startMs, f64[(batch.columns[endColumn]!.values >>> 3) + row]!)
      const key = firing === 'discarding' ? this.#arrivals++ : idOf(keys, row)
      if (firing === 'retracting' && u8[batch.columns[retractionColumn]!.values + row] !== 0) window.takeBack(key)
      else window.put(key, first + at, idOf(by, row))
    }
  }

  /** Puts what a window now gives among what is to be emitted. */
  #giveAnew(window: RepeatedWindow): void {
    const { firing, hasRank } = this.#options
    window.hasChanged = false
    this.#isUntold = true
    const now = window.ranked(this.#cut)
    if (firing !== 'retracting') {
      this.#pending.push({ ...now, isRetraction: false })
      if (firing === 'discarding') window.clear()
      return
    }
    this.#pending.push(
      { ...difference(window.given, now, hasRank), isRetraction: true },
      { ...difference(now, window.given, hasRank), isRetraction: false },
    )
    window.given = now
  }

  /** Gives windows up whose results are final; those that are ordered for themselves hold nothing between firings. */
  #expire(): void {
    const { firing, allowedLatenessMs } = this.#options
    const isOver = ({ endMs }: RepeatedWindow): boolean =>
      firing === 'discarding' || endMs - 1 + allowedLatenessMs <= this.#watermark
    if (this.#windows.some(isOver)) this.#windows = this.#windows.filter(window => !isOver(window))
    if (this.#windows.length === 0) this.#store.clear()
  }

  #windowOf(startMs: number, endMs: number): RepeatedWindow {
    return windowBetween(this.#windows, startMs, endMs, (from, to) => new RepeatedWindow(from, to))
  }

  /** The slots that are held, ascending, and by slot the place of each among them. */
  #liveRows(): { readonly live: Uint32Array; readonly places: Uint32Array } {
    const held = new Set<number>()
    for (const window of this.#windows) window.eachSlot(slot => held.add(slot))
    const live = Uint32Array.from(held).sort()
    const places = new Uint32Array(this.#store.used)
    for (const [place, slot] of live.entries()) places[slot] = place
    return { live, places }
  }

  #compact(rows: number): void {
    const { live, places } = this.#liveRows()
    this.#store.compact(live, rows)
    for (const window of this.#windows) window.move(slot => places[slot]!)
  }
}
