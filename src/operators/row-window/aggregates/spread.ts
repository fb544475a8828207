import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import { ExactSum, exactProduct } from './exact-sum.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** Beyond this the sums of squares can leave f64. */
const LARGEST = 1e130

/** Which measure of spread, and of the population or of a sample. */
interface SpreadOptions {
  readonly isDeviation: boolean
  readonly isSample: boolean
}

/**
 * Variance or standard deviation from the exact sums of the values and of their squares: nothing cancels, whatever left
 * before. Infinite beside a value beyond 1e130, NaN beside one that is not finite.
 */
export class SpreadAggregate implements RunningAggregate {
  readonly #options: SpreadOptions
  readonly #sum = new ExactSum()
  readonly #squares = new ExactSum()
  #count = 0
  #huge = 0
  #notFinite = 0

  constructor(options: SpreadOptions) {
    this.#options = options
  }

  add(value: unknown): void {
    this.#take(value as number, 1)
  }

  remove(value: unknown): void {
    this.#take(value as number, -1)
  }

  value(): number | null {
    const { isDeviation, isSample } = this.#options
    const n = this.#count
    if (n === 0 || (n === 1 && isSample)) return null
    if (this.#notFinite > 0) return Number.NaN
    if (n === 1) return 0
    if (this.#huge > 0) return Number.POSITIVE_INFINITY
    const variance = Math.max(0, this.#aroundMean()) / (isSample ? n - 1 : n)
    return isDeviation ? Math.sqrt(variance) : variance
  }

  snapshot(writer: StateWriter): void {
    this.#sum.snapshot(writer)
    this.#squares.snapshot(writer)
    for (const count of [this.#count, this.#huge, this.#notFinite]) writer.f64(count)
  }

  restore(reader: StateReader): void {
    this.#sum.restore(reader)
    this.#squares.restore(reader)
    this.#count = reader.amount()
    this.#huge = reader.amount()
    this.#notFinite = reader.amount()
  }

  #take(value: number, by: 1 | -1): void {
    this.#count += by
    if (!Number.isFinite(value)) this.#notFinite += by
    else if (Math.abs(value) > LARGEST) this.#huge += by
    else {
      this.#sum.add(by * value)
      exactProduct(value, value, part => this.#squares.add(by * part))
    }
  }

  /** Σ (x - mean)² = Σ x² - 2 m Σ x + n m² - (Σ x - n m)² / n with m the rounded mean. */
  #aroundMean(): number {
    const n = this.#count
    const mean = this.#sum.value() / n
    const around = new ExactSum()
    const rest = new ExactSum()
    for (const part of this.#squares.parts) around.add(part)
    for (const part of this.#sum.parts) {
      rest.add(part)
      exactProduct(part, mean, product => around.add(-2 * product))
    }
    exactProduct(mean, mean, square => exactProduct(n, square, part => around.add(part)))
    exactProduct(n, mean, part => rest.add(-part))
    const residue = rest.value()
    return around.value() - (residue * residue) / n
  }
}
