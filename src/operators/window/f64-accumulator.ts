import { EXTREME_BYTES, SUM_F64_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

/** Any of sum, min and max over one f64 column, taken in a single pass. */
export class F64Accumulator implements Accumulator {
  readonly bytes: number
  readonly kernels: readonly (keyof KernelExports)[]
  readonly sumAt: number
  readonly minAt: number
  readonly maxAt: number
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #wants: number

  constructor(kernels: KernelExports, column: number, wants: { sum: boolean; min: boolean; max: boolean }) {
    this.#kernels = kernels
    this.#column = column
    this.#wants = (wants.sum ? 1 : 0) + (wants.min ? 2 : 0) + (wants.max ? 4 : 0)
    this.sumAt = 0
    this.minAt = wants.sum ? SUM_F64_BYTES : 0
    this.maxAt = this.minAt + (wants.min ? EXTREME_BYTES : 0)
    this.bytes = this.maxAt + (wants.max ? EXTREME_BYTES : 0)
    this.kernels = [ACCUMULATE[this.#wants]!]
  }

  initialise(template: DataView, at: number): void {
    if (this.#wants & 2) template.setFloat64(at + this.minAt, Number.NaN, true)
    if (this.#wants & 4) template.setFloat64(at + this.maxAt, Number.NaN, true)
  }

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const k = this.#kernels
    const { values, validity } = batch.columns[this.#column]!
    const sum = at + this.sumAt
    const min = at + this.minAt
    const max = at + this.maxAt
    switch (this.#wants) {
      case 1:
        k.accumulateSumF64(addresses, selection, from, to, values, validity, sum)
        break
      case 2:
        k.accumulateMinF64(addresses, selection, from, to, values, validity, min)
        break
      case 3:
        k.accumulateSumMinF64(addresses, selection, from, to, values, validity, sum, min)
        break
      case 4:
        k.accumulateMaxF64(addresses, selection, from, to, values, validity, max)
        break
      case 5:
        k.accumulateSumMaxF64(addresses, selection, from, to, values, validity, sum, max)
        break
      case 6:
        k.accumulateMinMaxF64(addresses, selection, from, to, values, validity, min)
        break
      case 7:
        k.accumulateSumMinMaxF64(addresses, selection, from, to, values, validity, sum, min)
        break
    }
  }

  combine(target: number, source: number, count: number, at: number): void {
    if (this.#wants & 1) this.#kernels.combineSumF64(target, source, count, at + this.sumAt)
    if (this.#wants & 2) this.#kernels.combineMinF64(target, source, count, at + this.minAt)
    if (this.#wants & 4) this.#kernels.combineMaxF64(target, source, count, at + this.maxAt)
  }
}

const ACCUMULATE: readonly (keyof KernelExports | undefined)[] = [
  undefined,
  'accumulateSumF64',
  'accumulateMinF64',
  'accumulateSumMinF64',
  'accumulateMaxF64',
  'accumulateSumMaxF64',
  'accumulateMinMaxF64',
  'accumulateSumMinMaxF64',
]
