import { Arena, ArenaScope } from '../../memory/arena.ts'
import { BatchView } from '../../memory/batch-view.ts'
import { ColumnBuffers, columnBytes, dictionariesOf } from '../../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import { LinearMemory } from '../../memory/linear-memory.ts'
import { RowReader } from '../../memory/row-reader.ts'
import { RowWriter } from '../../memory/row-writer.ts'
import type { InsertRowOf, ResultRowOf } from '../../schema/row-types.ts'
import type { Schema, SchemaFields } from '../../schema/schema.ts'
import { type EventStore, type EventStoreMaker, slotsFor } from './event-store.ts'

/** Most strings alive in a column at once; memory runs out before. */
const MAX_CODES = 2 ** 31 - 1

export interface RowStoreOptions {
  /** Linear memory the columns may take, in bytes; default 4 GiB less a page. */
  readonly maxMemory?: number
  /** Longest string, in UTF-16 units; default 65,536. */
  readonly maxStringLength?: number
}

/** What the stores of one queue share, so that strings have one code in all of them. */
interface Shared {
  readonly arena: Arena
  readonly schema: Schema
  readonly dictionaries: readonly (Dictionary | undefined)[]
  readonly writer: RowWriter
  readonly reader: RowReader
  /** Where the writer writes. */
  readonly target: { columns: ColumnBuffers }
  readonly stores: Set<RowStore>
}

/** A ring of rows, one array per column: what is queued is no object, so the garbage collector has nothing to walk. */
class RowStore implements EventStore<unknown, unknown> {
  readonly capacity: number
  readonly #shared: Shared
  readonly #scope: ArenaScope
  readonly #columns: ColumnBuffers
  /** All of the columns as one batch, addressed by slot. */
  readonly #view: BatchView
  readonly #mask: number
  #head = 0
  #tail = 0

  constructor(shared: Shared, capacity: number) {
    const slots = slotsFor(capacity)
    this.capacity = capacity
    this.#shared = shared
    this.#mask = slots - 1
    this.#scope = new ArenaScope(shared.arena)
    try {
      this.#columns = new ColumnBuffers(this.#scope, shared.schema.fields, slots)
    } catch (error) {
      this.#scope.release()
      throw error
    }
    this.#view = new BatchView(this.#columns.types, shared.dictionaries)
    this.#view.show(this.#columns, 0, slots)
    this.#view.columns.forEach((column, i) => {
      column.validity = this.#columns.validity[i]!
    })
    shared.stores.add(this)
  }

  get length(): number {
    return (this.#tail - this.#head) | 0
  }

  push(event: unknown): boolean {
    const tail = this.#tail
    if (((tail - this.#head) | 0) === this.capacity) return false
    const { writer, target } = this.#shared
    target.columns = this.#columns
    if (!writer.writeRow(event, tail & this.#mask)) throw writer.lastError()
    this.#tail = (tail + 1) | 0
    return true
  }

  pop(): unknown {
    const head = this.#head
    if (head === this.#tail) return undefined
    const event = this.#shared.reader.readRow(this.#view, head & this.#mask)
    this.#head = (head + 1) | 0
    return event
  }

  peek(): unknown {
    if (this.#head === this.#tail) return undefined
    return this.#shared.reader.readRow(this.#view, this.#head & this.#mask)
  }

  drop(n: number): void {
    this.#head = (this.#head + n) | 0
  }

  close(): void {
    if (!this.#shared.stores.delete(this)) return
    this.#head = this.#tail
    this.#scope.release()
  }

  /** Marks the codes the rows of a column refer to. */
  markCodes(column: number, mark: Parameters<CodeMarker>[0]): void {
    const { i32 } = this.#shared.arena.memory
    const codes = this.#columns.values[column]! >>> 2
    for (let i = 0; i < this.length; i++) mark(i32[codes + ((this.#head + i) & this.#mask)]!)
  }
}

/** Stores of rows of a schema. */
export function rowStores<F extends SchemaFields>(
  schema: Schema<F>,
  options: RowStoreOptions = {},
): EventStoreMaker<InsertRowOf<F>, ResultRowOf<F>> {
  const shared = sharedBy(schema as unknown as Schema, options)
  return {
    bytesFor: capacity => columnBytes(schema.fields, slotsFor(capacity)),
    make: capacity =>
      new RowStore(shared, capacity) as EventStore<unknown, unknown> as EventStore<InsertRowOf<F>, ResultRowOf<F>>,
  }
}

function sharedBy(schema: Schema, { maxMemory, maxStringLength }: RowStoreOptions): Shared {
  const memory = new LinearMemory({ engine: 'js', maxBytes: maxMemory ?? Number.POSITIVE_INFINITY })
  const arena = new Arena(memory)
  const { fields } = schema
  const dictionaries = dictionariesOf(fields, MAX_CODES)
  const stores = new Set<RowStore>()
  dictionaries.forEach((dictionary, column) => {
    dictionary?.addOwner(mark => {
      for (const store of stores) store.markCodes(column, mark)
    })
  })
  const target = { columns: new ColumnBuffers(new ArenaScope(arena), fields, 1) }
  const length = maxStringLength === undefined ? {} : { maxStringLength }
  const writer = new RowWriter({ memory, target, fields, dictionaries, ...length })
  const reader = new RowReader({ memory, fields })
  return { arena, schema, dictionaries, writer, reader, target, stores }
}
