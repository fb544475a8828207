import type { BatchView } from './batch-view.ts'
import type { ColumnBuffers, ColumnField } from './column-buffers.ts'
import type { CodeMarker, Dictionary } from './dictionary.ts'

/**
 * The queue of rows between two tasks, in columns. One producer claims rows, writes them and publishes; one consumer
 * polls what is there, works on it in place and releases it. Numbers tell what was possible; nothing here throws on
 * full or empty.
 */
export interface RowRing {
  readonly fields: readonly ColumnField[]
  /** By field index; set exactly for `utf8`. */
  readonly dictionaries: readonly (Dictionary | undefined)[]
  /** Rows it can hold. */
  readonly capacity: number
  /** Rows published and not released: those being processed count. */
  readonly length: number
  /** Rows that can be published before it is full: `capacity - length`. */
  readonly free: number
  readonly isEmpty: boolean
  readonly isFull: boolean
  readonly isClosed: boolean
  /** Bytes of linear memory it holds. */
  readonly bytes: number

  /** Where claimed rows are written. Read it after `claim`: growth changes it. */
  readonly columns: ColumnBuffers
  /** Position in `columns` of the first claimed row. */
  readonly writeRow: number
  /** How many rows, at most `n`, can be written from `writeRow` on without a wrap: 0 when full or closed. */
  room(n: number): number
  /** The same, of rows that are written now: their codes are marked. Claiming reserves nothing and may be repeated. */
  claim(n: number): number
  /** `claim(1)` and `writeRow` in one call, for rows that come one by one: the position to write at, or -1. */
  claimRow(): number
  /** Hands the first `n` claimed rows to the consumer. */
  publish(n: number): void

  /**
   * The oldest rows, at most `max`, up to the wrap, in place; length 0 when there are none. The batch is one reused
   * object; it stays valid until rows of it are released or the next poll. Without a release, the next poll starts at
   * the same row.
   */
  poll(max: number): BatchView
  /** Gives the `n` oldest rows back to the producer; `n` is at most the length of the last batch polled. */
  release(n: number): void
  /**
   * Drops the `n` oldest rows, fewer when there aren't as many; returns how many. While a polled batch isn't released its
   * rows are in use and nothing can be dropped: 0.
   */
  evictOldest(n: number): number

  /** Marks the codes of `dictionary` in published rows and in those claimed and maybe written already. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void
  /** Drops all rows and gives the memory back. Calling it again does nothing. */
  close(): void
}
