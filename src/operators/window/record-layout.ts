import { EDGE_RANK, EDGE_VALUE, MOMENTS_COUNT, RECORD_FIELDS, RECORD_ROWS } from '../../../assembly/abi.ts'
import type { AggregateName } from '../../expression/node.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { DataType, TypeName } from '../../schema/data-type.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'
import { CountMaskAccumulator, CountValidAccumulator } from './count-accumulators.ts'
import { EdgeValueAccumulator } from './edge-value-accumulator.ts'
import { F64Accumulator } from './f64-accumulator.ts'
import { ExtremeI64Accumulator, SumI64Accumulator } from './i64-accumulators.ts'
import { MomentsAccumulator } from './moments-accumulator.ts'

/** An aggregate over a column of the operator's input; `column` is -1 for `count()`. Number columns come as f64. */
export interface AggregateCall {
  readonly fn: AggregateName
  readonly column: number
  /** Type of the input column; `type` of the value handed out may be narrower (see `output`). */
  readonly input: DataType
  readonly output: DataType
  /** Of the input column, when it is utf8. */
  readonly dictionary: Dictionary | undefined
}

/** Where the finished values of one aggregate go: `values`, and a bitmap at `validity` when the result can be null. */
export interface FinishTarget {
  readonly values: number
  readonly validity: number
}

/** Turns the fields of records into one output column. */
export type Finish = (addresses: number, count: number, target: FinishTarget) => void

/**
 * How the accumulators of a window share one record: rows seen, then each accumulator's fields. Aggregates over the
 * same column share accumulators: sum, avg, min and max of one f64 column are one pass.
 */
export class RecordLayout {
  readonly recordBytes: number
  /** An empty record. */
  readonly template: Uint8Array
  /** One per call, in the order of the calls. */
  readonly finishers: readonly Finish[]
  readonly kernels: readonly string[]
  readonly #accumulators: { readonly accumulator: Accumulator; readonly at: number }[] = []
  readonly #shared = new Map<string, { readonly accumulator: Accumulator; readonly at: number }>()
  readonly #codeFields: { readonly dictionary: Dictionary; readonly at: number }[] = []
  #end = RECORD_FIELDS

