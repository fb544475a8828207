import { rowAt } from '../../kernels/rows.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'

/**
 * Where the watermark stands at the rows of a batch, asked for in their order. A row meets the watermark the rows before
 * it left. Rows a filter took out have moved it too: what is counted is rows of the source.
 */
export class RowWatermarks {
  readonly #memory: LinearMemory
  #batch: RecordBatch | undefined
  #current = Number.NEGATIVE_INFINITY
  /** First source row that may raise the watermark beyond `#current`. */
  #next = 0
  /** The source row at which the last cut was made; the batch's length when none was. */
  #stop = 0

  constructor(memory: LinearMemory) {
    this.#memory = memory
  }

  /** Starts over with a batch whose first row meets `watermark`. */
  begin(batch: RecordBatch, watermark: number): void {
    this.#batch = batch
    this.#current = watermark
    this.#next = 0
  }

  /** End of the rows from position `from` of the selection on that meet a watermark below `bound`. */
  cut(bound: number, from: number): number {
    const batch = this.#batch!
    const track = batch.watermarks
    if (track === undefined) return batch.selectedCount
    this.#stop = track.firstRowReaching(bound, this.#next)
    return this.#stop < track.length ? positionAfter(this.#memory, batch, this.#stop, from) : batch.selectedCount
  }

  /** The watermark behind the rows of the last cut, at least as far as the cut was about. */
  afterCut(): number {
    const track = this.#batch!.watermarks
    if (track !== undefined && this.#stop < track.length) {
      this.#current = Math.max(this.#current, track.after(this.#stop))
      this.#next = this.#stop + 1
    }
    return this.#current
  }

  /** The watermark the row at a position of the selection meets. */
  at(position: number): number {
    return this.atRow(rowOf(this.#memory, this.#batch!, position))
  }

  /** The watermark a row of the batch meets. Each raise of the watermark is looked at once a batch. */
  atRow(row: number): number {
    const batch = this.#batch!
    const track = batch.watermarks
    if (track === undefined) return this.#current
    const source = sourceOf(this.#memory, batch, row)
    while (this.#next < source) {
      const raise = track.firstRowReaching(this.#current + 1, this.#next)
      if (raise >= source) {
        this.#next = raise
        break
      }
      this.#current = track.after(raise)
      this.#next = raise + 1
    }
    return this.#current
  }
}

function rowOf({ u32 }: LinearMemory, { selection }: RecordBatch, position: number): number {
  return rowAt(u32, selection, position)
}

function sourceOf({ u32 }: LinearMemory, { origin }: RecordBatch, row: number): number {
  return origin === 0 ? row : u32[(origin >>> 2) + row]!
}

/** First position, from `from` on, whose row stems from a source row after `sourceRow`. */
export function positionAfter(memory: LinearMemory, batch: RecordBatch, sourceRow: number, from: number): number {
  let low = from
  let high = batch.selectedCount
  if (batch.selection === 0 && batch.origin === 0) return Math.max(low, Math.min(sourceRow + 1, high))
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sourceOf(memory, batch, rowOf(memory, batch, middle)) <= sourceRow) low = middle + 1
    else high = middle
  }
  return low
}
