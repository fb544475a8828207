import type { CheckedDefinition } from '../../expression/aggregate-definition.ts'
import type { DataType } from '../../schema/data-type.ts'
import { isValueOf } from '../../schema/is-value-of.ts'

/**
 * An aggregate that runs in TypeScript: what it keeps for a group is a JavaScript value, made by `create`. `add` and
 * `merge` return what to keep on; `merge` leaves `other` as it is. `rank` says when a row arrived.
 */
export interface ObjectState<A> {
  create(): A
  add(kept: A, values: readonly unknown[], rank: number): A
  merge(kept: A, other: A): A
  result(kept: A): unknown
  /** Whether a value out of a state, which may be anything, is one that is kept. */
  isKept(value: unknown): value is A
}

type Comparable = number | bigint

/** A value and when it arrived. */
interface Arrival<V = unknown> {
  readonly value: V
  readonly rank: number
}

/** Whether it is up to `most` arrivals of values of a type. */
const areArrivals = (value: unknown, most: number, type: DataType): boolean =>
  Array.isArray(value) && value.length <= most && value.every(each => isArrival(each, type))

const isArrival = (given: unknown, type: DataType): boolean =>
  typeof given === 'object' &&
  given !== null &&
  Number.isFinite((given as Arrival).rank) &&
  isValueOf(type, (given as Arrival).value)

/** The first `most` values of a type by value, then by arrival. O(log most) to find the place of a value that belongs to them. */
export function topState(most: number, greatest: boolean, type: DataType): ObjectState<Arrival<Comparable>[]> {
  const comesBefore = (a: Arrival<Comparable>, b: Arrival<Comparable>): boolean => {
    if (a.value !== b.value) return greatest ? a.value > b.value : a.value < b.value
    return a.rank < b.rank
  }
  const enter = (kept: Arrival<Comparable>[], given: Arrival<Comparable>): void => {
    if (kept.length === most && !comesBefore(given, kept[most - 1]!)) return
    let low = 0
    let high = kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (comesBefore(kept[middle]!, given)) low = middle + 1
      else high = middle
    }
    if (kept.length === most) kept.pop()
    kept.splice(low, 0, given)
  }
  return {
    create: () => [],
    add(kept, values, rank) {
      const value = values[0] as Comparable
      if (!Number.isNaN(value)) enter(kept, { value, rank })
      return kept
    },
    merge(kept, other) {
      for (const each of other) enter(kept, each)
      return kept
    },
    result: kept => kept.map(({ value }) => value),
    isKept: (value): value is Arrival<Comparable>[] => areArrivals(value, most, type),
  }
}

/** The first `most` values of a type by arrival. */
export function listState(most: number, type: DataType): ObjectState<Arrival[]> {
  return {
    create: () => [],
    add(kept, values, rank) {
      if (kept.length < most) kept.push({ value: values[0], rank })
      return kept
    },
    merge: (kept, other) => firstOf([...kept, ...other], most),
    result: kept => kept.map(({ value }) => value),
    isKept: (value): value is Arrival[] => areArrivals(value, most, type),
  }
}

/** The first `most` different values of a type by first arrival. */
export function setState(most: number, type: DataType): ObjectState<Map<unknown, number>> {
  return {
    create: () => new Map(),
    add(kept, values, rank) {
      // A map keeps the zero it has seen, not the one zero they are.
      const value = values[0] === 0 ? 0 : values[0]
      if (kept.size < most && !kept.has(value)) kept.set(value, rank)
      return kept
    },
    merge(kept, other) {
      const first = new Map(kept)
      for (const [value, rank] of other) first.set(value, Math.min(rank, first.get(value) ?? rank))
      const arrivals = [...first].map(([value, rank]) => ({ value, rank }))
      return new Map(firstOf(arrivals, most).map(({ value, rank }) => [value, rank]))
    },
    result: kept => [...kept.keys()],
    isKept: (given): given is Map<unknown, number> =>
      given instanceof Map &&
      given.size <= most &&
      [...given].every(([value, rank]) => isArrival({ value, rank }, type)),
  }
}

const firstOf = (arrivals: Arrival[], most: number): Arrival[] =>
  arrivals.sort((a, b) => a.rank - b.rank).slice(0, most)

/** What a user's definition says. */
export function userState(definition: CheckedDefinition): ObjectState<unknown> {
  const { merge } = definition
  return {
    create: () => definition.create(),
    add: (kept, values) => definition.add(kept, ...values),
    merge(kept, other) {
      if (merge === undefined) throw new TypeError('the aggregate has no merge')
      const merged = merge(kept, other)
      // Two windows would have one accumulator, and what is added to one of them would be in the other.
      if (merged === other && typeof other === 'object' && other !== null)
        throw new TypeError('merge returned its second argument, which is used again: return the first, or a new one')
      return merged
    },
    result: kept => definition.result(kept),
    // What it keeps is its own business.
    isKept: (_value): _value is unknown => true,
  }
}
