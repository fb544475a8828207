import type { ColumnField } from './column-buffers.ts'
import type { Dictionary } from './dictionary.ts'
import type { RowFault } from './row-fault.ts'
import { StringCoder, type TextCoder } from './string-coder.ts'

export interface CodedColumns {
  readonly fields: readonly ColumnField[]
  /** By field index; set exactly for `utf8`. */
  readonly dictionaries: readonly (Dictionary | undefined)[]
  /** Names of columns no step reads: their texts are checked like others, and stored as empty ones. */
  readonly unread?: ReadonlySet<string>
}

/** A coder for each `utf8` field, undefined for the others. */
export const textCoders = (
  { fields, dictionaries, unread }: CodedColumns,
  fault: RowFault,
): readonly (TextCoder | undefined)[] =>
  dictionaries.map((dictionary, i) => {
    if (dictionary === undefined) return undefined
    if (unread?.has(fields[i]!.name)) return new EmptyTextCoder(dictionary)
    // Where equal texts need no equal codes, looking for one costs more than another code.
    return dictionary.isDistinct ? new StringCoder(dictionary, fault) : { code: text => dictionary.encode(text) }
  })

/**
 * Every text is the empty one. Keeping texts that are all different takes ten times as long as all else a row needs, so
 * none is kept that nobody will ask for.
 */
class EmptyTextCoder implements TextCoder {
  readonly #dictionary: Dictionary
  #code = 0

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary
    dictionary.onRecycle(() => {
      this.#code = 0
    })
  }

  code(): number {
    if (this.#code === 0) this.#code = this.#dictionary.encode('')
    return this.#code
  }
}
