import type { TypeName } from '../schema/data-type.ts'
import type { Dictionary } from './dictionary.ts'

/**
 * One column of a batch: where its values stand. `values` is the address of element 0; `validity` the address of a
 * bitmap whose bit 0 is row 0, or 0 when every row has a value. `dictionary` is set exactly for `utf8`.
 */
export interface Vector {
  readonly type: TypeName
  readonly values: number
  readonly validity: number
  readonly dictionary: Dictionary | undefined
  /** Of an `object` column: what its values, as u32, are positions in. */
  readonly objects?: unknown[] | undefined
}

/**
 * Rows between two operators: `length` rows in columns, of which those listed in `selection` (or all, when it is 0)
 * are alive. Columns stay where they are; operators add columns and narrow the selection. Valid until `process` of the
 * next operator returned true, or `resume` did.
 */
export interface RecordBatch {
  readonly length: number
  readonly columns: readonly Vector[]
  /** Address of `selectedCount` ascending u32 positions, or 0: all rows. */
  readonly selection: number
  /** Rows alive: the length of the selection, or `length` without one. */
  readonly selectedCount: number
  /**
   * For each row its position in the source batch that `watermarks` speaks of: address of `length` ascending u32, or 0
   * when row i stems from source row i.
   */
  readonly origin: number
  /** The watermark as of each source row; undefined below a window, where it advances between batches only. */
  readonly watermarks: WatermarkTrack | undefined
  /** Where rows stand for many: the address of a record of partial results for each of them, side by side. */
  readonly records?: number
  /** What went wrong when columns were computed, by row: whoever takes such a row in throws it. Mostly nothing did. */
  readonly faults?: ReadonlyMap<number, Error> | undefined
}

/** Answers how far the watermark is at each row of a source batch, without a value per row. */
export interface WatermarkTrack {
  /** Rows of the source batch. */
  readonly length: number
  /** Event times of the source batch: every row's is between the two. */
  readonly least: number
  readonly greatest: number
  /** First row ≥ `from` after which the watermark is at least `watermark`, or `length`. */
  firstRowReaching(watermark: number, from: number): number
  /** The watermark after row `row` (−1: before the batch). Only asked for rows that firstRowReaching returned, −1 and the last. */
  after(row: number): number
}
