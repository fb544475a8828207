import { canGenerateCode, functionFrom } from './code-generation.ts'
import type { ColumnField } from './column-buffers.ts'
import type { LinearMemory } from './linear-memory.ts'
import type { RecordBatch } from './record-batch.ts'
import { VALUE_SOURCE, valueReaders } from './value-reader.ts'

/** A row as users see it: its fields in schema order. */
type RowObject = Record<string, unknown>

interface RowReaderOptions {
  readonly memory: LinearMemory
  readonly fields: readonly ColumnField[]
  /** Whether code may be generated; default: where the runtime allows it. Both ways give the same objects. */
  readonly generate?: boolean
}

/**
 * Makes objects of rows: `null` where a row has no value, strings decoded, `i64` as `bigint`, `bool` as `boolean`. Column
 * i of a batch is field i.
 */
export class RowReader {
  /** Whether the generated form is at work. */
  readonly isGenerated: boolean
  readonly #memory: LinearMemory
  readonly #read: (batch: RecordBatch, row: number) => RowObject

  constructor(options: RowReaderOptions) {
    this.#memory = options.memory
    this.isGenerated = options.generate ?? canGenerateCode()
    this.#read = this.isGenerated ? generated(options) : looped(options)
  }

  /** The row at a position of the batch, alive or not. */
  readRow(batch: RecordBatch, row: number): RowObject {
    return this.#read(batch, row)
  }

  /** Appends the rows alive, in order. Returns how many. */
  readRows(batch: RecordBatch, into: RowObject[]): number {
    const { selection, selectedCount } = batch
    const { u32 } = this.#memory
    for (let i = 0; i < selectedCount; i++) {
      into.push(this.#read(batch, selection === 0 ? i : u32[(selection >>> 2) + i]!))
    }
    return selectedCount
  }
}

function looped({ memory, fields }: RowReaderOptions): (batch: RecordBatch, row: number) => RowObject {
  const readers = valueReaders(memory, fields)
  const names = fields.map(field => field.name)
  return (batch, row) => {
    const object: RowObject = {}
    for (let i = 0; i < names.length; i++) object[names[i]!] = readers[i]!(batch.columns[i]!, row)
    return object
  }
}

/** Names enter as string literals only: nothing of a schema becomes code. */
function generated({ memory, fields }: RowReaderOptions): (batch: RecordBatch, row: number) => RowObject {
  const columns = fields.map((_, i) => `const c${i} = columns[${i}]\nconst m${i} = c${i}.validity`).join('\n')
  const values = fields.map(({ name, type }, i) => {
    const value = VALUE_SOURCE[type.name](`c${i}`)
    return `${JSON.stringify(name)}: m${i} !== 0 && (u8[m${i} + (row >>> 3)] >> (row & 7) & 1) === 0 ? null : ${value}`
  })
  const source = `'use strict'
return (batch, row) => {
  const { u8, i32, u32, f32, f64, i64 } = memory
  const { columns } = batch
  ${columns}
  return { ${values.join(', ')} }
}`
  return functionFrom(['memory'], source)(memory) as ReturnType<typeof looped>
}
