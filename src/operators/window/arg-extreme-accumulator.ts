import { ARG_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports, KernelName } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

/** The value, as the 4 or 8 bytes it has in its column, that stands beside the least or greatest of another column. */
export class ArgExtremeAccumulator implements Accumulator {
  readonly bytes = ARG_BYTES
  readonly kernels: readonly KernelName[]
  readonly #kernels: KernelExports
  readonly #parts: {
    readonly value: number
    readonly by: number
    readonly isInteger: boolean
    readonly width: 4 | 8
    readonly greatest: boolean
  }

  /** @param parts Columns of the value and of what it is chosen by (i64 or f64), and the bytes of a value. */
  constructor(
    kernels: KernelExports,
    parts: { value: number; by: number; isInteger: boolean; width: 4 | 8; greatest: boolean },
  ) {
    this.#kernels = kernels
    this.#parts = parts
    this.kernels = [parts.isInteger ? 'accumulateArgI64' : 'accumulateArgF64']
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to, rank }: AbsorbedRows, at: number): void {
    const { value, by, isInteger, width, greatest } = this.#parts
    const order = batch.columns[by]!
    const accumulate = isInteger ? this.#kernels.accumulateArgI64 : this.#kernels.accumulateArgF64
    const wide = width === 8 ? 1 : 0
    const { values } = batch.columns[value]!
    accumulate(addresses, selection, from, to, order.values, order.validity, values, wide, greatest ? 1 : 0, rank, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    const { isInteger, greatest } = this.#parts
    if (isInteger) this.#kernels.combineArgI64(target, source, count, greatest ? 1 : 0, at)
    else this.#kernels.combineArgF64(target, source, count, greatest ? 1 : 0, at)
  }
}
