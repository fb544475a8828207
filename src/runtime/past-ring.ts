import type { PreparedColumns } from '../memory/column-source.ts'
import type { ColumnsElsewhere, ColumnWriter } from '../memory/column-writer.ts'
import type { SharedColumns } from '../memory/lendable-columns.ts'
import type { RowRing } from '../memory/row-ring.ts'
import type { Lending } from '../operators/lending.ts'
import type { Loan } from './loan.ts'

/** Who takes rows past the ring of a job. */
export interface WayPastRing {
  /** Whether the job is between two batches. */
  readonly isFree: () => boolean
  /** `write` writes them, or says that it can't. False: they have to go through the ring. */
  readonly takeColumns: (rows: number, write: (to: ColumnsElsewhere) => boolean) => boolean
  /** Works on them where they stand; undefined: nothing can be lent. */
  readonly lending: Lending | undefined
}

/** Takes some rows of a block, from one on: whether it has. `'full'`: they have to wait. */
export type TakePast = (from: number, rows: number) => boolean | 'full'

/** Sends columns that can be copied whole past the ring of a job while that is empty; those that are lent, as they stand. */
export class PastRing {
  readonly #way: WayPastRing
  readonly #ring: RowRing
  readonly #columns: ColumnWriter
  readonly #leastRows: number
  /** Memory that columns to lend stand in. */
  readonly #shared: SharedColumns[] = []

  constructor(
    way: WayPastRing,
    { ring, columns, maxBatch }: { readonly ring: RowRing; readonly columns: ColumnWriter; readonly maxBatch: number },
  ) {
    this.#way = way
    this.#ring = ring
    this.#columns = columns
    // Fewer are better put together with those that come next.
    this.#leastRows = maxBatch / 2
  }

  /** Memory for columns to lend; undefined: it can't be had. */
  share(bytes: number): ArrayBufferLike | undefined {
    const shared = this.#way.lending?.share(bytes)
    if (shared !== undefined) this.#shared.push(shared)
    return shared?.memory.u8.buffer
  }

  /** How rows of a block go past the ring; undefined: they can't. @param loan Set where the block is lent. */
  of(block: PreparedColumns, loan: Loan | undefined): TakePast | undefined {
    const columns = this.#columns
    if (!columns.copiesWhole(block)) return undefined
    const { isFree, takeColumns, lending } = this.#way
    const shared = loan && this.#shared.find(each => columns.isLendable(block, each))
    return (from, rows) => {
      if (rows < this.#leastRows || !this.#ring.isEmpty || !isFree()) return false
      if (shared !== undefined) {
        const where = () => columns.lent(block, from, rows, shared)
        const result = lending!.take({ rows, shared, columns: where, taken: loan!.hold })
        if (result !== 'refused') return result === 'full' ? 'full' : true
      }
      return takeColumns(rows, to => columns.writeElsewhere(block, from, rows, to))
    }
  }
}
