import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'

/** A row as a window holds it: plain values, so that it owns no place in a batch and no code of a dictionary. */
export interface HeldRow {
  /** Rows are numbered in the order they arrived. */
  readonly seq: number
  /** The clock when it arrived; never less than of the row before. */
  readonly time: number
  /** Of the prepared columns; null where the row has none. */
  readonly values: readonly unknown[]
}

/** Where a window tells what becomes of its rows. */
export interface RowEvents {
  /** The row is part of the content from now on. */
  current(row: HeldRow, time: number): void
  /** The row is no longer part of it. Every row that expires was current before. */
  expired(row: HeldRow, time: number): void
  /** A new batch begins: aggregates start afresh. Nobody sees this. */
  reset(): void
}

/**
 * The rows of one key. What one call tells is one chunk: of a window of batches, only the last row of each group may come
 * out of it.
 */
export interface RowWindow {
  onRow(row: HeldRow, events: RowEvents): void
  /** Its timer is due; `at` is the instant it was set for, however late the call comes. */
  onTimer(at: number, events: RowEvents): void
  /** A bounded input is over. */
  onEnd(events: RowEvents): void
  /** The instant of the next `onTimer`, +Infinity for none. Only the calls above change it. */
  readonly nextTimer: number
  /** Rows held. */
  readonly size: number
  /** Whether a new window would do as well: its key can be forgotten. */
  readonly isBlank: boolean
  /** Writes what it holds. */
  snapshot(writer: StateWriter, rows: RowCodec): void
  /** Takes over in a new window what another of its kind held. */
  restore(reader: StateReader, rows: RowCodec): void
}

/** Rows as bytes. */
export interface RowCodec {
  write(writer: StateWriter, row: HeldRow): void
  /** @throws EventfluxError `CHECKPOINT_INVALID` for what is no such row. */
  read(reader: StateReader): HeldRow
}

/** In which order rows leave: never (but for a reset), as they came, or in any order. What aggregates keep depends on it. */
export type Removal = 'none' | 'fifo' | 'any'
