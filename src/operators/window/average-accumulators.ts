import { DECAY_BYTES, DECAY_TIME, EMA_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'

/** An average whose values count half as much for every half-life of event time. */
export class DecayAccumulator implements Accumulator {
  readonly bytes = DECAY_BYTES
  readonly kernels = ['accumulateDecayF64'] as const
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #timeColumn: number
  readonly #halfLifeMs: number

  constructor(kernels: KernelExports, column: number, timeColumn: number, halfLifeMs: number) {
    this.#kernels = kernels
    this.#column = column
    this.#timeColumn = timeColumn
    this.#halfLifeMs = halfLifeMs
  }

  initialise(template: DataView, at: number): void {
    template.setFloat64(at + DECAY_TIME, Number.NEGATIVE_INFINITY, true)
  }

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    const time = batch.columns[this.#timeColumn]!.values
    this.#kernels.accumulateDecayF64(addresses, selection, from, to, values, validity, time, this.#halfLifeMs, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    this.#kernels.combineDecayF64(target, source, count, this.#halfLifeMs, at)
  }
}

/** An average that forgets with every value. It depends on the order of arrival, so two of them can't become one. */
export class EmaAccumulator implements Accumulator {
  readonly bytes = EMA_BYTES
  readonly kernels = ['accumulateEmaF64'] as const
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #alpha: number

  constructor(kernels: KernelExports, column: number, alpha: number) {
    this.#kernels = kernels
    this.#column = column
    this.#alpha = alpha
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    this.#kernels.accumulateEmaF64(addresses, selection, from, to, values, validity, this.#alpha, at)
  }

  combine(): void {
    throw new TypeError('an average by order of arrival is not combined')
  }
}
