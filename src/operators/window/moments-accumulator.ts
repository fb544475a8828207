import { MOMENTS_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

/** Mean and squared deviations of an f64 column: what variance and standard deviation are finished from. */
export class MomentsAccumulator implements Accumulator {
  readonly bytes = MOMENTS_BYTES
  readonly kernels = ['accumulateMomentsF64'] as const
  readonly #kernels: KernelExports
  readonly #column: number

  constructor(kernels: KernelExports, column: number) {
    this.#kernels = kernels
    this.#column = column
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    this.#kernels.accumulateMomentsF64(addresses, selection, from, to, values, validity, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    this.#kernels.combineMomentsF64(target, source, count, at)
  }
}
