import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'

/** Which rows of a batch an accumulation covers, and where their records stand. */
export interface AbsorbedRows {
  readonly batch: RecordBatch
  /** Record addresses of the rows, one u32 each. */
  readonly addresses: number
  /** Selection the positions `from` … `to` - 1 index (0 = rows themselves). */
  readonly selection: number
  readonly from: number
  readonly to: number
  /** Arrival number of row 0 of the batch; rows of later batches have greater ones. More than 0. */
  readonly rank: number
}

/**
 * The fields one or more aggregates keep in a record (design: init / accumulate / combine / finish). Laws, tested:
 * combine(accumulate(a), accumulate(b)) finishes as accumulate(a ++ b); a fresh record finishes as the empty aggregate.
 */
export interface Accumulator {
  /** Bytes of a record this accumulator uses. */
  readonly bytes: number
  /** Writes the fields of an empty record into the template; `at` is the accumulator's offset in the record. */
  initialise(template: DataView, at: number): void
  accumulate(rows: AbsorbedRows, at: number): void
  /** The records at `target[j]` take in those at `source[j]`, which stand for later rows. */
  combine(target: number, source: number, count: number, at: number): void
  /** Gives back what the record holds outside of itself, and leaves it without. Doing so again changes nothing. */
  release?(record: number, at: number): void
  /** Writes what the record holds outside of itself. Its own fields are written as they stand where there is none. */
  snapshot?(writer: StateWriter, record: number, at: number): void
  /** Gives an empty record what `snapshot` wrote. With the two above, or not at all. */
  restore?(reader: StateReader, record: number, at: number): void
  /** Kernels called per batch, for explain(). */
  readonly kernels: readonly (keyof KernelExports)[]
  /** The name of an aggregate no kernel computes, for explain(). */
  readonly inTypeScript?: string | undefined
}

/** An accumulator and its place in the record. */
export interface Placed<A extends Accumulator = Accumulator> {
  readonly accumulator: A
  readonly at: number
}

/** One pass over rows, for one accumulator or several. */
export interface AccumulatorPass {
  accumulate(rows: AbsorbedRows): void
  readonly kernels: readonly (keyof KernelExports)[]
}
