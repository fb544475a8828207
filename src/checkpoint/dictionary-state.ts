import { checkpointMismatch } from '../errors.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { StateReader } from './state-reader.ts'
import type { StateWriter } from './state-writer.ts'

/** Writes the strings of dictionaries, so that the codes in a state mean the same where it is restored. */
export function writeDictionaries(writer: StateWriter, dictionaries: readonly Dictionary[]): void {
  writer.u32(dictionaries.length)
  for (const { strings } of dictionaries) {
    writer.u32(strings.length)
    for (let code = 1; code < strings.length; code++) {
      const text = strings[code]!
      writer.bool(text !== null)
      if (text !== null) writer.text(text)
    }
  }
}

/** Gives fresh dictionaries the strings that were written, at the codes they had. */
export function readDictionaries(reader: StateReader, dictionaries: readonly Dictionary[]): void {
  const count = reader.count(4)
  if (count !== dictionaries.length)
    throw checkpointMismatch(`the state has ${count} text columns where there are ${dictionaries.length}`, {
      value: count,
    })
  for (const dictionary of dictionaries) {
    const strings: (string | null)[] = [null]
    const limit = reader.u32()
    if (limit === 0 || limit - 1 > reader.remaining) reader.refuse(`${limit - 1} strings don't fit into what is left`)
    while (strings.length < limit) strings.push(reader.bool() ? reader.text() : null)
    if (!dictionary.refill(strings))
      throw checkpointMismatch(
        `the ${strings.length - 1} strings of a text column don't fit its dictionary: maxKeys is lower than it was, or the plan is another`,
        { value: strings.length - 1 },
      )
  }
}
