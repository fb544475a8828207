import { expect, it } from 'vitest'
import { bool, type DataType, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { isValueOf } from '../../src/schema/is-value-of.ts'

const MOST = Number.MAX_SAFE_INTEGER
const CASES: readonly [DataType, readonly unknown[], readonly unknown[]][] = [
  [f64(), [0, -0, 0.1, Number.NaN, Number.NEGATIVE_INFINITY], ['0', 0n, null]],
  [f32(), [0, -0, 0.5, Number.NaN, Number.POSITIVE_INFINITY], [0.1, 1e300, 0n]],
  [i32(), [0, -(2 ** 31), 2 ** 31 - 1], [2 ** 31, 0.5, Number.NaN, '1', true]],
  [u32(), [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5, Number.NaN]],
  [i64(), [0n, -(2n ** 63n), 2n ** 63n - 1n], [2n ** 63n, 1, '1']],
  [bool(), [true, false], [0, 1, 'true', null]],
  [timestamp(), [0, -MOST, MOST], [MOST + 1, 0.5, Number.NaN, new Date(0)]],
  [utf8(), ['', 'a', '\ud800'], [null, undefined, 1, ['a']]],
]

it.each(CASES)('of a type are the values its columns hold, and no others: %o', (type, values, others) => {
  expect(values.filter(value => !isValueOf(type, value))).toEqual([])
  expect(others.filter(value => isValueOf(type, value))).toEqual([])
})
