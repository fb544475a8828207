import { checkpointMismatch } from '../errors.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { StateReader } from './state-reader.ts'
import type { StateWriter } from './state-writer.ts'
import { allSteps, type Steps } from './steps.ts'

/** Strings that are written as one text: encoding costs more per text than per character. */
const STRINGS_A_TEXT = 1024
/** The length of a code that stands for none. */
const NONE = 0xffffffff

/** Writes the strings of dictionaries, so that the codes in a state mean the same where it is restored. */
export function writeDictionaries(writer: StateWriter, dictionaries: readonly Dictionary[]): void {
  allSteps(captureDictionaries(dictionaries)(writer))
}

/**
 * Takes the strings of dictionaries as they are, to be written step by step when others have gone on:
 *
 * ```
 *   u32 dictionaries · for each
 *     u32 codes, the null code included · for each 1024 of the others
 *       u32 for each, how many code units its string has; 2^32 - 1: it stands for none
 *       the strings, as one text
 * ```
 */
export function captureDictionaries(dictionaries: readonly Dictionary[]): (writer: StateWriter) => Steps<void> {
  // No state refers to the codes of a dictionary that isn't distinct.
  const captured = dictionaries.map(({ isDistinct, strings }) => (isDistinct ? strings.slice() : [null]))
  return writer => writingSteps(writer, captured)
}

function* writingSteps(writer: StateWriter, dictionaries: readonly (readonly (string | null)[])[]): Steps<void> {
  const lengths = new Uint32Array(STRINGS_A_TEXT)
  writer.u32(dictionaries.length)
  for (const strings of dictionaries) {
    writer.u32(strings.length)
    for (let from = 1; from < strings.length; from += STRINGS_A_TEXT) {
      const some = strings.slice(from, from + STRINGS_A_TEXT)
      for (let i = 0; i < some.length; i++) lengths[i] = some[i]?.length ?? NONE
      writer.words(lengths, 0, some.length)
      const before = writer.length
      // Halves of pairs that meet here are two halves again when they are cut apart.
      writer.text(some.join(''))
      yield writer.length - before
    }
  }
}

/**
 * Gives fresh dictionaries the strings that were written, at the codes they had; of a part, those that are asked for. Where
 * there is none, the strings are passed over.
 */
export function readDictionaries(reader: StateReader, dictionaries: readonly (Dictionary | undefined)[]): void {
  const count = reader.count(4)
  if (count !== dictionaries.length)
    throw checkpointMismatch(`the state has ${count} text columns where there are ${dictionaries.length}`, {
      value: count,
    })
  for (const dictionary of dictionaries) {
    const strings = stringsOf(reader)
    if (dictionary?.isDistinct !== true) continue
    if (reader.part !== undefined) reader.part.setStrings(dictionary, strings)
    else if (!dictionary.refill(strings))
      throw checkpointMismatch(
        `the ${strings.length - 1} strings of a text column don't fit its dictionary: maxKeys is lower than it was, or the plan is another`,
        { value: strings.length - 1 },
      )
  }
}

function stringsOf(reader: StateReader): (string | null)[] {
  const limit = reader.u32()
  if (limit === 0 || (limit - 1) * 4 > reader.remaining)
    reader.refuse(`${limit - 1} strings don't fit into what is left`)
  const strings: (string | null)[] = [null]
  const lengths = new Uint32Array(STRINGS_A_TEXT)
  while (strings.length < limit) {
    const some = Math.min(STRINGS_A_TEXT, limit - strings.length)
    reader.words(lengths, 0, some)
    const text = reader.text()
    let at = 0
    for (let i = 0; i < some; i++) {
      const length = lengths[i]!
      if (length === NONE) strings.push(null)
      else strings.push(text.slice(at, (at += length)))
      if (at > text.length) reader.refuse(`a string of ${length} code units is longer than what is left of its text`)
    }
    if (at < text.length) reader.refuse(`a text of ${text.length} code units has strings of ${at}`)
  }
  return strings
}
