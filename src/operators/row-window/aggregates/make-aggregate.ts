import { planInvalid, show } from '../../../errors.ts'
import type { AggregateName } from '../../../expression/node.ts'
import type { LoweredAggregate } from '../../../plan/lower-window.ts'
import type { Removal } from '../row-window.ts'
import { betterFor } from './better.ts'
import { CountAggregate } from './count.ts'
import { CountIfAggregate } from './count-if.ts'
import { EdgeValue } from './edge-value.ts'
import { Extreme } from './extreme.ts'
import { HeapExtreme } from './heap-extreme.ts'
import type { RunningAggregate } from './running-aggregate.ts'
import { SlidingEdgeValue } from './sliding-edge-value.ts'
import { SlidingExtreme } from './sliding-extreme.ts'
import { SpreadAggregate } from './spread.ts'
import { SumAggregate } from './sum.ts'
import { SumI64Aggregate } from './sum-i64.ts'

type Maker = (aggregate: LoweredAggregate, removal: Removal) => () => RunningAggregate

const extreme =
  (fn: 'min' | 'max'): Maker =>
  (_, removal) => {
    const isBetter = betterFor(fn)
    if (removal === 'none') return () => new Extreme(isBetter)
    return removal === 'fifo' ? () => new SlidingExtreme(isBetter) : () => new HeapExtreme(isBetter)
  }

const edge =
  (which: 'first' | 'last'): Maker =>
  (_, removal) =>
    removal === 'none' ? () => new EdgeValue(which) : () => new SlidingEdgeValue(which)

const spread =
  (isDeviation: boolean, isSample: boolean): Maker =>
  () =>
  () =>
    new SpreadAggregate({ isDeviation, isSample })

/** Not every aggregate there is can do without the rows once they have left. */
const MAKERS: Readonly<Partial<Record<AggregateName, Maker>>> = {
  count: () => () => new CountAggregate(),
  countIf: () => () => new CountIfAggregate(),
  sum:
    ({ input }) =>
    () =>
      input.name === 'i64' ? new SumI64Aggregate() : new SumAggregate(false),
  avg: () => () => new SumAggregate(true),
  min: extreme('min'),
  max: extreme('max'),
  first: edge('first'),
  last: edge('last'),
  variance: spread(false, false),
  varianceSample: spread(false, true),
  stdDev: spread(true, false),
  stdDevSample: spread(true, true),
}

/**
 * What makes fresh aggregates of a kind, for windows whose rows leave in this way.
 *
 * @throws EventfluxError `PLAN_INVALID` for an aggregate that windows over rows don't compute.
 */
export function aggregateMaker(aggregate: LoweredAggregate, removal: Removal): () => RunningAggregate {
  const maker = Object.hasOwn(MAKERS, aggregate.fn) ? MAKERS[aggregate.fn] : undefined
  if (maker === undefined)
    throw planInvalid(`${show(aggregate.fn)} isn't computed over windows of rows that come and go`, {
      value: aggregate.fn,
    })
  return maker(aggregate, removal)
}
