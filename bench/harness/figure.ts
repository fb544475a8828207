import type { LatencyFigure } from './latency.ts'
import type { Spread } from './statistics.ts'

/** A bound a figure is held against; misses are printed, they don't fail the run. */
export interface Target {
  /** `'ratio'`: against the baseline named in `baseline`. `'value'`: the median itself. */
  readonly of: 'ratio' | 'value'
  readonly atLeast: number
  /** Which case the ratio is taken against, when that isn't the group's baseline. */
  readonly against?: string
}

/** One measured case: a rate (more is better), with its spread and its ratio to the group's baseline. */
export interface Figure extends Spread {
  readonly name: string
  readonly unit: string
  /** The case this one is compared with; the baseline itself has none. */
  readonly baseline?: string
  /** Median over the baseline's median. */
  readonly ratio?: number
  /** Quartiles of the ratios taken round by round, where rounds were interleaved. */
  readonly ratioP25?: number
  readonly ratioP75?: number
  /** The same rate and ratio over processor time (all threads of the process) instead of the time that passed. */
  readonly cpuMedian?: number
  readonly cpuRatio?: number
  readonly targets?: readonly (Target & { readonly reached: number; readonly met: boolean })[]
  readonly note?: string
}

/** What one group measured. */
export interface GroupReport {
  readonly group: string
  /** What ran, in words. */
  readonly description: string
  readonly figures: readonly Figure[]
  readonly latencies: readonly LatencyFigure[]
}
