import type { ColumnField } from './column-buffers.ts'
import type { LinearMemory } from './linear-memory.ts'
import type { RecordBatch } from './record-batch.ts'
import type { RowObject } from './row-reader.ts'
import { valueReaders } from './value-reader.ts'

/**
 * One object that stands for whatever row the cursor is at: its fields are getters, read only when somebody looks. Spread
 * it (`{ ...row }`) to keep a row.
 */
export class RowCursor {
  /** The row looked at; the same object all the time. */
  readonly row: Readonly<RowObject>
  #batch: RecordBatch | undefined
  #position = 0

  constructor(memory: LinearMemory, fields: readonly ColumnField[]) {
    const row: RowObject = {}
    const readers = valueReaders(memory, fields)
    fields.forEach(({ name }, i) => {
      const get = (): unknown =>
        this.#batch === undefined ? undefined : readers[i]!(this.#batch.columns[i]!, this.#position)
      Object.defineProperty(row, name, { get, enumerable: true })
    })
    this.row = Object.preventExtensions(row)
  }

  /** Looks at a position of a batch, alive or not. Returns `row`. */
  moveTo(batch: RecordBatch, position: number): Readonly<RowObject> {
    this.#batch = batch
    this.#position = position
    return this.row
  }

  /** Looks at nothing: all fields are undefined. */
  leave(): void {
    this.#batch = undefined
  }
}
