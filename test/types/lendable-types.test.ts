import { expect, expectTypeOf, it } from 'vitest'
import type { LendableColumns } from '../../src/index.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'

it('columns to lend are arrays of the types of their fields', () => {
  const fields = {
    time: timestamp(),
    symbol: utf8(),
    price: f64().nullable(),
    share: f32(),
    size: i32(),
    hits: u32(),
    id: i64(),
    open: bool(),
  }
  expectTypeOf<LendableColumns<typeof fields>>().toEqualTypeOf<{
    readonly time: Float64Array
    readonly symbol: Int32Array
    readonly price: Float64Array
    readonly share: Float32Array
    readonly size: Int32Array
    readonly hits: Uint32Array
    readonly id: BigInt64Array
    readonly open: Uint8Array
  }>()
  expect(Object.keys(fields)).toHaveLength(8)
})
