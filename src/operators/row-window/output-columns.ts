import { ArenaScope } from '../../memory/arena.ts'
import { ColumnBuffers } from '../../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch, Vector } from '../../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import { type ResultWriter, resultWriter } from '../window/result-writer.ts'
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
  readonly #writers: readonly ResultWriter[]
  readonly #vectors: readonly Vector[]
  readonly #batch: { -readonly [K in keyof RecordBatch]: RecordBatch[K] }
  #written = 0

  constructor({ arena, maxBatch }: EvaluationContext, columns: readonly OutputColumn[]) {
    this.#memory = arena.memory
    this.#scope = new ArenaScope(arena)
    this.#columns = columns
    const { values, validity } = new ColumnBuffers(this.#scope, columns, maxBatch)
    this.#vectors = columns.map(({ type, dictionary }, i) => ({
      type: type.name,
      values: values[i]!,
      validity: validity[i]!,
      dictionary,
      objects: type.name === 'object' ? [] : undefined,
    }))
    this.#writers = columns.map(({ type, dictionary }) =>
      dictionary === undefined ? resultWriter(arena.memory, type) : textWriter(arena.memory, dictionary),
    )
    this.#batch = {
      length: 0,
      columns: this.#vectors,
      selection: 0,
      selectedCount: 0,
      origin: 0,
      watermarks: undefined,
    }
  }

  /**
   * The rows from `from` to `to` - 1, at most a batch of them, in place of those written before.
   *
   * @throws EventfluxError `STAGE_FAILED` for a result of a user's aggregate that isn't of its type.
   */
  write(rows: readonly OutputRow[], from: number, to: number): RecordBatch {
    for (this.#written = 0; from + this.#written < to; this.#written++) {
      const row = rows[from + this.#written]!
      for (let i = 0; i < this.#columns.length; i++)
        this.#writers[i]!(this.#columns[i]!.valueOf(row), this.#written, this.#vectors[i]!)
    }
    this.#batch.length = to - from
    this.#batch.selectedCount = to - from
    return this.#batch
  }

  /** Marks the codes of the rows written last: they may still be on their way. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const vector of this.#vectors) {
      if (vector.dictionary !== dictionary) continue
      for (let row = 0; row < this.#written; row++) mark(this.#memory.u32[(vector.values >>> 2) + row]!)
    }
  }

  close(): void {
    this.#scope.release()
  }
}

/** Texts stand as codes; 0 is the null of a dictionary. Rows come in order, and the spare bits of the last byte are 0. */
function textWriter(memory: LinearMemory, dictionary: Dictionary): ResultWriter {
  return (value, row, { values, validity }) => {
    const isNull = value === null || value === undefined
    memory.i32[(values >>> 2) + row] = isNull ? 0 : dictionary.encode(value as string)
    if (validity === 0) return
    const byte = validity + (row >>> 3)
    if ((row & 7) === 0) memory.u8[byte] = 0
    if (!isNull) memory.u8[byte]! |= 1 << (row & 7)
  }
}
