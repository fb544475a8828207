import { BYTE_WIDTH, type TypeName } from '../schema/data-type.ts'
import type { ColumnBuffers } from './column-buffers.ts'
import type { Dictionary } from './dictionary.ts'
import type { RecordBatch, Vector, WatermarkTrack } from './record-batch.ts'

/** A vector whose owner moves it along its column. */
class VectorView implements Vector {
  readonly type: TypeName
  readonly dictionary: Dictionary | undefined
  values = 0
  validity = 0
  objects: unknown[] | undefined = undefined

  constructor(type: TypeName, dictionary: Dictionary | undefined) {
    this.type = type
    this.dictionary = dictionary
  }
}

/** A batch its owner refills, so that a steady stream of batches allocates nothing. Whoever gets it only reads it. */
export class BatchView implements RecordBatch {
  length = 0
  readonly columns: readonly VectorView[]
  selection = 0
  selectedCount = 0
  origin = 0
  records = 0
  watermarks: WatermarkTrack | undefined = undefined

  constructor(types: readonly TypeName[], dictionaries: readonly (Dictionary | undefined)[]) {
    this.columns = types.map((type, i) => new VectorView(type, dictionaries[i]))
  }

  /**
   * Shows `length` rows of `buffers` from `row` on, all alive; bitmaps stay where the caller puts them, and columns too where
   * there are no buffers.
   */
  show(buffers: ColumnBuffers | undefined, row: number, length: number): void {
    this.length = length
    this.selection = 0
    this.selectedCount = length
    this.origin = 0
    this.watermarks = undefined
    if (buffers === undefined) return
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i]!
      column.values = buffers.values[i]! + row * BYTE_WIDTH[column.type]
    }
  }
}
