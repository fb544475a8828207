import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

/** A column of every type. */
export const every = schema({
  time: timestamp(),
  a: f64().nullable(),
  b: f32(),
  c: i32().nullable(),
  d: u32(),
  e: i64().nullable(),
  f: bool().nullable(),
  g: utf8().nullable(),
})
/** Values and nulls of each. */
export const rows = Array.from({ length: 100 }, (_, i) => ({
  time: i * 1000 - 50_000,
  a: i % 3 === 0 ? null : i / 7,
  b: i / 2,
  c: i % 5 === 0 ? null : i - 50,
  d: i,
  e: i % 11 === 0 ? null : BigInt(i) ** 9n,
  f: i % 4 === 0 ? null : i % 2 === 0,
  g: i % 13 === 0 ? null : ['', 'ü', '🙂 a', `t${i % 6}`][i % 4]!,
}))
/** The values of one column. */
export const column = <K extends keyof (typeof rows)[0]>(name: K) => rows.map(row => row[name])
