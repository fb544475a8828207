import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { rowAt } from '../../kernels/rows.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch, Vector } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import { ReusedBatch } from '../reused-batch.ts'
import { EmittedBatch, type OutputColumn } from './emitted-batch.ts'
import { IdCells } from './id-cells.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'
import type { WindowSlices } from './window-slices.ts'

export interface FillEmptyOptions {
  readonly windows: WindowSlices
  /** Windows of the longest gap that is filled. */
  readonly limit: number
  readonly layout: RecordLayout
  readonly keys: (liveIds: IdMarker) => KeyIndex
  readonly columns: readonly OutputColumn[]
  readonly keyCount: number
  readonly maxBatch: number
  /** Which windows of what: the state of others is of no use. */
  readonly shape: string
}

/**
 * Stands behind a window and gives rows for the windows in which a key had none: right before the key's next row, for all
 * windows since its last one. It remembers of each key the window that was its last, as long as that is within the limit.
 */
export class FillEmptyOperator implements Operator, Stateful {
  readonly name = 'fill empty'
  rowsIn = 0
  rowsOut = 0
  readonly #arena: Arena
  readonly #scope: ArenaScope
  readonly #next: Operator
  readonly #options: FillEmptyOptions
  readonly #keys: KeyIndex
  /** Of each key, 1 once it is known, and its last window. */
  readonly #known: IdCells
  readonly #last: IdCells
  #idLimit = 0
  #latest = Number.NEGATIVE_INFINITY
  readonly #columns: readonly Vector[]
  readonly #filled: EmittedBatch
  readonly #passed = new ReusedBatch()
  readonly #selection: number
  readonly #record: number
  readonly #addresses: number
  readonly #idsOfRows: number
  #batch: RecordBatch | undefined
  #ids = 0
  /** Next row to look at, and the first that hasn't been passed on, as positions. */
  #at = 0
  #from = 0
  /** Windows of the row's key that are to be filled, from `#window` to before `#until`. */
  #window = 0
  #until = 0

