import { eventInvalid, optionInvalid, show } from '../errors.ts'
import { jsKernels } from '../kernels/js-engine.ts'
import { Arena, ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { COLUMN_ARRAYS } from '../memory/column-arrays.ts'
import { bitmapBytes, ColumnBuffers } from '../memory/column-buffers.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { PreparedColumns } from '../memory/column-source.ts'
import { ColumnWriter } from '../memory/column-writer.ts'
import { LinearMemory } from '../memory/linear-memory.ts'
import { RowReader } from '../memory/row-reader.ts'
import { RowWriter } from '../memory/row-writer.ts'
import { BYTE_WIDTH, storedName } from '../schema/data-type.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import type { RingPort } from './ring-port.ts'
import type { ColumnArrays, SharedStore } from './shared-store.ts'

/** Rows on their way: few enough that they stay in the first-level cache between the two copies. */
const STAGED = 1_024

/**
 * Rows of a schema in the columns of a shared ring. On their way they stand in memory of this thread: values are checked
 * there before a slot is claimed, and made objects there after it was released, so that no code of a user runs while others wait.
 */
export class SharedRowStore<F extends SchemaFields> implements SharedStore<InsertRowOf<F>, ResultRowOf<F>> {
  popped!: ResultRowOf<F>
  readonly #port: RingPort
  readonly #schema: Schema<F>
  readonly #staging = new LinearMemory({ engine: 'js', maxBytes: Number.POSITIVE_INFINITY })
  /** Rows on their way in. */
  readonly #columns: ColumnBuffers
  /** Rows on their way out: a getter of a row on its way in may pop. */
  readonly #taken: ColumnBuffers
  readonly #writer: RowWriter
  readonly #columnWriter: ColumnWriter
  readonly #reader: RowReader
  readonly #view: BatchView

  constructor(port: RingPort, schema: Schema<F>) {
    const { fields } = schema
    const memory = this.#staging
    const arena = new Arena(memory)
    const columns = new ColumnBuffers(new ArenaScope(arena), fields, STAGED)
    const taken = new ColumnBuffers(new ArenaScope(arena), fields, STAGED)
    const dictionaries = fields.map(() => undefined)
    const parts = { memory, fields, target: { columns }, dictionaries }
    this.#port = port
    this.#schema = schema
    this.#columns = columns
    this.#taken = taken
    this.#writer = new RowWriter(parts)
    this.#columnWriter = new ColumnWriter({ ...parts, arena, kernels: jsKernels(memory) })
    this.#reader = new RowReader({ memory, fields })
    this.#view = new BatchView(taken.types, dictionaries)
    this.#view.show(taken, 0, STAGED)
    taken.validity.forEach((bits, i) => {
      this.#view.columns[i]!.validity = bits
    })
  }

  push(event: InsertRowOf<F>, isForced: boolean): number {
    if (!this.#writer.writeRow(event, 0)) throw this.#writer.lastError()
    return this.#publish(isForced ? this.#port.forceClaim() : this.#port.claim(1))
  }

  pop(): number {
    const taken = this.#take(1)
    if (taken > 0) this.popped = this.#reader.readRow(this.#view, 0) as ResultRowOf<F>
    return taken
  }

  pushSome(events: readonly InsertRowOf<F>[], from: number): number {
    const wanted = Math.min(STAGED, events.length - from)
    const rows = this.#writer.writeRows(events, from, wanted, 0)
    if (rows === 0 && wanted > 0) throw this.#writer.lastError()
    return this.#publish(this.#port.claim(rows))
  }

  popSome(max: number, into: ResultRowOf<F>[]): number {
    const taken = this.#take(max)
    for (let row = 0; row < taken; row++) into.push(this.#reader.readRow(this.#view, row) as ResultRowOf<F>)
    return taken
  }

  columnPusher(block: ColumnBlock): (from: number) => number {
    const columns = this.#columnWriter.prepare(block)
    return from => this.#pushRows(columns, from)
  }

  #pushRows(columns: PreparedColumns, from: number): number {
    const wanted = Math.min(STAGED, columns.rows - from)
    if (wanted <= 0) return 0
    const rows = this.#columnWriter.writeColumns(columns, from, wanted, 0)
    if (rows === 0) throw this.#columnWriter.lastError()
    return this.#publish(this.#port.claim(rows))
  }

  popColumns(into: ColumnArrays, max: number): number {
    const { fields } = this.#schema
    const arrays = fields.map(field => this.#arrayFor(field, into))
    const taken = this.#port.take(Math.min(max, ...arrays.map(array => array.length)))
    if (taken <= 0) return taken
    const { u8 } = this.#port.engine.memory
    const slot = this.#port.takenSlot
    for (let i = 0; i < fields.length; i++) {
      const width = BYTE_WIDTH[fields[i]!.type.name]
      const start = this.#port.ring.values[i]! + slot * width
      const array = arrays[i]!
      new Uint8Array(array.buffer, array.byteOffset, taken * width).set(u8.subarray(start, start + taken * width))
    }
    this.#port.release()
    return taken
  }

  /** Copies staged rows into the claim and publishes it. */
  #publish(claimed: number): number {
    if (claimed <= 0) return claimed
    const slot = this.#port.claimedSlot
    const { u8 } = this.#port.engine.memory
    const { values, presence } = this.#port.ring
    for (let i = 0; i < values.length; i++) {
      const width = BYTE_WIDTH[this.#columns.types[i]!]
      copy(this.#staging.u8, this.#columns.values[i]!, u8, values[i]! + slot * width, claimed * width)
      const bits = this.#columns.validity[i]!
      for (let row = 0; bits !== 0 && row < claimed; row++) {
        u8[presence[i]! + slot + row] = (this.#staging.u8[bits + (row >>> 3)]! >>> (row & 7)) & 1
      }
    }
    return this.#port.publish()
  }

  /** Takes up to `max` rows out, to where they are staged. */
  #take(max: number): number {
    const taken = this.#port.take(Math.min(max, STAGED))
    if (taken <= 0) return taken
    const slot = this.#port.takenSlot
    const { u8 } = this.#port.engine.memory
    const { values, presence } = this.#port.ring
    for (let i = 0; i < values.length; i++) {
      const width = BYTE_WIDTH[this.#taken.types[i]!]
      copy(u8, values[i]! + slot * width, this.#staging.u8, this.#taken.values[i]!, taken * width)
      const bits = this.#taken.validity[i]!
      if (bits === 0) continue
      this.#staging.u8.fill(0, bits, bits + bitmapBytes(taken))
      for (let row = 0; row < taken; row++)
        this.#staging.u8[bits + (row >>> 3)]! |= u8[presence[i]! + slot + row]! << (row & 7)
    }
    this.#port.release()
    return taken
  }

  #arrayFor({ name, type }: Schema['fields'][number], into: ColumnArrays): NonNullable<ColumnArrays[string]> {
    if (type.isNullable)
      throw optionInvalid(`column ${show(name)} can be null: read its rows with popBatch`, { at: name })
    const array = into?.[name]
    if (array instanceof COLUMN_ARRAYS[storedName(type)]) return array as NonNullable<ColumnArrays[string]>
    throw eventInvalid(
      `column ${show(name)} (${type.name}) is read into a typed array of its kind, not ${show(array)}`,
      {
        value: array,
        at: name,
      },
    )
  }
}

/** Below some dozens of bytes a loop is faster than the views a copy at once needs. */
function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, bytes: number): void {
  if (bytes > 32) to.set(from.subarray(start, start + bytes), at)
  else for (let i = 0; i < bytes; i++) to[at + i] = from[start + i]!
}
