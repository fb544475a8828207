import { rowAt } from '../../kernels/rows.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import type { RankedWindows } from './ranked-windows.ts'
import type { RowIntake } from './row-intake.ts'

/**
 * Takes in the results of windows, which have the bounds of theirs among their columns. Windows give their results in the
 * order of their ends, all of one end one after the other, and hand the watermark on behind them: a window is complete
 * when a result of another end comes, or the watermark reaches its last millisecond.
 */
export class ResultIntake implements RowIntake {
  readonly kernels = ['rangeF64'] as const
  readonly lateRows = 0
  readonly #kernels: EvaluationContext['kernels']
  readonly #memory: EvaluationContext['arena']['memory']
  readonly #windows: RankedWindows
  /** Indices of windowStart and windowEnd. */
  readonly #start: number
  readonly #end: number
  readonly #positions: number
  /** The positions of as many rows as a batch can have, from 0 on. */
  readonly #all: number
  readonly #range: number
  #batch: RecordBatch | undefined
  #ids = 0
  #cursor = 0

  constructor(
    { kernels, arena, maxBatch }: EvaluationContext,
    scope: ArenaScope,
    windows: RankedWindows,
    { startColumn, endColumn }: { readonly startColumn: number; readonly endColumn: number },
  ) {
    this.#kernels = kernels
    this.#memory = arena.memory
    this.#windows = windows
    this.#start = startColumn
    this.#end = endColumn
    this.#positions = scope.allocate(maxBatch * 4)
    this.#all = scope.allocate(maxBatch * 4)
    this.#range = scope.allocate(16)
    const { u32 } = arena.memory
    for (let row = 0; row < maxBatch; row++) u32[(this.#all >>> 2) + row] = row
  }

  get isPending(): boolean {
    return this.#batch !== undefined
  }

  begin(batch: RecordBatch): void {
    this.#batch = batch
    this.#ids = this.#windows.begin(batch)
    this.#cursor = 0
  }

  /** Takes in the rows from the cursor on that are of one window; if others are open that end elsewhere, closes those. */
  take(watermark: number): number {
    const batch = this.#batch!
    const { f64, u32 } = this.#memory
    const starts = batch.columns[this.#start]!.values
    const ends = batch.columns[this.#end]!.values
    const first = rowAt(u32, batch.selection, this.#cursor)
    const startMs = f64[(starts >>> 3) + first]!
    const endMs = f64[(ends >>> 3) + first]!
    if (this.#windows.hasOtherThan(endMs)) {
      this.#windows.closeThrough(Number.POSITIVE_INFINITY)
      return watermark
    }
    const isOne = this.#isOne(batch, starts, startMs) && this.#isOne(batch, ends, endMs)
    const count = isOne ? batch.selectedCount - this.#cursor : this.#listWindow(batch, startMs, endMs)
    const rest = (batch.selection === 0 ? this.#all : batch.selection) + this.#cursor * 4
    this.#windows.add(startMs, endMs, batch, isOne ? rest : this.#positions, count, this.#ids)
    this.#cursor += count
    if (this.#cursor === batch.selectedCount) this.#batch = undefined
    return watermark
  }

  sendLate(): boolean {
    return true
  }

  /** Whether a column of times is `ms` in all rows that are left, as it mostly is: a batch comes of one window. */
  #isOne({ selection, selectedCount }: RecordBatch, values: number, ms: number): boolean {
    const { f64, u32 } = this.#memory
    // Of many windows the last isn't the first: not all rows are looked at for each of them.
    if (f64[(values >>> 3) + rowAt(u32, selection, selectedCount - 1)] !== ms) return false
    this.#kernels.rangeF64(values, selection, this.#cursor, selectedCount, this.#range)
    const range = this.#range >>> 3
    return f64[range] === ms && f64[range + 1] === ms
  }

  /** Lists the rows from the cursor on that are of one window, up to the first that isn't, and returns how many they are. */
  #listWindow({ columns, selection, selectedCount }: RecordBatch, startMs: number, endMs: number): number {
    const { f64, u32 } = this.#memory
    const starts = columns[this.#start]!.values >>> 3
    const ends = columns[this.#end]!.values >>> 3
    let count = 0
    for (let at = this.#cursor; at < selectedCount; at++) {
      const row = rowAt(u32, selection, at)
      if (f64[starts + row] !== startMs || f64[ends + row] !== endMs) break
      u32[(this.#positions >>> 2) + count++] = row
    }
    return count
  }
}
