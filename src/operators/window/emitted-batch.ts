import type { ArenaScope } from '../../memory/arena.ts'
import { bitmapBytes } from '../../memory/column-buffers.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch, Vector } from '../../memory/record-batch.ts'
import { BYTE_WIDTH, type DataType } from '../../schema/data-type.ts'

/** A column that windows write. */
export interface OutputColumn {
  readonly type: DataType
  readonly dictionary: Dictionary | undefined
}

/** The batch results are written into and handed on in, again and again: columns with room for `maxBatch` rows. */
export class EmittedBatch implements RecordBatch {
  length = 0
  selectedCount = 0
  readonly selection = 0
  readonly origin = 0
  /** Set by who has records for its rows. */
  records = 0
  readonly watermarks = undefined
  readonly columns: readonly Vector[]

  constructor(scope: ArenaScope, columns: readonly OutputColumn[], maxBatch: number) {
    this.columns = columns.map(({ type, dictionary }) => ({
      type: type.name,
      values: scope.allocate(maxBatch * BYTE_WIDTH[type.name]),
      validity: type.isNullable ? scope.allocate(bitmapBytes(maxBatch)) : 0,
      dictionary,
      objects: type.name === 'object' ? [] : undefined,
    }))
  }

  /** Its first `count` rows have been written. */
  hold(count: number): void {
    this.length = count
    this.selectedCount = count
  }

  /** Marks the codes of the rows last written: they may still be on their way. */
  markCodes(dictionary: Dictionary, memory: Uint32Array, mark: (code: number) => void): void {
    for (const column of this.columns) {
      if (column.dictionary !== dictionary) continue
      for (let row = 0; row < this.length; row++) mark(memory[(column.values >>> 2) + row]!)
    }
  }
}
