import type { ObjectState } from '../../window/object-state.ts'
import type { Better } from './better.ts'
import type { HeldValue } from './held-values.ts'

/** A result over values in the order they came. */
export type Computed = (values: Iterable<HeldValue>) => unknown

/** What a state that takes rows in one by one comes to. `valuesOf` are the values of a row as the state takes them. */
export function ofState<A>(state: ObjectState<A>, valuesOf: (value: unknown) => readonly unknown[]): Computed {
  return values => {
    let kept = state.create()
    for (const { value, seq } of values) kept = state.add(kept, valuesOf(value), seq)
    return state.result(kept)
  }
}

/** The value at rank p × (count - 1), in proportion between two. NaN is passed over unless there is nothing else. */
export function percentile(p: number): Computed {
  return values => {
    const all = Float64Array.from([...values].map(({ value }) => value as number))
    if (all.length === 0) return null
    const sorted = all.filter(value => !Number.isNaN(value)).sort()
    if (sorted.length === 0) return Number.NaN
    const rank = p * (sorted.length - 1)
    const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!]
    const share = rank % 1
    return share === 0 || low === high ? low : low * (1 - share) + high * share
  }
}

/** The first of a pair whose second is the best; of equal ones, and where no second is a number, the first that came. */
export function bestBy(isBetter: Better): Computed {
  return values => {
    let best: unknown
    let found: unknown = null
    for (const { value } of values) {
      const [first, by] = value as readonly [unknown, unknown]
      const isFirst = found === null || (Number.isNaN(best) && !Number.isNaN(by))
      // -0 and 0 are one to choose by.
      if (!isFirst && (best === by || !isBetter(by, best))) continue
      found = first
      best = by
    }
    return found
  }
}

/** Each value counts for `alpha`, all before it for the rest. */
export function movingMean(alpha: number): Computed {
  return values => {
    let mean: number | null = null
    for (const { value } of values) mean = mean === null ? (value as number) : mean + alpha * ((value as number) - mean)
    return mean
  }
}
