import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { UserTiming } from '../metrics/user-timing.ts'
import type { Operator } from './operator.ts'

/** Shared by the timed operators of a chain: how much of the running call was spent further down. */
export interface Stopwatch {
  monotonicNs(): number
  downstreamNs: number
  /** Where every call is shown as a span too, if that was asked for. */
  readonly timeline?: UserTiming | undefined
}

/** Measures an operator: the time of its calls, less the time of the operators it calls. Only at level 'detailed'. */
export class TimedOperator implements Operator {
  readonly name: string
  /** Told after every batch: nanoseconds spent in this operator alone. */
  onBatch: ((busyNs: number) => void) | undefined
  readonly #operator: Operator
  readonly #stopwatch: Stopwatch
  /** Time since the last batch that belongs to the next one: firing windows at a watermark, going on after a wait. */
  #carriedNs = 0

  constructor(operator: Operator, stopwatch: Stopwatch) {
    this.name = operator.name
    this.#operator = operator
    this.#stopwatch = stopwatch
  }

  process(batch: RecordBatch): boolean {
    const done = this.#measure(batch.selectedCount, () => this.#operator.process(batch))
    this.onBatch?.(this.#carriedNs)
    this.#carriedNs = 0
    return done
  }

  advanceWatermark(watermark: number): boolean {
    return this.#measure(0, () => this.#operator.advanceWatermark(watermark))
  }

  nextFiring(): number {
    return this.#operator.nextFiring()
  }

  resume(): boolean {
    return this.#measure(0, () => this.#operator.resume())
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#operator.markCodes(dictionary, mark)
  }

  close(): void {
    this.#operator.close()
  }

  #measure(rows: number, call: () => boolean): boolean {
    const stopwatch = this.#stopwatch
    const { timeline } = stopwatch
    const startMs = timeline === undefined ? 0 : timeline.now()
    const outerNs = stopwatch.downstreamNs
    stopwatch.downstreamNs = 0
    const startNs = stopwatch.monotonicNs()
    try {
      return call()
    } finally {
      const totalNs = stopwatch.monotonicNs() - startNs
      this.#carriedNs += totalNs - stopwatch.downstreamNs
      stopwatch.downstreamNs = outerNs + totalNs
      timeline?.span(`eventflux ${this.name}`, startMs, { rows })
    }
  }
}
