import { rowAt } from '../../kernels/rows.ts'
import type { Arena, ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { AbsorbedRows } from './accumulator.ts'
import type { RecordLayout } from './record-layout.ts'
import { RowWatermarks } from './row-watermarks.ts'
import { RowsTooLate, type SendLate } from './rows-too-late.ts'

/**
 * The rows of a batch on their way into records: which row is next, its key id and time, the watermark it meets, and the
 * stretch of rows whose records are known and whose values the accumulators take in together.
 */
export class BatchRows {
  readonly watermarks: RowWatermarks
  /** Rows that were left out, until more are taken in. */
  readonly late: RowsTooLate
  readonly #memory: LinearMemory
  readonly #layout: RecordLayout
  readonly #timeColumn: number
  readonly #addresses: number
  readonly #absorbed: { -readonly [K in keyof AbsorbedRows]: AbsorbedRows[K] }
  #batch: RecordBatch = NO_BATCH
  #time = 0
  #ids = 0
  /** The row whose record address stands first. */
  #from = 0
  /** First row that isn't accumulated yet. */
  #added = 0
  /** Arrival number of the batch's first row. */
  #rank = 0
  #nextRank = 1
  /** Next row, as a position in the batch's selection. */
  cursor = 0

  constructor(
    arena: Arena,
    scope: ArenaScope,
    options: { layout: RecordLayout; timeColumn: number; maxBatch: number; sendLate: SendLate | undefined },
  ) {
    this.#memory = arena.memory
    this.#layout = options.layout
    this.#timeColumn = options.timeColumn
    this.#addresses = scope.allocate(options.maxBatch * 4)
    this.late = new RowsTooLate(arena.memory, scope, options.maxBatch, options.sendLate)
    this.watermarks = new RowWatermarks(arena.memory)
    this.#absorbed = { batch: NO_BATCH, addresses: 0, selection: 0, from: 0, to: 0, rank: 0 }
  }

  /** Starts on a batch whose first row meets `watermark`; `ids`: addresses of the key ids by row, 0 without a key. */
  begin(batch: RecordBatch, ids: number, watermark: number): void {
    this.#rank = this.#nextRank
    this.#nextRank += batch.length
    this.#batch = batch
    this.#ids = ids
    this.#time = batch.columns[this.#timeColumn]!.values
    this.cursor = 0
    this.watermarks.begin(batch, watermark)
  }

  /** Arrival number of the first row to come. */
  get nextRank(): number {
    return this.#nextRank
  }

  set nextRank(rank: number) {
    this.#nextRank = rank
  }

  /** Whether rows of the batch are left. */
  get isPending(): boolean {
    return this.cursor < this.#batch.selectedCount
  }

  /** Rows of the batch. */
  get count(): number {
    return this.#batch.selectedCount
  }

  /** Whether the watermark moves on from row to row; below another window it doesn't. */
  get isTracked(): boolean {
    return this.#batch.watermarks !== undefined
  }

  /** What kernels take: address of the times, of the ids, and of the selection. */
  get time(): number {
    return this.#time
  }

  get ids(): number {
    return this.#ids
  }

  get selection(): number {
    return this.#batch.selection
  }

  /** The columns of the batch. */
  get columns(): RecordBatch['columns'] {
    return this.#batch.columns
  }

  idAt(position: number): number {
    return this.#ids === 0 ? 0 : this.#memory.u32[(this.#ids >>> 2) + this.rowAt(position)]!
  }

  timeAt(position: number): number {
    return this.#memory.f64[(this.#time >>> 3) + this.rowAt(position)]!
  }

  /** Starts a stretch of rows at the cursor. */
  startStretch(): void {
    this.#from = this.cursor
    this.#added = this.cursor
  }

  /** Where the record address of a row of the stretch belongs. */
  addressOf(position: number): number {
    return this.#addresses + (position - this.#from) * 4
  }

  /** Says which record a row of the stretch goes to. */
  put(position: number, record: number): void {
    this.#memory.u32[this.addressOf(position) >>> 2] = record
  }

  /** Has the accumulators take in the rows before a position. */
  accumulateTo(position: number): void {
    if (position > this.#added) {
      const rows = this.#absorbed
      rows.batch = this.#batch
      rows.addresses = this.addressOf(this.#added)
      rows.selection = this.#batch.selection
      rows.from = this.#added
      rows.to = position
      rows.rank = this.#rank
      this.#layout.accumulate(rows)
    }
    this.#added = position
  }

  /** Leaves a row out that comes too late. */
  skipLate(position: number): void {
    this.accumulateTo(position)
    this.#added = position + 1
    this.late.addRow(this.rowAt(position))
  }

  /** Where in its columns the row at a position stands. */
  rowAt(position: number): number {
    const { selection } = this.#batch
    return rowAt(this.#memory.u32, selection, position)
  }
}

const NO_BATCH: RecordBatch = {
  length: 0,
  columns: [],
  selection: 0,
  selectedCount: 0,
  origin: 0,
  watermarks: undefined,
}