  constructor(kernels: KernelExports, arena: Arena, next: Operator, options: FillEmptyOptions) {
    const { maxBatch, layout } = options
    const scope = new ArenaScope(arena)
    this.#arena = arena
    this.#scope = scope
    this.#next = next
    this.#options = options
    this.#known = new IdCells(arena, 8)
    this.#last = new IdCells(arena, 8)
    this.#keys = options.keys(mark => {
      for (let id = 0; id < this.#idLimit; id++) if (this.#isWithin(id)) mark(id)
    })
    this.#selection = scope.allocate(maxBatch * 4)
    this.#addresses = scope.allocate(maxBatch * 4)
    this.#idsOfRows = scope.allocate(maxBatch * 4)
    this.#record = scope.allocate(layout.recordBytes)
    arena.memory.u8.set(layout.template, this.#record)
    kernels.fillI32(this.#addresses, maxBatch, this.#record)
    this.#filled = new EmittedBatch(scope, options.columns, maxBatch)
    this.#columns = this.#filled.columns
  }

  notes(): readonly string[] {
    const { limit, keyCount } = this.#options
    return [
      `state: 16 bytes ${keyCount > 0 ? 'per key' : 'in all'} that had rows in the last ${limit} windows, to fill its gaps`,
    ]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#ids = this.#keys.assign(batch)
    this.#idLimit = Math.max(this.#idLimit, this.#keys.idLimit)
    this.#known.reserve(this.#idLimit)
    this.#last.reserve(this.#idLimit)
    this.#at = 0
    this.#from = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    return this.#next.advanceWatermark(watermark)
  }

  nextFiring(): number {
    return this.#next.nextFiring()
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(
      dictionary,
      markId => {
        for (let id = 0; id < this.#idLimit; id++) if (this.#isWithin(id)) markId(id)
      },
      mark,
    )
    this.#filled.markCodes(dictionary, this.#arena.memory.u32, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#batch !== undefined) throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#options.shape)
    writer.f64(this.#latest)
    this.#keys.snapshot(writer)
    const isLive = (id: number): boolean => id < this.#idLimit && this.#isWithin(id)
    this.#known.snapshot(writer, isLive)
    this.#last.snapshot(writer, isLive)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#options.shape)
    this.#latest = Math.max(this.#latest, reader.time())
    const keys = this.#keys.restore(reader)
    this.#known.restore(reader, keys)
    this.#last.restore(reader, keys)
    this.#idLimit = this.#keys.idLimit
    this.#known.reserve(this.#idLimit)
    this.#last.reserve(this.#idLimit)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#keys.close()
    this.#known.close()
    this.#last.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Goes through the rows of the batch: those without a gap before them are passed on together. false: downstream is full. */
  #run(): boolean {
    const batch = this.#batch
    if (batch === undefined) return true
    for (;;) {
      while (this.#window < this.#until) if (!this.#fill(batch)) return false
      if (this.#at === batch.selectedCount) break
      if (this.#hasGap(batch, this.#at)) {
        if (!this.#pass(batch)) return false
        continue
      }
      this.#at++
    }
    if (!this.#pass(batch)) return false
    this.#batch = undefined
    return true
  }

  /** Whether windows are to be filled before a row; its window is its key's last from then on. */
  #hasGap(batch: RecordBatch, position: number): boolean {
    const { windows } = this.#options
    const { f64 } = this.#arena.memory
    const row = this.#rowAt(batch, position)
    const window = windows.firstOpen(f64[(batch.columns[1]!.values >>> 3) + row]! - 2)
    const id = this.#idAt(row)
    const isKnown = this.#isWithin(id)
    const last = this.#last.get(id)
    if (isKnown && window <= last) return false
    this.#known.set(id, 1)
    this.#last.set(id, window)
    this.#latest = Math.max(this.#latest, window)
    if (!isKnown || window === last + 1 || !this.#isWithinLimit(last, window)) return false
    this.#window = last + 1
    this.#until = window
    return true
  }

  /** Passes the rows on that have been looked at. */
  #pass(batch: RecordBatch): boolean {
    const count = this.#at - this.#from
    if (count === 0) return true
    const passed = this.#passed
    passed.assign(batch)
    if (count < batch.selectedCount) {
      const { u32 } = this.#arena.memory
      for (let i = 0; i < count; i++) u32[(this.#selection >>> 2) + i] = this.#rowAt(batch, this.#from + i)
      passed.selection = this.#selection
      passed.selectedCount = count
    }
    this.#from = this.#at
    this.rowsOut += count
    return this.#next.process(passed)
  }

  /** Gives rows for the next windows of the gap before the row at hand. */
  #fill(batch: RecordBatch): boolean {
    const { windows, layout, keyCount, maxBatch } = this.#options
    const { f64, u32 } = this.#arena.memory
    const columns = this.#columns
    const id = this.#idAt(this.#rowAt(batch, this.#at))
    let count = 0
    for (; this.#window < this.#until && count < maxBatch; this.#window++) {
      const start = windows.startMs(this.#window)
      const end = windows.endMs(this.#window)
      // A day that a zone left out.
      if (start === end) continue
      f64[(columns[0]!.values >>> 3) + count] = start
      f64[(columns[1]!.values >>> 3) + count] = end
      u32[(this.#idsOfRows >>> 2) + count] = id
      count++
    }
    if (count === 0) return true
    const ids = keyCount > 0 ? this.#idsOfRows : 0
    for (let key = 0; key < keyCount; key++) this.#keys.writeKeys(ids, count, key, columns[2 + key]!)
    const { finishers } = layout
    for (let i = 0; i < finishers.length; i++) finishers[i]!(this.#addresses, count, columns[2 + keyCount + i]!, ids)
    this.#filled.hold(count)
    this.rowsOut += count
    return this.#next.process(this.#filled)
  }

  /** Whether a key's last window is known, and near enough for the next one to be filled up to. */
  #isWithin(id: number): boolean {
    return this.#known.get(id) === 1 && this.#isWithinLimit(this.#last.get(id), this.#latest)
  }

  /** Whether so many windows are filled as there are between two. */
  #isWithinLimit(last: number, window: number): boolean {
    const { windows, limit } = this.#options
    // Numbers tell, unless there are dates among them that a zone left out: one at most, so far.
    const numbers = window - last - 1
    return numbers <= limit || (numbers === limit + 1 && windows.countBetween(last + 1, window) <= limit)
  }

  #idAt(row: number): number {
    return this.#ids === 0 ? 0 : this.#arena.memory.u32[(this.#ids >>> 2) + row]!
  }

  #rowAt({ selection }: RecordBatch, position: number): number {
    return rowAt(this.#arena.memory.u32, selection, position)
  }
}
