import type { Dictionary } from '../memory/dictionary.ts'
import { captureDictionaries, readDictionaries } from './dictionary-state.ts'
import type { StateReader } from './state-reader.ts'
import type { StateWriter } from './state-writer.ts'
import type { Steps } from './steps.ts'

/** A text column that rows come in with. */
export interface TextColumn {
  readonly name: string
  readonly dictionary: Dictionary
}

/** The text columns among columns. */
export function textsOf(
  columns: readonly { readonly name: string; readonly dictionary?: Dictionary | undefined }[],
): TextColumn[] {
  return columns.flatMap(({ name, dictionary }) => (dictionary === undefined ? [] : { name, dictionary }))
}

/**
 * Takes the strings of text columns as they are, to be written step by step when others have gone on:
 *
 * ```
 *   u32 columns · the name of each · their dictionaries
 * ```
 */
export function captureTexts(columns: readonly TextColumn[]): (writer: StateWriter) => Steps<void> {
  const write = captureDictionaries(columns.map(({ dictionary }) => dictionary))
  return function* writing(writer) {
    writer.u32(columns.length)
    for (const { name } of columns) writer.text(name)
    yield* write(writer)
  }
}

/**
 * Gives the columns of fresh dictionaries the strings of those that had their names, wherever they stand in the schema now. A
 * column that was not there begins with none; of one that is no longer there no state can speak.
 */
export function readTexts(reader: StateReader, columns: readonly TextColumn[]): void {
  const byName = new Map(columns.map(({ name, dictionary }) => [name, dictionary]))
  const found: (Dictionary | undefined)[] = []
  const seen = new Set<string>()
  for (let left = reader.count(5); left > 0; left--) {
    const name = reader.text()
    if (seen.has(name)) reader.refuse(`two text columns are called ${JSON.stringify(name)}`)
    seen.add(name)
    found.push(byName.get(name))
  }
  readDictionaries(reader, found)
}
