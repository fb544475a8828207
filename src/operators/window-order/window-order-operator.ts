import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Operator } from '../operator.ts'
import { OpenWindows, type OrderOptions } from './open-windows.ts'

/**
 * Orders the results of each window for themselves. Windows give their results in the order of their ends, all of one
 * end one after the other, and hand the watermark on behind them: a window is complete when a result of another end
 * comes, or the watermark reaches its last millisecond.
 */
export class WindowOrderOperator implements Operator {
  readonly name = 'order'
  rowsIn = 0
  readonly #windows: OpenWindows
  readonly #next: Operator
  readonly #scope: ArenaScope
  readonly #memory: OrderOptions['context']['arena']['memory']
  /** Indices of windowStart and windowEnd. */
  readonly #start: number
  readonly #end: number
  readonly #positions: number
  #batch: RecordBatch | undefined
  #ids = 0
  #cursor = 0
  #watermark = Number.NEGATIVE_INFINITY
  #forwarded = Number.NEGATIVE_INFINITY

  constructor(options: OrderOptions & { readonly startColumn: number; readonly endColumn: number }) {
    const { arena, maxBatch } = options.context
    this.#scope = new ArenaScope(arena)
    this.#memory = arena.memory
    this.#next = options.next
    this.#start = options.startColumn
    this.#end = options.endColumn
    this.#positions = this.#scope.allocate(maxBatch * 4)
    this.#windows = new OpenWindows(options)
  }

  get rowsOut(): number {
    return this.#windows.rowsOut
  }

  notes(): readonly string[] {
    const { kernels, stateBound } = this.#windows
    return [`kernels ${[...kernels, 'take8'].join(', ')}`, `state: ${stateBound}`]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#ids = this.#windows.begin(batch)
    this.#cursor = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark > this.#watermark) this.#watermark = watermark
    return this.#run()
  }

  nextFiring(): number {
    return Math.min(this.#next.nextFiring(), this.#windows.nextDue)
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#windows.markCodes(dictionary, mark)
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#windows.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then the next rows of the batch. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#windows.emit()) return false
      if (this.#batch !== undefined) {
        this.#takeRows(this.#batch)
        continue
      }
      if (this.#watermark <= this.#forwarded) return true
      this.#windows.closeThrough(this.#watermark)
      if (!this.#windows.emit()) return false
      this.#forwarded = this.#watermark
      return this.#next.advanceWatermark(this.#watermark)
    }
  }

  /** Takes in the rows from the cursor on that are of one window; if others are open that end elsewhere, closes those. */
  #takeRows(batch: RecordBatch): void {
    const { f64, u32 } = this.#memory
    const { selection, selectedCount } = batch
    const starts = batch.columns[this.#start]!.values >>> 3
    const ends = batch.columns[this.#end]!.values >>> 3
    const rowAt = (at: number): number => (selection === 0 ? at : u32[(selection >>> 2) + at]!)
    const first = rowAt(this.#cursor)
    const startMs = f64[starts + first]!
    const endMs = f64[ends + first]!
    if (this.#windows.hasOtherThan(endMs)) {
      this.#windows.closeThrough(Number.POSITIVE_INFINITY)
      return
    }
    let count = 0
    for (; this.#cursor < selectedCount; this.#cursor++) {
      const row = rowAt(this.#cursor)
      if (f64[starts + row] !== startMs || f64[ends + row] !== endMs) break
      u32[(this.#positions >>> 2) + count++] = row
    }
    this.#windows.add(startMs, endMs, batch, this.#positions, count, this.#ids)
    if (this.#cursor === selectedCount) this.#batch = undefined
  }
}
