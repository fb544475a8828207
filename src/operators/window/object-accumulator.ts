import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { checkpointUnsupported, EventfluxError, messageOf, stageFailed } from '../../errors.ts'
import { rowAt } from '../../kernels/rows.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import { type ValueReader, valueReaders } from '../../memory/value-reader.ts'
import type { DataType } from '../../schema/data-type.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'
import type { FinishTarget } from './finish.ts'
import type { ObjectState } from './object-state.ts'
import { resultWriter } from './result-writer.ts'

const HANDLE_BYTES = 8

/**
 * An aggregate in TypeScript: the record holds a number, u32, that says which of the values kept here is its own; 0 when
 * it has none yet. Rows with a null among their values are passed over.
 */
export class ObjectAccumulator<A> implements Accumulator {
  readonly bytes = HANDLE_BYTES
  readonly kernels = [] as const
  readonly inTypeScript: string
  readonly #memory: LinearMemory
  readonly #state: ObjectState<A>
  readonly #columns: readonly number[]
  readonly #readers: readonly ValueReader[]
  readonly #values: unknown[]
  readonly #kept: (A | undefined)[] = [undefined]
  readonly #free: number[] = []

  /** @param name For errors and explain(). */
  constructor(
    memory: LinearMemory,
    name: string,
    state: ObjectState<A>,
    inputs: readonly { readonly column: number; readonly input: DataType }[],
  ) {
    this.inTypeScript = name
    this.#memory = memory
    this.#state = state
    this.#columns = inputs.map(({ column }) => column)
    this.#readers = valueReaders(
      memory,
      inputs.map(({ input }, i) => ({ name: String(i), type: input })),
    )
    this.#values = inputs.map(() => undefined)
  }

  initialise(): void {}

  accumulate(rows: AbsorbedRows, at: number): void {
    this.#guarded(() => {
      const { addresses, selection, from, to, rank } = rows
      for (let j = from; j < to; j++) {
        const { u32 } = this.#memory
        const row = rowAt(u32, selection, j)
        if (!this.#read(rows, row)) continue
        const handle = this.#handle(u32[(addresses >>> 2) + j - from]! + at)
        this.#kept[handle] = this.#state.add(this.#kept[handle] as A, this.#values, rank + row)
      }
    })
  }

  combine(target: number, source: number, count: number, at: number): void {
    this.#guarded(() => {
      const { u32 } = this.#memory
      for (let j = 0; j < count; j++) {
        const taken = u32[(u32[(source >>> 2) + j]! + at) >>> 2]!
        if (taken === 0) continue
        const handle = this.#handle(u32[(target >>> 2) + j]! + at)
        this.#kept[handle] = this.#state.merge(this.#kept[handle] as A, this.#kept[taken] as A)
      }
    })
  }

  release(record: number, at: number): void {
    const { u32 } = this.#memory
    const handle = u32[(record + at) >>> 2]!
    if (handle === 0) return
    this.#kept[handle] = undefined
    this.#free.push(handle)
    u32[(record + at) >>> 2] = 0
  }

  /** Writes the results of records. */
  finish(at: number, output: DataType): (addresses: number, count: number, target: FinishTarget) => void {
    const write = resultWriter(this.#memory, output)
    return (addresses, count, target) =>
      this.#guarded(() => {
        for (let j = 0; j < count; j++) {
          const { u32 } = this.#memory
          const handle = u32[(u32[(addresses >>> 2) + j]! + at) >>> 2]!
          const kept = handle === 0 ? this.#state.create() : (this.#kept[handle] as A)
          write(this.#state.result(kept), j, target)
        }
      })
  }

  /** @throws EventfluxError `CHECKPOINT_UNSUPPORTED` for a value that has no bytes. */
  snapshot(writer: StateWriter, record: number, at: number): void {
    const handle = this.#memory.u32[(record + at) >>> 2]!
    writer.bool(handle !== 0)
    if (handle === 0) return
    try {
      writer.value(this.#kept[handle])
    } catch (cause) {
      const { inTypeScript: name } = this
      throw checkpointUnsupported(`the aggregate ${name}: ${(cause as Error).message}`, { at: name, cause })
    }
  }

  restore(reader: StateReader, record: number, at: number): void {
    if (!reader.bool()) return
    const value = reader.value()
    if (!this.#state.isKept(value)) reader.refuse(`what is there is nothing that ${this.inTypeScript} keeps`)
    this.#keep(record + at, value)
  }

  /** Whether all the values of a row are there; they are in `#values` then. */
  #read({ batch }: AbsorbedRows, row: number): boolean {
    for (let i = 0; i < this.#columns.length; i++) {
      const value = this.#readers[i]!(batch.columns[this.#columns[i]!]!, row)
      if (value === null) return false
      this.#values[i] = value
    }
    return true
  }

  /** The number of the field's value, which is made when there is none. */
  #handle(field: number): number {
    const known = this.#memory.u32[field >>> 2]!
    if (known !== 0) return known
    return this.#keep(field, this.#state.create())
  }

  #keep(field: number, value: A): number {
    const handle = this.#free.pop() ?? this.#kept.length
    this.#kept[handle] = value
    this.#memory.u32[field >>> 2] = handle
    return handle
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (error instanceof EventfluxError) throw error
      throw stageFailed(`the aggregate ${this.inTypeScript} failed: ${messageOf(error)}`, {
        at: this.inTypeScript,
        cause: error,
      })
    }
  }
}
