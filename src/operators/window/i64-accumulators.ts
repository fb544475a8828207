import { EXTREME_BYTES, SUM_I64_BYTES } from '../../../assembly/abi.ts'
import { overflow } from '../../errors.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

const sumLeftRange = (): Error =>
  overflow(
    'sum of an i64 column left the range of i64 (±9.2·10^18): sum a cast to f64 instead (`.toF64()`), or use a shorter window',
    { at: 'sum of an i64 column' },
  )

/** Exact, checked sum of an i64 column. @throws EventfluxError `OVERFLOW` when it leaves the range. */
export class SumI64Accumulator implements Accumulator {
  readonly bytes = SUM_I64_BYTES
  readonly kernels = ['accumulateSumI64'] as const
  readonly #kernels: KernelExports
  readonly #column: number

  constructor(kernels: KernelExports, column: number) {
    this.#kernels = kernels
    this.#column = column
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    const stopped = this.#kernels.accumulateSumI64(addresses, selection, from, to, values, validity, at)
    if (stopped < to) throw sumLeftRange()
  }

  combine(target: number, source: number, count: number, at: number): void {
    if (this.#kernels.combineSumI64(target, source, count, at) < count) throw sumLeftRange()
  }
}

/** Least or greatest of an i64 column; whether there was any is known from a count. */
export class ExtremeI64Accumulator implements Accumulator {
  readonly bytes = EXTREME_BYTES
  readonly kernels: readonly (keyof KernelExports)[]
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #least: boolean

  constructor(kernels: KernelExports, column: number, which: 'min' | 'max') {
    this.#kernels = kernels
    this.#column = column
    this.#least = which === 'min'
    this.kernels = [this.#least ? 'accumulateMinI64' : 'accumulateMaxI64']
  }

  initialise(template: DataView, at: number): void {
    template.setBigInt64(at, this.#least ? MAX : MIN, true)
  }

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    if (this.#least) this.#kernels.accumulateMinI64(addresses, selection, from, to, values, validity, at)
    else this.#kernels.accumulateMaxI64(addresses, selection, from, to, values, validity, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    if (this.#least) this.#kernels.combineMinI64(target, source, count, at)
    else this.#kernels.combineMaxI64(target, source, count, at)
  }
}
