import { createEngineSync } from '../../src/kernels/engine.ts'
import { Arena } from '../../src/memory/arena.ts'
import { Dictionary } from '../../src/memory/dictionary.ts'
import type { RecordBatch, Vector, WatermarkTrack } from '../../src/memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../../src/operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../../src/operators/operator.ts'
import { BYTE_WIDTH, type TypeName, typeOf } from '../../src/schema/data-type.ts'
import { kernels as packaged } from '../../src/wasm/packaged/inline.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'

export const ENGINES = ['wasm', 'js'] as const
export type EngineName = (typeof ENGINES)[number]

/** Columns of one engine, written from rows and read back. */
export class BatchFixture {
  readonly context: EvaluationContext
  readonly columns: readonly InputColumn[]
  readonly #vectors: readonly { values: number; validity: number }[]
  readonly #selection: number
  readonly #origin: number

  constructor(
    engine: EngineName,
    types: Readonly<Record<string, TypeName | `${TypeName}?`>>,
    maxBatch: number,
    dictionaries: Readonly<Record<string, Dictionary>> = {},
  ) {
    const { kernels, memory } = createEngineSync({ engine, maxBytes: 2 ** 28, module: packaged })
    const arena = new Arena(memory)
    this.context = { kernels, arena, maxBatch, maxCodes: 10_000 }
    this.columns = Object.entries(types).map(([name, type]) => {
      const typeName = type.replace('?', '') as TypeName
      const dictionary = typeName === 'utf8' ? (dictionaries[name] ?? new Dictionary({ maxCodes: 10_000 })) : undefined
      return { name, type: typeOf(typeName, type.endsWith('?')), dictionary }
    })
    this.#vectors = this.columns.map(column => ({
      values: arena.allocateZeroed(maxBatch * BYTE_WIDTH[column.type.name]),
      validity: column.type.isNullable ? arena.allocateZeroed((maxBatch + 7) >>> 3) : 0,
    }))
    this.#selection = arena.allocateZeroed(maxBatch * 4)
    this.#origin = arena.allocateZeroed(maxBatch * 4)
  }

  get memory() {
    return this.context.arena.memory
  }

  /** Writes rows into the columns; `selected` lists the rows alive (default all). A column without nulls has no bitmap. */
  write(
    rows: readonly Row[],
    selected?: readonly number[],
    extra: { origin?: readonly number[]; watermarks?: WatermarkTrack } = {},
  ): RecordBatch {
    const columns = this.columns.map((column, i): Vector => {
      const { values, validity } = this.#vectors[i]!
      const hasNulls = rows.some(row => row[column.name] === null)
      rows.forEach((row, at) => {
        const value = row[column.name]!
        this.#writeValue(column, values, at, value)
        if (hasNulls) this.#writeBit(validity, at, value !== null)
      })
      return { type: column.type.name, values, validity: hasNulls ? validity : 0, dictionary: column.dictionary }
    })
    this.memory.u32.set(selected ?? [], this.#selection >>> 2)
    this.memory.u32.set(extra.origin ?? [], this.#origin >>> 2)
    return {
      length: rows.length,
      columns,
      selection: selected === undefined ? 0 : this.#selection,
      selectedCount: selected?.length ?? rows.length,
      origin: extra.origin === undefined ? 0 : this.#origin,
      watermarks: extra.watermarks,
    }
  }

  /** The value of a row as JavaScript has it. */
  read(vector: Vector, row: number): Value {
    return readValue(this.context, vector, row)
  }

  #writeBit(bits: number, at: number, bit: boolean): void {
    const byte = bits + (at >>> 3)
    const mask = 1 << (at & 7)
    this.memory.u8[byte] = bit ? this.memory.u8[byte]! | mask : this.memory.u8[byte]! & ~mask
  }

  #writeValue(column: InputColumn, values: number, at: number, value: Value): void {
    const { memory } = this
    switch (column.type.name) {
      case 'f64':
      case 'timestamp':
        // What stands in a null row is nobody's business; a NaN would show if someone read it.
        memory.f64[(values >>> 3) + at] = value === null ? Number.NaN : Number(value)
        break
      case 'f32':
        memory.f32[(values >>> 2) + at] = Number(value)
        break
      case 'i32':
        memory.i32[(values >>> 2) + at] = value === null ? -77 : Number(value)
        break
      case 'u32':
        memory.u32[(values >>> 2) + at] = Number(value)
        break
      case 'i64':
        memory.i64[(values >>> 3) + at] = value === null ? 2n ** 63n - 1n : BigInt(value)
        break
      case 'bool':
        memory.u8[values + at] = value === null ? 1 : Number(value)
        break
      case 'utf8':
        memory.i32[(values >>> 2) + at] = value === null ? 0 : column.dictionary!.encode(String(value))
        break
    }
  }
}

function readValue(context: EvaluationContext, vector: Vector, row: number): Value {
  const { memory } = context.arena
  if (vector.validity !== 0 && ((memory.u8[vector.validity + (row >>> 3)]! >>> (row & 7)) & 1) === 0) return null
  switch (vector.type) {
    case 'f64':
    case 'timestamp':
      return memory.f64[(vector.values >>> 3) + row]!
    case 'f32':
      return memory.f32[(vector.values >>> 2) + row]!
    case 'i32':
      return memory.i32[(vector.values >>> 2) + row]!
    case 'u32':
      return memory.u32[(vector.values >>> 2) + row]!
    case 'i64':
      return memory.i64[(vector.values >>> 3) + row]!
    case 'bool':
      return memory.u8[vector.values + row] === 1
    case 'utf8':
      return vector.dictionary!.decode(memory.i32[(vector.values >>> 2) + row]!)
    case 'object':
      throw new TypeError('no expression gives objects')
  }
}

/** The last operator of a chain: writes down what it gets as rows of values. */
export class Collector implements Operator {
  readonly name = 'collector'
  readonly rows: Value[][] = []
  readonly origins: number[] = []
  readonly watermarks: number[] = []
  readonly batches: RecordBatch[] = []
  resumed = 0
  isClosed = false
  /** What process answers. */
  accepts = true
  readonly #context: EvaluationContext
  readonly #reads: readonly number[] | undefined

  /** @param reads The columns it looks at, all by default. */
  constructor(context: EvaluationContext, reads?: readonly number[]) {
    this.#context = context
    this.#reads = reads
  }

  process(batch: RecordBatch): boolean {
    const { u32 } = this.#context.arena.memory
    this.batches.push(batch)
    for (let j = 0; j < batch.selectedCount; j++) {
      const row = batch.selection === 0 ? j : u32[(batch.selection >>> 2) + j]!
      const columns = this.#reads?.map(i => batch.columns[i]!) ?? batch.columns
      this.rows.push(columns.map(vector => readValue(this.#context, vector, row)))
      this.origins.push(batch.origin === 0 ? row : u32[(batch.origin >>> 2) + row]!)
    }
    return this.accepts
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  advanceWatermark(watermark: number): boolean {
    this.watermarks.push(watermark)
    return this.accepts
  }

  resume(): boolean {
    this.resumed++
    return this.accepts
  }

  markCodes(_dictionary: Dictionary, mark: (code: number) => void): void {
    mark(42)
  }

  close(): void {
    this.isClosed = true
  }
}
