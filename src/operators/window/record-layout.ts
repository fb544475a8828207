import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import { throwFault } from '../row-faults.ts'
import type { AbsorbedRows, AccumulatorPass } from './accumulator.ts'
import { passesOf } from './accumulator-passes.ts'
import type { Finish } from './finish.ts'
import { finisherOf } from './finishers.ts'
import type { KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'
import { type AggregateCall, RecordFields } from './record-fields.ts'
import { RecordState } from './record-state.ts'

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
  /** How it runs besides, for explain(): what no kernel computes, and what state grows with. */
  readonly notes: readonly string[]
  /** Whether records hold something outside of themselves: they must be released before they are cleared or left behind. */
  readonly ownsMemory: boolean
  /** Records as bytes. */
  readonly state: RecordState
  /** What a record is made of, in words: the state of another layout is of no use. */
  readonly signature: string
  readonly #fields: RecordFields
  readonly #passes: readonly AccumulatorPass[]

  /** @param also Places what is in a record besides aggregates. */
  constructor(context: EvaluationContext, calls: readonly AggregateCall[], also?: (fields: RecordFields) => void) {
    const fields = new RecordFields(context, calls)
    also?.(fields)
    this.#fields = fields
    this.finishers = calls.map(call => finisherOf(fields, call))
    this.recordBytes = fields.bytes
    this.template = new Uint8Array(this.recordBytes)
    const view = new DataView(this.template.buffer)
    for (const { accumulator, at } of fields.accumulators) accumulator.initialise(view, at)
    const accumulators = fields.accumulators.map(({ accumulator }) => accumulator)
    this.#passes = passesOf(context.kernels, fields.accumulators)
    this.kernels = this.#passes.flatMap(({ kernels }) => kernels)
    const inTypeScript = accumulators.flatMap(({ inTypeScript }) => inTypeScript ?? [])
    this.notes = [
      ...(inTypeScript.length === 0 ? [] : [`in TypeScript, row by row: ${inTypeScript.join(', ')}`]),
      ...(fields.bounds.size === 0 ? [] : [`state besides: ${[...fields.bounds].join('; ')}`]),
    ]
    this.state = new RecordState(fields, this.template)
    this.signature = signatureOf(calls)
    this.ownsMemory = accumulators.some(({ release }) => release !== undefined)
  }

  /** Takes rows in. @throws What went wrong with one of them when its columns were computed. */
  accumulate(rows: AbsorbedRows): void {
    const { faults } = rows.batch
    if (faults !== undefined) throwFault(faults, this.#fields.frame.memory.u32, rows.selection, rows.from, rows.to)
    for (const pass of this.#passes) pass.accumulate(rows)
  }

  /** Makes `count` records, side by side from `records` on, empty ones. Their bytes may be anything before. */
  initialise(records: number, count: number): void {
    const { u8 } = this.#fields.frame.memory
    const end = records + count * this.recordBytes
    u8.set(this.template, records)
    for (let at = records + this.recordBytes; at < end; at += at - records)
      u8.copyWithin(at, records, records + Math.min(at - records, end - at))
  }

  combine(target: number, source: number, count: number): void {
    for (const { accumulator, at } of this.#fields.accumulators) accumulator.combine(target, source, count, at)
  }

  /** Gives back what a record holds outside of itself, and leaves it without. Doing so again changes nothing. */
  release(record: number): void {
    if (!this.ownsMemory) return
    for (const { accumulator, at } of this.#fields.accumulators) accumulator.release?.(record, at)
  }

  /**
   * Gives a record that is a copy of another, byte by byte, a copy of what that one holds outside of itself. Their
   * addresses stand at `target` and `source`, as for `combine`.
   */
  copyOwned(target: number, source: number): void {
    const { accumulators, frame } = this.#fields
    for (const { accumulator, at } of accumulators) {
      if (accumulator.release === undefined) continue
      const field = frame.memory.u32[target >>> 2]! + at
      frame.memory.u8.set(this.template.subarray(at, at + accumulator.bytes), field)
      accumulator.combine(target, source, 1, at)
    }
  }

  /** Calls `mark` with each code of a dictionary that the fields of a record hold. */
  markCodes(dictionary: Dictionary, record: number, mark: (code: number) => void): void {
    for (const field of this.#fields.codes) if (field.dictionary === dictionary) field.mark(record, mark)
  }

  /** Whether records hold codes of a dictionary. */
  holdsCodesOf(dictionary: Dictionary): boolean {
    return this.#fields.codes.some(field => field.dictionary === dictionary)
  }

  /** Marks the ids of keys that outlive their records. */
  readonly markIds: IdMarker = mark => {
    for (const forever of this.#fields.forevers) forever.markIds(mark)
  }

  /** Writes what outlives the records. */
  snapshotForevers(writer: StateWriter): void {
    for (const forever of this.#fields.forevers) forever.snapshot(writer)
  }

  restoreForevers(reader: StateReader, keys: KeyIds): void {
    for (const forever of this.#fields.forevers) forever.restore(reader, keys)
  }

  /** Gives back what isn't part of any record. */
  close(): void {
    this.#fields.frame.close()
  }
}

/** Columns are told apart by the order in which they come up: where they stand among others is no business of a record. */
function signatureOf(calls: readonly AggregateCall[]): string {
  const columns = new Map<number, number>()
  const placeOf = (column: number): number => {
    if (!columns.has(column)) columns.set(column, columns.size)
    return columns.get(column)!
  }
  return calls
    .map(({ fn, input, column, others, parameters, definition }) => {
      const inputs = [...(column < 0 ? [] : [{ column, input }]), ...others]
      const given = inputs.map(each => `${each.input.name}${each.input.isNullable ? '?' : ''} ${placeOf(each.column)}`)
      return `${definition?.name ?? fn}(${[...given, ...parameters].join(', ')})`
    })
    .join(' ')
}
