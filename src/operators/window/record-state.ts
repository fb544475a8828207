import { RECORD_FIELDS, RECORD_ROWS } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { Placed, RecordFields } from './record-fields.ts'

/**
 * Records as bytes: the fields that mean the same in any memory as they stand, row by row; then, accumulator by
 * accumulator, what those hold that have something outside of the record.
 */
export class RecordState {
  readonly #memory: LinearMemory
  readonly #template: Uint32Array
  readonly #codes: RecordFields['codes']
  readonly #owning: readonly Placed[]
  /** Stretches of words that are written as they stand. */
  readonly #plain: readonly { readonly from: number; readonly words: number }[]
  readonly #plainBytes: number

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
  }

  /** The fewest bytes a record takes. */
  get leastBytes(): number {
    return this.#plainBytes + this.#owning.length
  }

  /** Writes ids, and the record of each in an array of records. */
  snapshotKeyed(writer: StateWriter, ids: Uint32Array, records: number, recordBytes: number): void {
    writer.u32(ids.length)
    writer.words(ids, 0, ids.length)
    this.snapshot(
      writer,
      ids.map(id => records + id * recordBytes),
    )
  }

  /** The ids `snapshotKeyed` wrote, each below `idLimit` and there once; `restore` of their records comes next. */
  readIds(reader: StateReader, idLimit: number): Uint32Array {
    const ids = new Uint32Array(reader.count(4 + this.leastBytes))
    const seen = new Uint8Array(idLimit)
    for (let i = 0; i < ids.length; i++) {
      const id = reader.index(idLimit - 1)
      if (seen[id] === 1) reader.refuse(`two records of the key ${id}`)
      seen[id] = 1
      ids[i] = id
    }
    return ids
  }

  /** Writes records in use by their addresses. */
  snapshot(writer: StateWriter, records: ArrayLike<number>): void {
    const { u32 } = this.#memory
    if (this.#plain.length === 1)
      writer.gather(
        u32,
        Uint32Array.from(records, record => record >>> 2),
        this.#plain[0]!.words,
      )
    else
      for (let i = 0; i < records.length; i++)
        for (const { from, words } of this.#plain) writer.words(u32, (records[i]! >>> 2) + from, words)
    for (const { accumulator, at } of this.#owning)
      for (let i = 0; i < records.length; i++) accumulator.snapshot!(writer, records[i]!, at)
  }

  /** Fills records, whose bytes may be anything before, of `leastRows` rows or more. */
  restore(reader: StateReader, records: ArrayLike<number>, leastRows: 0 | 1): void {
    const { u32, f64 } = this.#memory
    for (let i = 0; i < records.length; i++) {
      const record = records[i]!
      u32.set(this.#template, record >>> 2)
      for (const { from, words } of this.#plain) reader.words(u32, (record >>> 2) + from, words)
      const rows = f64[(record + RECORD_ROWS) >>> 3]!
      if (!(Number.isSafeInteger(rows) && rows >= leastRows)) reader.refuse(`a record of ${rows} rows`)
    }
    for (const { accumulator, at } of this.#owning)
      for (let i = 0; i < records.length; i++) accumulator.restore!(reader, records[i]!, at)
    for (const { dictionary, mark } of this.#codes)
      for (let i = 0; i < records.length; i++) mark(records[i]!, code => checkCode(reader, dictionary, code))
  }
}

/** Refuses a code that stands for no string of its dictionary. */
export function checkCode(reader: StateReader, dictionary: Dictionary, code: number): void {
  if (code >= dictionary.codeLimit || (code !== 0 && dictionary.decode(code) === null))
    reader.refuse(`a text has the code ${code}, which no string has`)
}
