import { Arena, ArenaScope } from '../../memory/arena.ts'
import { BatchView } from '../../memory/batch-view.ts'
import { ColumnBuffers, columnBytes, dictionariesOf } from '../../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import { LinearMemory } from '../../memory/linear-memory.ts'
import { RowReader } from '../../memory/row-reader.ts'
import { MAX_STRING_LENGTH, RowWriter } from '../../memory/row-writer.ts'
import { BYTE_WIDTH } from '../../schema/data-type.ts'
import type { InsertRowOf, ResultRowOf } from '../../schema/row-types.ts'
import type { Schema, SchemaFields } from '../../schema/schema.ts'
import { type EventStore, slotsFor } from './event-store.ts'

/** Most strings alive in a column at once; memory runs out before. */
const MAX_CODES = 2 ** 31 - 1

export interface RowStoreOptions {
  /** Linear memory the columns may take, in bytes; default 4 GiB less a page. */
  readonly maxMemory?: number
  /** Longest string, in UTF-16 units; default 65,536. */
  readonly maxStringLength?: number
}

/** A ring of rows, one array per column: what is queued is no object, so the garbage collector has nothing to walk. */
export class RowStore<F extends SchemaFields> implements EventStore<InsertRowOf<F>, ResultRowOf<F>> {
  readonly #schema: Schema<F>
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #dictionaries: readonly (Dictionary | undefined)[]
  readonly #target: { columns: ColumnBuffers }
  readonly #writer: RowWriter
  readonly #reader: RowReader
  /** All of the columns as one batch, addressed by slot. */
  readonly #view: BatchView
  #scope: ArenaScope
  #capacity: number
  #mask: number
  #head = 0
  #tail = 0

  /** @throws EventfluxError `STATE_FULL` when `maxMemory` is too small for the capacity. */
  constructor(schema: Schema<F>, capacity: number, options: RowStoreOptions) {
    const { fields } = schema
    const memory = new LinearMemory({ engine: 'js', maxBytes: options.maxMemory ?? Number.POSITIVE_INFINITY })
    const slots = slotsFor(capacity)
    this.#schema = schema
    this.#memory = memory
    this.#arena = new Arena(memory)
    this.#dictionaries = dictionariesOf(fields, MAX_CODES)
    this.#dictionaries.forEach((dictionary, column) => {
      dictionary?.addOwner(mark => this.#markCodes(column, mark))
    })
    this.#scope = new ArenaScope(this.#arena)
    const target = { columns: new ColumnBuffers(this.#scope, fields, slots) }
    const maxStringLength = options.maxStringLength ?? MAX_STRING_LENGTH
    this.#target = target
    this.#writer = new RowWriter({ memory, target, fields, dictionaries: this.#dictionaries, maxStringLength })
    this.#reader = new RowReader({ memory, fields })
    this.#view = new BatchView(target.columns.types, this.#dictionaries)
    this.#capacity = capacity
    this.#mask = slots - 1
    this.#show()
  }

  get capacity(): number {
    return this.#capacity
  }

  get length(): number {
    return (this.#tail - this.#head) | 0
  }

  push(event: InsertRowOf<F>): boolean {
    const tail = this.#tail
    if (((tail - this.#head) | 0) === this.#capacity) return false
    let columns: ColumnBuffers
    do {
      columns = this.#target.columns
      if (!this.#writer.writeRow(event, tail & this.#mask)) throw this.#writer.lastError()
      // A getter of the event may have emptied a grown queue, which shrank under the row.
    } while (columns !== this.#target.columns)
    this.#tail = (tail + 1) | 0
    return true
  }

  pop(): ResultRowOf<F> | undefined {
    const event = this.peek()
    if (event !== undefined) this.#head = (this.#head + 1) | 0
    return event
  }

  peek(): ResultRowOf<F> | undefined {
    if (this.#head === this.#tail) return undefined
    return this.#reader.readRow(this.#view, this.#head & this.#mask) as ResultRowOf<F>
  }

  drop(n: number): void {
    this.#head = (this.#head + n) | 0
  }

  bytesFor(capacity: number): number {
    return columnBytes(this.#schema.fields, slotsFor(capacity))
  }

  resize(capacity: number): void {
    const slots = slotsFor(capacity)
    if (slots !== this.#mask + 1) {
      const scope = new ArenaScope(this.#arena)
      let columns: ColumnBuffers
      try {
        columns = new ColumnBuffers(scope, this.#schema.fields, slots)
      } catch (error) {
        scope.release()
        throw error
      }
      if (this.length > 0) copyTwice(this.#memory, this.#target.columns, columns)
      this.#scope.release()
      this.#scope = scope
      this.#target.columns = columns
      this.#mask = slots - 1
      this.#show()
    }
    this.#capacity = capacity
  }

  #show(): void {
    const { columns } = this.#target
    this.#view.show(columns, 0, columns.rows)
    this.#view.columns.forEach((column, i) => {
      column.validity = columns.validity[i]!
    })
  }

  /** Marks the codes the rows of a column refer to. */
  #markCodes(column: number, mark: Parameters<CodeMarker>[0]): void {
    const { i32 } = this.#memory
    const codes = this.#target.columns.values[column]! >>> 2
    for (let i = 0; i < this.length; i++) mark(i32[codes + ((this.#head + i) & this.#mask)]!)
  }
}

/**
 * Copies all slots of a ring into both halves of one with twice as many: whichever half a cursor's longer mask leads to,
 * its row is there.
 */
function copyTwice({ u8 }: LinearMemory, from: ColumnBuffers, to: ColumnBuffers): void {
  const { rows } = from
  for (let i = 0; i < from.values.length; i++) {
    const bytes = rows * BYTE_WIDTH[from.types[i]!]
    const source = from.values[i]!
    const target = to.values[i]!
    u8.copyWithin(target, source, source + bytes)
    u8.copyWithin(target + bytes, source, source + bytes)
    const bits = from.validity[i]!
    if (bits === 0) continue
    const copy = to.validity[i]!
    if (rows >= 8) {
      u8.copyWithin(copy, bits, bits + rows / 8)
      u8.copyWithin(copy + rows / 8, bits, bits + rows / 8)
    } else {
      const few = u8[bits]! & ((1 << rows) - 1)
      u8[copy] = few | (few << rows)
    }
  }
}
