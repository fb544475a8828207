import { expressionInvalid, show } from '../errors.ts'
import { rowAt } from '../kernels/rows.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch, Vector } from '../memory/record-batch.ts'
import type { TypeName } from '../schema/data-type.ts'

/**
 * The typed array a column of a type is seen as; object shows positions among the batch's objects, utf8 codes: equal codes are
 * equal texts, and different ones may be too where a text was only passed on.
 */
export type ColumnArray = Float64Array | Float32Array | Int32Array | Uint32Array | BigInt64Array | Uint8Array

/**
 * Result rows as columns, straight from the engine's memory. One reused object: everything it gives is valid until the
 * function it was handed to returns (or its promise resolves).
 *
 * @example
 * await volume.run({ onBatch: batch => {
 *   const high = batch.column('high') as Float64Array
 *   for (let i = 0; i < batch.length; i++) console.log(batch.text('symbol', i), high[i])
 * } })
 */
export class ResultBatch {
  /** Rows. */
  length = 0
  /** Column names, in order. */
  readonly names: readonly string[]
  readonly #memory: LinearMemory
  readonly #indices = new Map<string, number>()
  #batch!: RecordBatch

  /** @internal */
  constructor(memory: LinearMemory, names: readonly string[]) {
    this.#memory = memory
    this.names = names
    for (const [i, name] of names.entries()) this.#indices.set(name, i)
  }

  /** @internal */
  show(batch: RecordBatch): void {
    this.#batch = batch
    this.length = batch.selectedCount
  }

  /**
   * The values of a column, one per row: a view of the engine's memory where the rows lie side by side (O(1), nothing
   * copied), a copy where a filter above left gaps. Values of null rows are unspecified; see `isValid`.
   *
   * @throws EventfluxError `EXPRESSION_INVALID` for a name that isn't there.
   */
  column(name: string): ColumnArray {
    const { type, values } = this.#vector(name)
    const all = viewOf(this.#memory, type, values, this.#batch.length)
    const { selection } = this.#batch
    if (selection === 0) return all
    const picked = all.slice(0, this.length)
    const { u32 } = this.#memory
    for (let j = 0; j < this.length; j++) picked[j] = all[u32[(selection >>> 2) + j]!]!
    return picked
  }

  /** Whether a row has a value in a column. O(1). */
  isValid(name: string, row: number): boolean {
    const { validity } = this.#vector(name)
    const at = this.#row(row)
    return validity === 0 || ((this.#memory.u8[validity + (at >>> 3)]! >>> (at & 7)) & 1) === 1
  }

  /** The text of a row of a utf8 column, null where it has none. O(1). */
  text(name: string, row: number): string | null {
    const { values, dictionary } = this.#vector(name)
    if (dictionary === undefined)
      throw expressionInvalid(`column ${show(name)} is not utf8: read it with column()`, { at: name })
    if (!this.isValid(name, row)) return null
    return dictionary.decode(this.#memory.u32[(values >>> 2) + this.#row(row)]!)
  }

  /**
   * The object of a row of a column that `topK`, `collect` or an aggregate of your own made; null where it has none. O(1).
   *
   * @throws EventfluxError `EXPRESSION_INVALID` for a column of another type.
   */
  object(name: string, row: number): unknown {
    const { values, objects } = this.#vector(name)
    if (objects === undefined)
      throw expressionInvalid(`column ${show(name)} holds no objects: read it with column()`, { at: name })
    return this.isValid(name, row) ? objects[this.#memory.u32[(values >>> 2) + this.#row(row)]!] : null
  }

  #row(row: number): number {
    const { selection } = this.#batch
    return rowAt(this.#memory.u32, selection, row)
  }

  #vector(name: string): Vector {
    const index = this.#indices.get(name)
    if (index === undefined) {
      throw expressionInvalid(`there is no column ${show(name)}; the columns are ${this.names.join(', ')}`, {
        at: name,
      })
    }
    return this.#batch.columns[index]!
  }
}

function viewOf(memory: LinearMemory, type: TypeName, address: number, length: number): ColumnArray {
  switch (type) {
    case 'f64':
    case 'timestamp':
      return memory.f64.subarray(address >>> 3, (address >>> 3) + length)
    case 'f32':
      return memory.f32.subarray(address >>> 2, (address >>> 2) + length)
    case 'i32':
    case 'utf8':
      return memory.i32.subarray(address >>> 2, (address >>> 2) + length)
    case 'u32':
    case 'object':
      return memory.u32.subarray(address >>> 2, (address >>> 2) + length)
    case 'i64':
      return memory.i64.subarray(address >>> 3, (address >>> 3) + length)
    case 'bool':
      return memory.u8.subarray(address, address + length)
  }
}
