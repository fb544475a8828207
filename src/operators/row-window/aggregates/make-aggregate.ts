import type { CheckedDefinition } from '../../../expression/aggregate-definition.ts'
import type { AggregateName } from '../../../expression/node.ts'
import type { LoweredAggregate } from '../../../plan/lower-aggregate.ts'
import { listState, setState, topState, userState } from '../../window/object-state.ts'
import type { Removal } from '../row-window.ts'
import { betterFor } from './better.ts'
import { bestBy, type Computed, movingMean, ofState, percentile } from './computed.ts'
import { CountAggregate } from './count.ts'
import { CountIfAggregate } from './count-if.ts'
import { DistinctAggregate } from './distinct.ts'
import { EdgeValue } from './edge-value.ts'
import { Extreme } from './extreme.ts'
import { HeapExtreme } from './heap-extreme.ts'
import { HeldValues } from './held-values.ts'
import type { RunningAggregate } from './running-aggregate.ts'
import { SlidingEdgeValue } from './sliding-edge-value.ts'
import { SlidingExtreme } from './sliding-extreme.ts'
import { SpreadAggregate } from './spread.ts'
import { SumAggregate } from './sum.ts'
import { SumI64Aggregate } from './sum-i64.ts'
import { namedFailures, UserAggregate } from './user-aggregate.ts'

/** Makes one fresh aggregate. */
type AggregateMaker = () => RunningAggregate

/** What makes fresh aggregates of a kind, for windows whose rows leave in this way. */
export function aggregateMaker(aggregate: LoweredAggregate, removal: Removal): AggregateMaker {
  const { fn, input, parameters } = aggregate
  switch (fn) {
    case 'count':
      return () => new CountAggregate()
    case 'countIf':
      return () => new CountIfAggregate()
    case 'sum':
      return input.name === 'i64' ? () => new SumI64Aggregate() : () => new SumAggregate(false)
    case 'avg':
      return () => new SumAggregate(true)
    case 'min':
    case 'max':
      return extreme(fn, removal)
    case 'minForever':
      return extreme('min', 'none')
    case 'maxForever':
      return extreme('max', 'none')
    case 'first':
    case 'last':
      return removal === 'none' ? () => new EdgeValue(fn) : () => new SlidingEdgeValue(fn)
    case 'variance':
    case 'varianceSample':
    case 'stdDev':
    case 'stdDevSample': {
      const options = { isDeviation: fn.startsWith('stdDev'), isSample: fn.endsWith('Sample') }
      return () => new SpreadAggregate(options)
    }
    case 'distinctCount':
    case 'approxDistinct':
      return () => new DistinctAggregate()
    case 'percentile':
    case 'percentileSketch':
      return computed(percentile(parameters[0]!))
    case 'argMin':
      return computed(bestBy(betterFor('min')))
    case 'argMax':
      return computed(bestBy(betterFor('max')))
    case 'emaAlpha':
      return computed(movingMean(parameters[0]!))
    case 'topK':
    case 'bottomK':
      return computed(ofState(topState(parameters[0]!, fn === 'topK', input), only))
    case 'collect':
      return computed(ofState(listState(parameters[0]!, input), only))
    case 'collectSet':
      return computed(ofState(setState(parameters[0]!, input), only))
    case 'user':
      return user(aggregate.definition!, 1 + aggregate.others.length - Number(aggregate.column < 0))
    default:
      throw new TypeError(`windows over rows don't compute ${fn}`)
  }
}

/** Whether an aggregate goes by all rows there ever were: it outlives its window's content. */
export const isForever = (fn: AggregateName): boolean => fn === 'minForever' || fn === 'maxForever'

function extreme(fn: 'min' | 'max', removal: Removal): AggregateMaker {
  const isBetter = betterFor(fn)
  if (removal === 'none') return () => new Extreme(isBetter)
  return removal === 'fifo' ? () => new SlidingExtreme(isBetter) : () => new HeapExtreme(isBetter)
}

const computed =
  (compute: Computed): AggregateMaker =>
  () =>
    new HeldValues(compute)

const only = (value: unknown): readonly unknown[] => [value]

/** A user's aggregate takes any number of values: one comes as it is, several as an array. */
function user(given: CheckedDefinition, count: number): AggregateMaker {
  const definition = namedFailures(given)
  const several = (value: unknown): readonly unknown[] => value as readonly unknown[]
  const valuesOf = count === 1 ? only : count === 0 ? () => [] : several
  if (definition.remove !== undefined) return () => new UserAggregate(definition, valuesOf)
  return computed(ofState(userState(definition), valuesOf))
}