  constructor(kernels: KernelExports, calls: readonly AggregateCall[]) {
    this.#shareF64(kernels, calls)
    this.finishers = calls.map(call => this.#finisher(kernels, call))
    this.recordBytes = this.#end
    this.template = new Uint8Array(this.recordBytes)
    const view = new DataView(this.template.buffer)
    for (const { accumulator, at } of this.#accumulators) accumulator.initialise(view, at)
    this.kernels = this.#accumulators.flatMap(({ accumulator }) => accumulator.kernels)
  }

  accumulate(rows: AbsorbedRows): void {
    for (const { accumulator, at } of this.#accumulators) accumulator.accumulate(rows, at)
  }

  combine(target: number, source: number, count: number): void {
    for (const { accumulator, at } of this.#accumulators) accumulator.combine(target, source, count, at)
  }

  /** Calls `mark` with each dictionary code the fields of a record hold. */
  markCodes(dictionary: Dictionary, memory: LinearMemory, record: number, mark: (code: number) => void): void {
    for (const field of this.#codeFields) {
      if (field.dictionary !== dictionary || memory.f64[(record + field.at + EDGE_RANK) >>> 3] === 0) continue
      mark(memory.u32[(record + field.at + EDGE_VALUE) >>> 2]!)
    }
  }

  /** Whether records hold codes of a dictionary. */
  holdsCodesOf(dictionary: Dictionary): boolean {
    return this.#codeFields.some(field => field.dictionary === dictionary)
  }

  #shareF64(kernels: KernelExports, calls: readonly AggregateCall[]): void {
    const columns = new Map<number, { sum: boolean; min: boolean; max: boolean }>()
    for (const { fn, column, input } of calls) {
      if (!isF64(input.name) || !(fn === 'sum' || fn === 'avg' || fn === 'min' || fn === 'max')) continue
      const wants = columns.get(column) ?? { sum: false, min: false, max: false }
      if (fn === 'min' || fn === 'max') wants[fn] = true
      else wants.sum = true
      columns.set(column, wants)
    }
    for (const [column, wants] of columns)
      this.#place(`f64 ${column}`, () => new F64Accumulator(kernels, column, wants))
  }

  #place<A extends Accumulator>(key: string, make: () => A): { readonly accumulator: A; readonly at: number } {
    const known = this.#shared.get(key)
    if (known) return known as { accumulator: A; at: number }
    const placed = { accumulator: make(), at: this.#end }
    this.#end += placed.accumulator.bytes
    this.#accumulators.push(placed)
    this.#shared.set(key, placed)
    return placed
  }

  /** Offset of the f64 count of rows with a value: the record's own count when the column can't be null. */
  #countAt(kernels: KernelExports, column: number, input: DataType): number {
    if (column < 0 || !input.isNullable) return RECORD_ROWS
    return this.#place(`valid ${column}`, () => new CountValidAccumulator(kernels, column)).at
  }

  #finisher(k: KernelExports, { fn, column, input, dictionary }: AggregateCall): Finish {
    const countAt = this.#countAt(k, column, input)
    const anyValue: Finish = (addresses, n, { validity }) => {
      if (validity !== 0) k.fieldAbove(addresses, n, countAt, 0, validity)
    }
    switch (fn) {
      case 'count':
        return (addresses, n, { values }) => k.takeField8(addresses, n, countAt, values)
      case 'countIf': {
        const { at } = this.#place(`mask ${column}`, () => new CountMaskAccumulator(k, column))
        return (addresses, n, { values }) => k.takeField8(addresses, n, at, values)
      }
      case 'sum':
      case 'avg': {
        if (input.name === 'i64' && fn === 'sum') {
          const { at } = this.#place(`sum i64 ${column}`, () => new SumI64Accumulator(k, column))
          return (addresses, n, target) => {
            k.takeField8(addresses, n, at, target.values)
            anyValue(addresses, n, target)
          }
        }
        const { accumulator, at } = this.#f64(column)
        const sumAt = at + accumulator.sumAt
        return (addresses, n, target) => {
          if (fn === 'sum') k.finishSumF64(addresses, n, sumAt, target.values)
          else k.finishAvgF64(addresses, n, sumAt, countAt, target.values)
          anyValue(addresses, n, target)
        }
      }
      case 'min':
      case 'max': {
        if (input.name === 'i64') {
          const { at } = this.#place(`${fn} i64 ${column}`, () => new ExtremeI64Accumulator(k, column, fn))
          return (addresses, n, target) => {
            k.takeField8(addresses, n, at, target.values)
            anyValue(addresses, n, target)
          }
        }
        const { accumulator, at } = this.#f64(column)
        const fieldAt = at + (fn === 'min' ? accumulator.minAt : accumulator.maxAt)
        return (addresses, n, target) => {
          k.takeField8(addresses, n, fieldAt, target.values)
          anyValue(addresses, n, target)
        }
      }
      case 'first':
      case 'last': {
        const width = WIDE.has(input.name) ? 8 : 4
        const { at } = this.#place(`${fn} ${column}`, () => new EdgeValueAccumulator(k, column, fn, width))
        if (dictionary) this.#codeFields.push({ dictionary, at })
        return (addresses, n, { values, validity }) => {
          if (width === 8) k.takeField8(addresses, n, at + EDGE_VALUE, values)
          else k.takeField4(addresses, n, at + EDGE_VALUE, values)
          if (validity !== 0) k.fieldAbove(addresses, n, at + EDGE_RANK, 0, validity)
        }
      }
      case 'variance':
      case 'varianceSample':
      case 'stdDev':
      case 'stdDevSample': {
        const { at } = this.#place(`moments ${column}`, () => new MomentsAccumulator(k, column))
        const ddof = fn.endsWith('Sample') ? 1 : 0
        const root = fn.startsWith('stdDev')
        return (addresses, n, { values, validity }) => {
          if (root) k.finishStdDevF64(addresses, n, at, ddof, values)
          else k.finishVarianceF64(addresses, n, at, ddof, values)
          if (validity !== 0) k.fieldAbove(addresses, n, at + MOMENTS_COUNT, ddof, validity)
        }
      }
    }
  }

  #f64(column: number): { readonly accumulator: F64Accumulator; readonly at: number } {
    return this.#shared.get(`f64 ${column}`) as { accumulator: F64Accumulator; at: number }
  }
}

const WIDE: ReadonlySet<TypeName> = new Set<TypeName>(['f64', 'timestamp', 'i64'])
const isF64 = (name: TypeName): boolean => name === 'f64' || name === 'timestamp'
