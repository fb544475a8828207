import { eventInvalid, show } from '../../errors.ts'
import { Arena, ArenaScope } from '../../memory/arena.ts'
import { BatchView } from '../../memory/batch-view.ts'
import { bitmapBytes, ColumnBuffers, dictionariesOf } from '../../memory/column-buffers.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import { type FieldSetter, fieldSetter } from '../../memory/field-setter.ts'
import { LinearMemory } from '../../memory/linear-memory.ts'
import { RowFault } from '../../memory/row-fault.ts'
import { RowReader } from '../../memory/row-reader.ts'
import { checkMaxStringLength, MAX_STRING_LENGTH, RowWriter } from '../../memory/row-writer.ts'
import { StringCoder } from '../../memory/string-coder.ts'
import { type ValueReader, valueReaders } from '../../memory/value-reader.ts'
import { BYTE_WIDTH, type StoredTypeName, storedName } from '../../schema/data-type.ts'
import type { Schema } from '../../schema/schema.ts'

export interface PoolMemoryOptions {
  /** Linear memory the columns may take, in bytes; default 4 GiB less a page. */
  readonly maxMemory?: number
  /** Longest string, in UTF-16 units; default 65,536. */
  readonly maxStringLength?: number
}

/** What a field without a value holds when it can't be null. */
const EMPTY: Readonly<Record<StoredTypeName, number | bigint | boolean | string>> = {
  f64: 0,
  f32: 0,
  i32: 0,
  u32: 0,
  i64: 0n,
  bool: false,
  timestamp: 0,
  utf8: '',
}

/** The fields of all slots of a pool, in columns: slot i is row i. */
export class PoolColumns {
  readonly #schema: Schema
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #dictionaries: readonly (Dictionary | undefined)[]
  readonly #fault: RowFault
  readonly #setters: readonly FieldSetter[]
  readonly #readers: readonly ValueReader[]
  readonly #writer: RowWriter
  readonly #rowReader: RowReader
  readonly #target: { columns: ColumnBuffers }
  readonly #view: BatchView
  #scope: ArenaScope

  constructor(schema: Schema, maxSlots: number, options: PoolMemoryOptions) {
    const { fields } = schema
    const maxStringLength = checkMaxStringLength(options.maxStringLength ?? MAX_STRING_LENGTH)
    this.#schema = schema
    this.#memory = new LinearMemory({ engine: 'js', maxBytes: options.maxMemory ?? Number.POSITIVE_INFINITY })
    this.#arena = new Arena(this.#memory)
    // At most one string for each slot is alive, one for empty fields and one on its way in. Twice that: a sweep then finds
    // at least half of the codes free, so its cost per string is constant.
    this.#dictionaries = dictionariesOf(fields, 2 * (maxSlots + 2))
    this.#scope = new ArenaScope(this.#arena)
    this.#target = { columns: new ColumnBuffers(this.#scope, fields, 0) }
    this.#view = new BatchView(this.#target.columns.types, this.#dictionaries)
    const fault = new RowFault(fields, maxStringLength)
    this.#fault = fault
    this.#setters = fields.map((field, i) => {
      const dictionary = this.#dictionaries[i]
      const coder = dictionary && new StringCoder(dictionary, fault)
      return fieldSetter(field, i, { memory: this.#memory, maxStringLength, coder })
    })
    this.#readers = valueReaders(this.#memory, fields)
    const parts = { memory: this.#memory, fields }
    this.#writer = new RowWriter({ ...parts, target: this.#target, dictionaries: this.#dictionaries, maxStringLength })
    this.#rowReader = new RowReader(parts)
    this.#dictionaries.forEach((dictionary, column) => {
      dictionary?.addOwner(mark => this.#markCodes(column, mark))
    })
  }

  /**
   * Makes room for slots 0 … `to - 1`; those there are keep their content, new ones are empty.
   *
   * @throws EventfluxError `STATE_FULL`, and nothing changed.
   */
  extend(to: number): void {
    const before = this.#target.columns
    const scope = new ArenaScope(this.#arena)
    let columns: ColumnBuffers
    try {
      columns = new ColumnBuffers(scope, this.#schema.fields, to)
    } catch (error) {
      scope.release()
      throw error
    }
    this.#copy(before, columns)
    this.#scope.release()
    this.#scope = scope
    this.#target.columns = columns
    this.#view.show(columns, 0, to)
    for (let i = 0; i < columns.values.length; i++) {
      this.#setters[i]!.bind(columns)
      this.#view.columns[i]!.validity = columns.validity[i]!
    }
    for (let slot = before.rows; slot < to; slot++) this.clear(slot)
  }

  /** Where the fields stand, until the next `extend`. */
  get stored(): { readonly memory: LinearMemory; readonly columns: ColumnBuffers } {
    return { memory: this.#memory, columns: this.#target.columns }
  }

  /** Empties a slot: null where a field may be null, else 0, false or ''. No string is referred to afterwards. */
  clear(slot: number): void {
    const { fields } = this.#schema
    for (let i = 0; i < fields.length; i++) {
      const { type } = fields[i]!
      if (type.isNullable) this.#setters[i]!.setNull(slot)
      else this.#setters[i]!.set(EMPTY[storedName(type)], slot)
    }
  }

  /** @throws EventfluxError `EVENT_INVALID` for a field that isn't there. */
  get(slot: number, name: string): unknown {
    const field = this.#indexOf(name)
    return this.#readers[field]!(this.#view.columns[field]!, slot)
  }

  /** @throws EventfluxError `EVENT_INVALID` for a field that isn't there or a value that doesn't fit; nothing changed. */
  set(slot: number, name: string, value: unknown): void {
    const field = this.#indexOf(name)
    if (this.#setters[field]!.set(value, slot)) return
    this.#fault.value(field, value)
    throw this.#fault.error()
  }

  /** The slot's fields as an object of their own. */
  read(slot: number): unknown {
    return this.#rowReader.readRow(this.#view, slot)
  }

  /** @throws EventfluxError `EVENT_INVALID` for a row that doesn't fit; fields before the one at fault are written. */
  write(slot: number, row: unknown): void {
    let columns: ColumnBuffers
    do {
      columns = this.#target.columns
      if (!this.#writer.writeRow(row, slot)) throw this.#writer.lastError()
      // A getter of the row may have made the pool grow under it.
    } while (columns !== this.#target.columns)
  }

  #indexOf(name: string): number {
    const index = this.#schema.indexOf(name)
    if (index < 0) throw eventInvalid(`the pool's schema has no field ${show(name)}`, { value: name, at: name })
    return index
  }

  #copy(from: ColumnBuffers, to: ColumnBuffers): void {
    const { u8 } = this.#memory
    for (let i = 0; i < from.values.length; i++) {
      const start = from.values[i]!
      u8.copyWithin(to.values[i]!, start, start + from.rows * BYTE_WIDTH[from.types[i]!])
      const bits = from.validity[i]!
      if (bits !== 0) u8.copyWithin(to.validity[i]!, bits, bits + bitmapBytes(from.rows))
    }
  }

  #markCodes(column: number, mark: (code: number) => void): void {
    const { values, rows } = this.#target.columns
    const { i32 } = this.#memory
    const first = values[column]! >>> 2
    for (let slot = 0; slot < rows; slot++) mark(i32[first + slot]!)
  }
}
