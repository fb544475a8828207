import { describe, expect, it } from 'vitest'
import { listState, type ObjectState, setState, topState } from '../../../src/operators/window/object-state.ts'
import { i32, utf8 } from '../../../src/schema/data-type.ts'

const arrival = (value: unknown, rank: unknown = 1) => ({ value, rank })
const NONE = [
  undefined,
  null,
  0,
  'x',
  {},
  new Map([['a', 1]]),
  [null],
  [1],
  [arrival(undefined)],
  [arrival(1, Number.NaN)],
]
const STATES: readonly [string, ObjectState<never>, readonly unknown[], readonly unknown[]][] = [
  [
    'the greatest two integers',
    topState(2, true, i32()) as ObjectState<never>,
    [[], [arrival(7), arrival(-3)]],
    [...NONE, [arrival(0.5)], [arrival(7n)], [arrival(1), arrival(1), arrival(1)]],
  ],
  [
    'the first two texts',
    listState(2, utf8()) as ObjectState<never>,
    [[], [arrival('a'), arrival('')]],
    [...NONE, [arrival(7)], [arrival('a'), arrival('a'), arrival('a')]],
  ],
  [
    'the first two different texts',
    setState(2, utf8()) as ObjectState<never>,
    [new Map(), new Map([['a', 3]])],
    [[], {}, new Map([[1, 3]]), new Map([['a', 'b']]), new Map(['a', 'b', 'c'].map(text => [text, 1]))],
  ],
]

describe('what an aggregate keeps of', () => {
  it.each(STATES)('%s is told from what a state may hold instead', (_, state, kept, others) => {
    expect([state.create(), ...kept].filter(value => !state.isKept(value))).toEqual([])
    expect(others.filter(value => state.isKept(value))).toEqual([])
  })
})
