import { RECORD_FIELDS, RECORD_ROWS } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { Placed } from './accumulator.ts'
import { IdRuns } from './id-runs.ts'
import type { KeyIds } from './key-ids.ts'
import type { CodeField, RecordFields } from './record-fields.ts'

/**
 * Records as bytes: the fields that mean the same in any memory as they stand, record by record; then, accumulator by
 * accumulator, what those hold that have something outside of the record. Records of keys come in the order of their ids:
 * they stand so in memory, and those that are all fields are copied many at a time.
 */
export class RecordState {
  readonly #memory: LinearMemory
  readonly #arena: Arena
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
    this.#arena = frame.arena
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

  /** The ids `snapshotKeyed` wrote, each there once; `restoreKeyed` comes next. */
  readIds(reader: StateReader, keys: KeyIds): KeyedIds {
    const ids = new Uint32Array(reader.count(4 + this.leastBytes))
    reader.words(ids, 0, ids.length)
    const runs = IdRuns.ofIds(ids)
    if (runs === undefined) return reader.refuse('a key has two records')
    if (runs.limit > keys.limit) reader.refuse(`a record of the key ${runs.limit - 1}, and there are ${keys.limit}`)
    if (reader.part === undefined) return { ids, runs, keys }
    return { ids: Uint32Array.from([...ids].map(id => keys.of(id)).filter(id => id >= 0)), runs, keys }
  }

  /** Fills the records of ids in an array of records, whose bytes may be anything before, of a row or more. */
  restoreKeyed(reader: StateReader, { runs, keys }: KeyedIds, records: number): void {
    if (this.#wholeWords > 0 && reader.part === undefined) {
      runs.readWords(reader, this.#memory.u32, records >>> 2, this.#wholeWords)
      this.#check(reader, this.#addresses(runs, records), 1)
    } else this.restore(reader, this.#addresses(runs, records, keys), 1)
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

  /** Fills records, whose bytes may be anything before, of `leastRows` rows or more; 0: it is another's, and passed over. */
  restore(reader: StateReader, records: Uint32Array, leastRows: 0 | 1): void {
    if (!records.includes(0)) {
      this.#fill(reader, records)
      for (const { accumulator, at } of this.#owning)
        for (let i = 0; i < records.length; i++) accumulator.restore!(reader, records[i]!, at)
      this.#check(reader, records, leastRows)
      return
    }
    const bytes = this.#template.byteLength
    const spare = this.#arena.allocate(bytes)
    const filled = records.map(record => record || spare)
    this.#fill(reader, filled)
    for (const { accumulator, at } of this.#owning)
      for (const record of filled) {
        if (record === spare) this.#memory.u32.set(this.#template, spare >>> 2)
        accumulator.restore!(reader, record, at)
        if (record === spare) accumulator.release!(record, at)
      }
    this.#check(
      reader,
      records.filter(record => record !== 0),
      leastRows,
    )
    this.#arena.release(spare, bytes)
  }

  #fill(reader: StateReader, records: Uint32Array): void {
    const { u32 } = this.#memory
    for (let i = 0; i < records.length; i++) {
      const first = records[i]! >>> 2
      u32.set(this.#template, first)
      for (const { from, words } of this.#plain) reader.words(u32, first + from, words)
    }
  }

  #check(reader: StateReader, records: Uint32Array, leastRows: 0 | 1): void {
    const { f64 } = this.#memory
    for (let i = 0; i < records.length; i++) {
      const rows = f64[(records[i]! + RECORD_ROWS) >>> 3]!
      if (!(Number.isSafeInteger(rows) && rows >= leastRows)) reader.refuse(`a record of ${rows} rows`)
    }
    for (const field of this.#codes) for (const record of records) restoreCodes(reader, field, record)
  }

  /** Where the records of ids stand, in the order of the ids; 0: it is another's. */
  #addresses(runs: IdRuns, records: number, keys?: KeyIds): Uint32Array {
    const { length } = this.#template
    const addresses = new Uint32Array(runs.count)
    let at = 0
    runs.eachId(id => {
      const own = keys === undefined ? id : keys.of(id)
      addresses[at++] = own < 0 ? 0 : records + own * length * 4
    })
    return addresses
  }
}

/** Ids of keys: as they are here, in the order their records were begun; and as they are in the state, ascending. */
interface KeyedIds {
  readonly ids: Uint32Array
  readonly runs: IdRuns
  readonly keys: KeyIds
}

function restoreCodes(reader: StateReader, { dictionary, mark, replace }: CodeField, record: number): void {
  const { part } = reader
  if (part === undefined) mark(record, code => checkCode(reader, dictionary, code))
  else replace(record, code => part.codeOf(reader, dictionary, code))
}

/** Refuses a code that stands for no string of its dictionary. */
export function checkCode(reader: StateReader, dictionary: Dictionary, code: number): void {
  if (code >= dictionary.codeLimit || (code !== 0 && dictionary.decode(code) === null))
    reader.refuse(`a text has the code ${code}, which no string has`)
}
