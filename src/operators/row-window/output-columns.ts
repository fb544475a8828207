import { ArenaScope } from '../../memory/arena.ts'
import { BatchView } from '../../memory/batch-view.ts'
import { ColumnBuffers } from '../../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import { type FieldSetter, fieldSetter } from '../../memory/field-setter.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { RowFault } from '../../memory/row-fault.ts'
import { StringCoder } from '../../memory/string-coder.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { HeldRow } from './row-window.ts'

/** A row on its way out of a window. */
export interface OutputRow {
  readonly time: number
  readonly isCurrent: boolean
  readonly row: HeldRow
  readonly aggregates: readonly unknown[]
}

/** A column of the output and where its values come from. */
export interface OutputColumn extends InputColumn {
  readonly valueOf: (row: OutputRow) => unknown
}

/** Writes rows into columns, up to a batch of them. */
export class OutputColumns {
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #columns: readonly OutputColumn[]
  readonly #setters: readonly FieldSetter[]
  readonly #buffers: ColumnBuffers
  readonly #batch: BatchView
  #written = 0

  constructor({ arena, maxBatch }: EvaluationContext, columns: readonly OutputColumn[]) {
    this.#memory = arena.memory
    this.#scope = new ArenaScope(arena)
    this.#columns = columns
    this.#buffers = new ColumnBuffers(this.#scope, columns, maxBatch)
    this.#batch = new BatchView(
      this.#buffers.types,
      columns.map(({ dictionary }) => dictionary),
    )
    const fault = new RowFault(columns, Number.POSITIVE_INFINITY)
    this.#setters = columns.map((column, i) => {
      const coder = column.dictionary && new StringCoder(column.dictionary, fault)
      const setter = fieldSetter(column, i, { memory: arena.memory, maxStringLength: Number.POSITIVE_INFINITY, coder })
      setter.bind(this.#buffers)
      return setter
    })
  }

  /** The rows from `from` to `to` - 1, at most a batch of them, in place of those written before. */
  write(rows: readonly OutputRow[], from: number, to: number): RecordBatch {
    for (this.#written = 0; from + this.#written < to; this.#written++) {
      const row = rows[from + this.#written]!
      for (let i = 0; i < this.#columns.length; i++)
        this.#setters[i]!.set(this.#columns[i]!.valueOf(row), this.#written)
    }
    this.#batch.show(this.#buffers, 0, to - from)
    this.#batch.columns.forEach((column, i) => {
      column.validity = this.#buffers.validity[i]!
    })
    return this.#batch
  }

  /** Marks the codes of the rows written last: they may still be on their way. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const [i, column] of this.#columns.entries()) {
      if (column.dictionary !== dictionary) continue
      const codes = this.#buffers.values[i]! >>> 2
      for (let row = 0; row < this.#written; row++) mark(this.#memory.u32[codes + row]!)
    }
  }

  close(): void {
    this.#scope.release()
  }
}
