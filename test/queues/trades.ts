import { bool, f32, f64, i32, i64, timestamp, u32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

/** Events with a column of each type that shared memory can hold as it is. */
export const trades = schema({
  time: timestamp(),
  size: i32(),
  price: f64().nullable(),
  id: i64(),
  small: f32(),
  code: u32().nullable(),
  isBuy: bool(),
})

export const trade = (i: number) => ({
  time: 1_700_000_000_000 + i,
  size: 1 - i,
  price: i % 3 === 0 ? null : i + 0.5,
  id: 2n ** 60n + BigInt(i),
  small: i / 2,
  code: i % 2 === 0 ? null : 2 ** 31 + i,
  isBuy: i % 2 === 0,
})
