import { RECORD_FIELDS, RECORD_ROWS } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import { IdRuns } from './id-runs.ts'
import type { Placed, RecordFields } from './record-fields.ts'

/**
 * Records as bytes: the fields that mean the same in any memory as they stand, record by record; then, accumulator by
 * accumulator, what those hold that have something outside of the record. Records of keys come in the order of their ids:
 * they stand so in memory, and those that are all fields are copied many at a time.
 */
export class RecordState {
  readonly #memory: LinearMemory
  readonly #template: Uint32Array
  readonly #codes: RecordFields['codes']
  readonly #owning: readonly Placed[]
  /** Stretches of words that are written as they stand. */
  readonly #plain: readonly { readonly from: number; readonly words: number }[]
  readonly #plainBytes: number
  /** Words of a record that is all plain; 0: some of it isn't. */
  readonly #wholeWords: number

  constructor({ frame, accumulators, codes }: RecordFields, template: Uint8Array) {
    this.#memory = frame.memory
    this.#template = new Uint32Array(template.buffer)
    this.#codes = codes
    this.#owning = accumulators.filter(({ accumulator }) => accumulator.release !== undefined)
    const plain = [{ from: 0, words: RECORD_FIELDS / 4 }]
    for (const { accumulator, at } of accumulators) {
      if (accumulator.release !== undefined) continue
      const last = plain.at(-1)!
      if (last.from + last.words === at / 4) last.words += accumulator.bytes / 4
      else plain.push({ from: at / 4, words: accumulator.bytes / 4 })
    }
    this.#plain = plain
    this.#plainBytes = plain.reduce((sum, { words }) => sum + words * 4, 0)
    this.#wholeWords = this.#plainBytes === template.length ? template.length / 4 : 0
  }

  /** The fewest bytes a record takes. */
  get leastBytes(): number {
    return this.#plainBytes + this.#owning.length
  }

  /** Writes ids in the order they stand in, and the record of each in an array of records. */
  snapshotKeyed(writer: StateWriter, ids: Uint32Array, records: number): void {
    writer.u32(ids.length)
    writer.words(ids, 0, ids.length)
    const runs = IdRuns.ofIds(ids)!
    if (this.#wholeWords > 0) runs.writeWords(writer, this.#memory.u32, records >>> 2, this.#wholeWords)
    else this.snapshot(writer, this.#addresses(runs, records))
  }

  /** The ids `snapshotKeyed` wrote, each below `idLimit` and there once; `restoreKeyed` comes next. */
  readIds(reader: StateReader, idLimit: number): KeyedIds {
    const ids = new Uint32Array(reader.count(4 + this.leastBytes))
    reader.words(ids, 0, ids.length)
    const runs = IdRuns.ofIds(ids)
    if (runs === undefined) return reader.refuse('a key has two records')
    if (runs.limit > idLimit) reader.refuse(`a record of the key ${runs.limit - 1}, and there are ${idLimit}`)
    return { ids, runs }
  }

  /** Fills the records of ids in an array of records, whose bytes may be anything before, of a row or more. */
  restoreKeyed(reader: StateReader, { runs }: KeyedIds, records: number): void {
    const addresses = this.#addresses(runs, records)
    if (this.#wholeWords > 0) {
      runs.readWords(reader, this.#memory.u32, records >>> 2, this.#wholeWords)
      this.#check(reader, addresses, 1)
    } else this.restore(reader, addresses, 1)
  }

  /** Writes records in use by their addresses. */
  snapshot(writer: StateWriter, records: Uint32Array): void {
    const { u32 } = this.#memory
    if (this.#plain.length === 1) writer.gather(u32, records, this.#plain[0]!.words)
    else
      for (let i = 0; i < records.length; i++)
        for (const { from, words } of this.#plain) writer.words(u32, (records[i]! >>> 2) + from, words)
    for (const { accumulator, at } of this.#owning)
      for (let i = 0; i < records.length; i++) accumulator.snapshot!(writer, records[i]!, at)
  }

  /** Fills records, whose bytes may be anything before, of `leastRows` rows or more. */
  restore(reader: StateReader, records: Uint32Array, leastRows: 0 | 1): void {
    const { u32 } = this.#memory
    for (let i = 0; i < records.length; i++) {
      const first = records[i]! >>> 2
      u32.set(this.#template, first)
      for (const { from, words } of this.#plain) reader.words(u32, first + from, words)
    }
    for (const { accumulator, at } of this.#owning)
      for (let i = 0; i < records.length; i++) accumulator.restore!(reader, records[i]!, at)
    this.#check(reader, records, leastRows)
  }

  #check(reader: StateReader, records: Uint32Array, leastRows: 0 | 1): void {
    const { f64 } = this.#memory
    for (let i = 0; i < records.length; i++) {
      const rows = f64[(records[i]! + RECORD_ROWS) >>> 3]!
      if (!(Number.isSafeInteger(rows) && rows >= leastRows)) reader.refuse(`a record of ${rows} rows`)
    }
    for (const { dictionary, mark } of this.#codes)
      for (let i = 0; i < records.length; i++) mark(records[i]!, code => checkCode(reader, dictionary, code))
  }

  /** Where the records of ids stand, in the order of the ids. */
  #addresses(runs: IdRuns, records: number): Uint32Array {
    const { length } = this.#template
    const addresses = new Uint32Array(runs.count)
    let at = 0
    runs.eachId(id => {
      addresses[at++] = records + id * length * 4
    })
    return addresses
  }
}

/** Ids of keys in the order their records were begun, and in ascending order. */
export interface KeyedIds {
  readonly ids: Uint32Array
  readonly runs: IdRuns
}

/** Refuses a code that stands for no string of its dictionary. */
export function checkCode(reader: StateReader, dictionary: Dictionary, code: number): void {
  if (code >= dictionary.codeLimit || (code !== 0 && dictionary.decode(code) === null))
    reader.refuse(`a text has the code ${code}, which no string has`)
}
