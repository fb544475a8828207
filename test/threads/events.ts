import { bool, f64, type InsertRow, i32, i64, schema, timestamp, utf8 } from '../../src/index.ts'

/** Events with keys of every kind: few and many, nullable, and numbers that are equal though their bits differ. */
export const events = schema({
  time: timestamp(),
  name: utf8(),
  tag: utf8().nullable(),
  n: i32(),
  x: f64().nullable(),
  big: i64(),
  flag: bool(),
})
export type Event = InsertRow<typeof events>

const ODD = [0, -0, Number.NaN, 1.5, null]

/** `count` of them, out of order by up to 400 ms, and some 3 s late; a new name now and then. */
export function eventsOf(count: number, from = 0): Event[] {
  return Array.from({ length: count }, (_, j) => {
    const i = from + j
    return {
      time: 1_700_000_000_000 + i * 7 + ((i * 7_919) % 400) - (i % 97 === 0 ? 3_000 : 0),
      name: i % 5 === 0 ? `new ${i}` : `name ${(i * 31) % 23}`,
      tag: i % 11 === 0 ? null : `tag ${i % 7}`,
      n: (i * 13) % 50,
      x: ODD[i % 9] === undefined ? ((i * 37) % 101) / 4 : ODD[i % 9]!,
      big: BigInt((i * 17) % 12) - 5n,
      flag: i % 3 === 0,
    }
  })
}

/** A row as text, with nothing of it lost. */
export const textOf = (row: object): string =>
  JSON.stringify(row, (_, value) =>
    typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : Number.isNaN(value) ? 'NaN' : value,
  )
/** Rows in an order of their own. */
export const sorted = (rows: readonly object[]): string[] => rows.map(textOf).sort()
