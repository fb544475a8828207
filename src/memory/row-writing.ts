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
}
