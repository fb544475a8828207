import { EDGE_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

/** The first or last value of a column in order of arrival, as the 4 or 8 bytes it has in the column. */
export class EdgeValueAccumulator implements Accumulator {
  readonly bytes = EDGE_BYTES
  readonly kernels: readonly (keyof KernelExports)[]
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #accumulate: KernelExports['accumulateFirst8']
  readonly #first: boolean

  constructor(kernels: KernelExports, column: number, which: 'first' | 'last', width: 4 | 8) {
    this.#kernels = kernels
    this.#column = column
    this.#first = which === 'first'
    const name = `accumulate${this.#first ? 'First' : 'Last'}${width}` as const
    this.#accumulate = kernels[name]
    this.kernels = [name]
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to, rank }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    this.#accumulate(addresses, selection, from, to, values, validity, rank, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    if (this.#first) this.#kernels.combineFirst(target, source, count, at)
    else this.#kernels.combineLast(target, source, count, at)
  }
}
