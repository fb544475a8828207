import { COUNT_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

/** Rows in which a nullable column has a value. (All rows are counted by the record itself.) */
export class CountValidAccumulator implements Accumulator {
  readonly bytes = COUNT_BYTES
  readonly kernels = ['accumulateCountValid'] as const
  readonly #kernels: KernelExports
  readonly #column: number

  constructor(kernels: KernelExports, column: number) {
    this.#kernels = kernels
    this.#column = column
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { validity } = batch.columns[this.#column]!
    this.#kernels.accumulateCountValid(addresses, selection, from, to, validity, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    this.#kernels.combineCount(target, source, count, at)
  }
}

/** Rows in which a predicate holds. */
export class CountMaskAccumulator implements Accumulator {
  readonly bytes = COUNT_BYTES
  readonly kernels = ['accumulateCountMask'] as const
  readonly #kernels: KernelExports
  readonly #column: number

  constructor(kernels: KernelExports, column: number) {
    this.#kernels = kernels
    this.#column = column
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values } = batch.columns[this.#column]!
    this.#kernels.accumulateCountMask(addresses, selection, from, to, values, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    this.#kernels.combineCount(target, source, count, at)
  }
}
