import { COUNT_BYTES } from '../../../assembly/abi.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator, AccumulatorPass, Placed } from './accumulator.ts'

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
  readonly column: number
  readonly #kernels: KernelExports

  constructor(kernels: KernelExports, column: number) {
    this.#kernels = kernels
    this.column = column
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values } = batch.columns[this.column]!
    this.#kernels.accumulateCountMask(addresses, selection, from, to, values, at)
  }

  combine(target: number, source: number, count: number, at: number): void {
    this.#kernels.combineCount(target, source, count, at)
  }
}

type PlacedMask = Placed<CountMaskAccumulator>

/** Several predicates in one pass over the rows: two or three of them. */
export class CountMasksPass implements AccumulatorPass {
  readonly kernels: readonly (keyof KernelExports)[]
  readonly #kernels: KernelExports
  readonly #masks: readonly PlacedMask[]

  constructor(kernels: KernelExports, masks: readonly PlacedMask[]) {
    this.#kernels = kernels
    this.#masks = masks
    this.kernels = [masks.length === 2 ? 'accumulateCountMasks2' : 'accumulateCountMasks3']
  }

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows): void {
    const { columns } = batch
    const [a, b, c] = this.#masks as [PlacedMask, PlacedMask, PlacedMask | undefined]
    const first = columns[a.accumulator.column]!.values
    const second = columns[b.accumulator.column]!.values
    if (c === undefined) {
      this.#kernels.accumulateCountMasks2(addresses, selection, from, to, first, a.at, second, b.at)
      return
    }
    const third = columns[c.accumulator.column]!.values
    this.#kernels.accumulateCountMasks3(addresses, selection, from, to, first, a.at, second, b.at, third, c.at)
  }
}
