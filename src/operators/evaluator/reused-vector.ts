import type { Dictionary } from '../../memory/dictionary.ts'
import type { Vector } from '../../memory/record-batch.ts'
import type { TypeName } from '../../schema/data-type.ts'

/** A vector whose addresses are set anew for each batch, so that no object is made per batch. */
export class ReusedVector implements Vector {
  readonly type: TypeName
  readonly dictionary: Dictionary | undefined
  values: number
  validity = 0
  objects: unknown[] | undefined = undefined

  constructor(type: TypeName, dictionary: Dictionary | undefined, values: number) {
    this.type = type
    this.dictionary = dictionary
    this.values = values
  }
}
