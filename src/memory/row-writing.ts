import type { ColumnBuffers, ColumnField } from './column-buffers.ts'
import type { LinearMemory } from './linear-memory.ts'
import type { RowFault } from './row-fault.ts'
import type { TextCoder } from './string-coder.ts'

/** Where rows go: a ring, or anything that has columns. Read at the start of every batch. */
export interface RowTarget {
  readonly columns: ColumnBuffers
}

/** What both ways of row writing are made from. */
export interface WriterParts {
  readonly memory: LinearMemory
  readonly target: RowTarget
  readonly fields: readonly ColumnField[]
  /** By field index; set exactly for `utf8`. */
  readonly coders: readonly (TextCoder | undefined)[]
  readonly maxStringLength: number
  readonly fault: RowFault
}

/** The contract of both ways; see RowWriter. */
export interface RowWriting {
  writeRow(event: unknown, row: number): boolean
  writeRows(events: readonly unknown[], from: number, count: number, row: number): number
  /** A run of events that come one by one: the next `rows` of them stand from `row` on. */
  beginRun(row: number, rows: number): void
  /**
   * Writes the next of a run. 1: it is written; -1: it doesn't fit. 0: it has to be written another way, since the run is
   * through, or was ended by what the event's getters do, or because of something that isn't the event's fault.
   */
  writeNext(event: unknown): number
  /** Ends the run; returns how many events are written. */
  endRun(): number
  /** Events of the run that are written, and being written. */
  inRun(): number
  /** Whether one is being written. */
  isWritingNext(): boolean
}
