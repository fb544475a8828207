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
  readonly kernels = [] as const
  readonly lateRows = 0
  readonly #memory: EvaluationContext['arena']['memory']
  readonly #windows: RankedWindows
  /** Indices of windowStart and windowEnd. */
  readonly #start: number
  readonly #end: number
  readonly #positions: number
  #batch: RecordBatch | undefined
  #ids = 0
  #cursor = 0

  constructor(
    { arena, maxBatch }: EvaluationContext,
    scope: ArenaScope,
    windows: RankedWindows,
    { startColumn, endColumn }: { readonly startColumn: number; readonly endColumn: number },
  ) {
    this.#memory = arena.memory
    this.#windows = windows
    this.#start = startColumn
    this.#end = endColumn
    this.#positions = scope.allocate(maxBatch * 4)
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
    const { selection, selectedCount } = batch
    const starts = batch.columns[this.#start]!.values >>> 3
    const ends = batch.columns[this.#end]!.values >>> 3
    const first = rowAt(u32, selection, this.#cursor)
    const startMs = f64[starts + first]!
    const endMs = f64[ends + first]!
    if (this.#windows.hasOtherThan(endMs)) {
      this.#windows.closeThrough(Number.POSITIVE_INFINITY)
      return watermark
    }
    let count = 0
    for (; this.#cursor < selectedCount; this.#cursor++) {
      const row = rowAt(u32, selection, this.#cursor)
      if (f64[starts + row] !== startMs || f64[ends + row] !== endMs) break
      u32[(this.#positions >>> 2) + count++] = row
    }
    this.#windows.add(startMs, endMs, batch, this.#positions, count, this.#ids)
    if (this.#cursor === selectedCount) this.#batch = undefined
    return watermark
  }

  sendLate(): boolean {
    return true
  }
}
