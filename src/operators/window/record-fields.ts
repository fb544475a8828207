import { RECORD_FIELDS, RECORD_ROWS } from '../../../assembly/abi.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LoweredAggregate } from '../../plan/lower-aggregate.ts'
import type { DataType } from '../../schema/data-type.ts'
import { type EvaluationContext, EvaluationFrame } from '../evaluator/evaluation-frame.ts'
import type { Accumulator, Placed } from './accumulator.ts'
import { CountValidAccumulator } from './count-accumulators.ts'
import { F64Accumulator } from './f64-accumulator.ts'
import type { Forever } from './forever.ts'

/** An aggregate over columns of the operator's input. Number columns come as f64. */
export interface AggregateCall extends LoweredAggregate {
  /** Of the first input column, when it is utf8. */
  readonly dictionary: Dictionary | undefined
}

/** Marks the dictionary codes a record holds in a field. */
type FieldMarker = (record: number, mark: (code: number) => void) => void

/** A field that holds dictionary codes. */
export interface CodeField {
  readonly dictionary: Dictionary
  readonly mark: FieldMarker
  /** Puts others in their place. */
  readonly replace: (record: number, codeOf: (code: number) => number) => void
}

/** The fields of a record while it is laid out. Aggregates over the same column share what they can. */
export class RecordFields {
  readonly frame: EvaluationFrame
  readonly accumulators: Placed[] = []
  readonly codes: CodeField[] = []
  readonly forevers: Forever[] = []
  /** What state grows with besides records, in words. */
  readonly bounds = new Set<string>()
  /** Bytes of the record so far. */
  bytes = RECORD_FIELDS
  readonly #shared = new Map<string, Placed>()

  constructor(context: EvaluationContext, calls: readonly AggregateCall[]) {
    this.frame = new EvaluationFrame(context)
    const columns = new Map<number, { sum: boolean; min: boolean; max: boolean }>()
    for (const { fn, column, input } of calls) {
      const part = F64_PARTS[fn]
      if (part === undefined || (input.name !== 'f64' && input.name !== 'timestamp')) continue
      const wants = columns.get(column) ?? { sum: false, min: false, max: false }
      wants[part] = true
      columns.set(column, wants)
    }
    for (const [column, wants] of columns)
      this.share(`f64 ${column}`, () => new F64Accumulator(this.frame.kernels, column, wants))
  }

  /** Gives an accumulator a place. */
  place<A extends Accumulator>(accumulator: A): Placed<A> {
    const placed = { accumulator, at: this.bytes }
    this.bytes += accumulator.bytes
    this.accumulators.push(placed)
    return placed
  }

  /** The accumulator known by `key`, made and placed when there is none. */
  share<A extends Accumulator>(key: string, make: () => A): Placed<A> {
    const known = this.#shared.get(key)
    if (known) return known as Placed<A>
    const placed = this.place(make())
    this.#shared.set(key, placed)
    return placed
  }

  /** Offset of the f64 count of rows with a value: the record's own count when the column can't be null. */
  countAt({ column, input }: { readonly column: number; readonly input: DataType }): number {
    if (column < 0 || !input.isNullable) return RECORD_ROWS
    return this.share(`valid ${column}`, () => new CountValidAccumulator(this.frame.kernels, column)).at
  }

  /** Sum, min and max of an f64 column. */
  f64(column: number): Placed<F64Accumulator> {
    return this.#shared.get(`f64 ${column}`) as Placed<F64Accumulator>
  }

  /** Tells that a field holds codes of a dictionary, if there is one. */
  holdCodes(dictionary: Dictionary | undefined, field: Omit<CodeField, 'dictionary'>): void {
    if (dictionary) this.codes.push({ dictionary, ...field })
  }

  /** The same of a field that is one code. @param codeAt Where it stands in a record; 0: there is none. */
  holdCode(dictionary: Dictionary | undefined, codeAt: (record: number) => number): void {
    const { memory } = this.frame
    this.holdCodes(dictionary, {
      mark(record, mark) {
        const at = codeAt(record)
        if (at !== 0) mark(memory.u32[at >>> 2]!)
      },
      replace(record, codeOf) {
        const at = codeAt(record)
        if (at !== 0) memory.u32[at >>> 2] = codeOf(memory.u32[at >>> 2]!)
      },
    })
  }
}

/** What is taken of an f64 column in one pass, by aggregate. */
const F64_PARTS: Readonly<Partial<Record<AggregateCall['fn'], 'sum' | 'min' | 'max'>>> = {
  sum: 'sum',
  avg: 'sum',
  min: 'min',
  minForever: 'min',
  max: 'max',
  maxForever: 'max',
}
