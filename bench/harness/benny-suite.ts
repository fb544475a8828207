import benny from 'benny'
import type { Figure, Target } from './figure.ts'
import { spreadOf } from './statistics.ts'

/** One case of a benny suite: `run` does `amount` of the suite's unit per call. */
export interface SuiteCase {
  readonly name: string
  readonly run: () => unknown
  /** The case it is compared with; none: it is a baseline. */
  readonly baseline?: string
  readonly targets?: readonly Target[]
}

export interface SuiteOptions {
  /** How much of `unit` one call does: 0.001024 (million rows) with 'M rows/s'. */
  readonly amount: number
  readonly unit: string
  readonly quick: boolean
}

/** Measures the cases with benny and gives rates with their spread over benny's samples. */
export async function bennySuite(
  name: string,
  cases: readonly SuiteCase[],
  { amount, unit, quick }: SuiteOptions,
): Promise<Figure[]> {
  const summary = await benny.suite(
    name,
    // benny calls a function a case returns once more: the result of `run` is kept from it.
    ...cases.map(each =>
      benny.add(each.name, () => {
        each.run()
      }),
    ),
    benny.configure({ cases: quick ? { maxTime: 0.05, minSamples: 3 } : { maxTime: 0.7, minSamples: 15 } }),
  )
  const rates = summary.results.map(({ details }) => spreadOf(details.sampleResults.map(seconds => amount / seconds)))
  const medianOf = (wanted: string): number => {
    const index = cases.findIndex(each => each.name === wanted)
    if (index < 0) throw new Error(`There is no case ${wanted}`)
    return rates[index]!.median
  }
  return cases.map(({ name: caseName, baseline, targets }, i): Figure => {
    const spread = rates[i]!
    const judged = targets?.map(target => {
      const against = target.against ?? baseline
      const reached = target.of === 'value' || against === undefined ? spread.median : spread.median / medianOf(against)
      return { ...target, reached, met: reached >= target.atLeast }
    })
    return {
      name: caseName,
      unit,
      ...spread,
      ...(baseline === undefined ? {} : { baseline, ratio: spread.median / medianOf(baseline) }),
      ...(judged === undefined ? {} : { targets: judged }),
    }
  })
}
