import { PoolColumns } from '../runtime/event-pool/pool-columns.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import type { PoolMemory } from './pool-memory.ts'

/** Room for one event. */
const STAGED = 0

/**
 * The fields of a shared pool's slots. Values are checked, and made from bytes, in memory of this thread, where one event has
 * room: no code of a user runs while something shared is half written.
 */
export class SharedPoolColumns {
  readonly #schema: Schema
  readonly #memory: PoolMemory
  /** A row on its way in. */
  readonly #incoming: PoolColumns
  /** All else: a getter of a row on its way in may use other events. */
  readonly #staged: PoolColumns

  constructor(schema: Schema, memory: PoolMemory) {
    this.#schema = schema
    this.#memory = memory
    this.#incoming = roomForOne(schema)
    this.#staged = roomForOne(schema)
  }

  /** @throws EventfluxError `EVENT_INVALID` for a field that isn't there. */
  get(slot: number, name: string): unknown {
    const field = this.#schema.indexOf(name)
    if (field >= 0) this.#fetch(slot, field)
    return this.#staged.get(STAGED, name)
  }

  /** Checks a value; `put` writes it. @throws EventfluxError `EVENT_INVALID` for a field that isn't there, or a value that doesn't fit. */
  stage(name: string, value: unknown): void {
    this.#staged.set(STAGED, name, value)
  }

  put(slot: number, name: string): void {
    this.#store(this.#staged, slot, this.#schema.indexOf(name))
  }

  /** Checks a row; `putRow` writes it. @throws EventfluxError `EVENT_INVALID` for one that doesn't fit. */
  stageRow(row: unknown): void {
    this.#incoming.write(STAGED, row)
  }

  putRow(slot: number): void {
    for (let field = 0; field < this.#schema.fields.length; field++) this.#store(this.#incoming, slot, field)
  }

  /** The slot's fields as an object of their own. */
  read(slot: number): unknown {
    for (let field = 0; field < this.#schema.fields.length; field++) this.#fetch(slot, field)
    return this.#staged.read(STAGED)
  }

  /** Empties a slot: null where a field may be null, else 0 or false. Both are bytes of zero. */
  clear(slot: number): void {
    const { u8, values, presence } = this.#memory
    const { types } = this.#staged.stored.columns
    // For so few bytes a call costs more than the bytes.
    for (let field = 0; field < types.length; field++) {
      const width = BYTE_WIDTH[types[field]!]
      const start = values[field]! + slot * width
      for (let i = 0; i < width; i++) u8[start + i] = 0
      if (presence[field] !== 0) u8[presence[field]! + slot] = 0
    }
  }

  #fetch(slot: number, field: number): void {
    const { memory, columns } = this.#staged.stored
    const width = BYTE_WIDTH[columns.types[field]!]
    const from = this.#memory.values[field]! + slot * width
    const to = columns.values[field]!
    for (let i = 0; i < width; i++) memory.u8[to + i] = this.#memory.u8[from + i]!
    const bits = columns.validity[field]!
    if (bits !== 0) memory.u8[bits] = this.#memory.u8[this.#memory.presence[field]! + slot]!
  }

  #store(from: PoolColumns, slot: number, field: number): void {
    const { memory, columns } = from.stored
    const width = BYTE_WIDTH[columns.types[field]!]
    const at = columns.values[field]!
    const to = this.#memory.values[field]! + slot * width
    for (let i = 0; i < width; i++) this.#memory.u8[to + i] = memory.u8[at + i]!
    const bits = columns.validity[field]!
    if (bits !== 0) this.#memory.u8[this.#memory.presence[field]! + slot] = memory.u8[bits]! & 1
  }
}

function roomForOne(schema: Schema): PoolColumns {
  const columns = new PoolColumns(schema, 1, {})
  columns.extend(1)
  return columns
}
