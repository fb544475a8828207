import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { BUFFER_ADDRESS, BUFFER_COUNT } from '../../assembly/abi.ts'
import { KeptRows } from '../../src/operators/window/kept-rows.ts'
import { bool, f32, f64, i32, i64, u32 } from '../../src/schema/data-type.ts'
import {
  AT,
  awkward,
  COUNT,
  field,
  groups,
  grow,
  pair,
  place,
  type Rows,
  rowsOf,
  untilThrough,
  valuesOf,
  word,
} from './buffer-rows.ts'

beforeEach(() => pair.reset())

const COLUMNS = [
  { name: 'd', type: f64() },
  { name: 'l', type: i64() },
  { name: 's', type: f32() },
  { name: 'n', type: i32() },
  { name: 'u', type: u32() },
  { name: 'maybe', type: i32().nullable() },
  { name: 'flag', type: bool().nullable() },
]
const ORDERED = 5

/** Few values, so that many are equal. */
const small = fc.integer({ min: -3, max: 3 })
const inputOf = fc.record({
  rows: rowsOf(COUNT),
  d: valuesOf(fc.oneof(small, awkward)),
  l: valuesOf(fc.bigInt({ min: -2n, max: 2n })),
  s: valuesOf(fc.oneof(small, awkward)),
  n: valuesOf(small),
  keys: fc.uniqueArray(fc.record({ column: fc.nat(ORDERED - 1), isDescending: fc.boolean() }), {
    selector: key => key.column,
    minLength: 1,
    maxLength: 3,
  }),
  most: fc.integer({ min: 1, max: 12 }),
})
type Input = typeof inputOf extends fc.Arbitrary<infer T> ? T : never

/** NaN comes last, whichever way. */
function compare(x: number | bigint, y: number | bigint, isDescending: boolean): number {
  if (x < y) return isDescending ? 1 : -1
  if (x > y) return isDescending ? -1 : 1
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
}

/** The columns of an input in memory, how its rows are kept, and the values of a row as they are read back. */
function laid({ d, l, s, n, keys, rows }: Input) {
  const kept = new KeptRows(COLUMNS, keys)
  const all = { d, l, s: s.map(Math.fround), n, u: n.map(value => value >>> 0), maybe: n, flag: n.map(v => v & 1) }
  const there = n.map((_, i) => i % 3 !== 0)
  const validity = pair.putValidity(there)
  const values = [
    pair.put(Float64Array.from(d)),
    pair.put(BigInt64Array.from(l)),
    pair.put(Float32Array.from(s)),
    pair.put(Int32Array.from(n)),
    pair.put(Uint32Array.from(all.u)),
    pair.put(Int32Array.from(all.maybe)),
    pair.put(Uint8Array.from(all.flag)),
  ]
  const table = new Uint32Array(kept.tableBytes / 4)
  kept.describe(table, 0)
  const columns = values.map((at, i) => ({ values: at, validity: COLUMNS[i]!.type.isNullable ? validity : 0 }))
  kept.tell(table, 0, { columns } as never)
  const order = (a: number, b: number): number => {
    for (const { column, isDescending } of keys) {
      const of = [all.d, all.l, all.s, all.n, all.u][column]!
      const way = compare(of[a]!, of[b]!, isDescending)
      if (way !== 0) return way
    }
    return 0
  }
  const told = (row: number) => [
    ...[all.d, all.l, all.s, all.n, all.u].map(of => of[row]!),
    ...[all.maybe, all.flag].map(of => (there[row] ? of[row]! : null)),
  ]
  const positions = (rows.selection ?? rows.groups.map((_, i) => i)).slice(rows.from)
  return { kept, table: pair.put(table), order, told, positions }
}

/** The rows a record keeps. */
function found(kept: KeptRows, record: number): unknown[][] {
  return Array.from({ length: field(record, BUFFER_COUNT) }, (_, i) => {
    const row = word(record, BUFFER_ADDRESS) + i * kept.rowBytes
    const [d, l, s, n, u, maybe, flag] = kept.columns.map(({ at }) => row + at)
    const isThere = (column: number) => pair.f64(row + kept.columns[column]!.flagAt, 1)[0] === 1
    return [
      pair.f64(d!, 1)[0],
      pair.i64(l!, 1)[0],
      pair.f32(s!, 1)[0],
      pair.i32(n!, 1)[0],
      pair.u32(u!, 1)[0],
      isThere(5) ? pair.i32(maybe!, 1)[0] : null,
      isThere(6) ? pair.u8(flag!, 1)[0] : null,
    ]
  })
}

function keepAll(input: Input, laidOut: ReturnType<typeof laid>) {
  const { kept, table } = laidOut
  const { rows, keys, most } = input
  const placed = place({ ...rows, isThere: undefined } satisfies Rows)
  untilThrough(
    placed,
    rows.from,
    record => grow(record, kept.rowBytes),
    (addr, from) =>
      pair.call(
        'accumulateTopRows',
        ...([addr, placed.sel, from, placed.m, table, COLUMNS.length, keys.length, kept.rowBytes, most, AT] as const),
      ),
  )
  return placed
}

describe('top rows', () => {
  it('are the first of each record in an order, of equal ones those that came first, with all of their values', () => {
    fc.assert(
      fc.property(inputOf, input => {
        pair.reset()
        const laidOut = laid(input)
        const placed = keepAll(input, laidOut)
        for (const group of groups) {
          const own = laidOut.positions.filter(row => input.rows.groups[row] === group).sort(laidOut.order)
          expect(found(laidOut.kept, placed.record(group))).toEqual(own.slice(0, input.most).map(laidOut.told))
        }
      }),
    )
  })

  it('are put together: those of the second record count as later', () => {
    fc.assert(
      fc.property(inputOf, input => {
        pair.reset()
        const laidOut = laid(input)
        const { kept, table, order, told, positions } = laidOut
        const placed = keepAll(input, laidOut)
        const dst = pair.put(Uint32Array.of(placed.record(0), placed.record(0)))
        const src = pair.put(Uint32Array.of(placed.record(1), placed.record(2)))
        const layout = [table, COLUMNS.length, input.keys.length, kept.rowBytes, input.most, AT] as const
        for (let j = 0; ; grow(placed.record(0), kept.rowBytes)) {
          j = pair.call('combineTopRows', dst + j * 4, src + j * 4, j, 2, ...layout)
          if (j === 2) break
        }
        const inOrder = groups.flatMap(group => positions.filter(row => input.rows.groups[row] === group))
        expect(found(kept, placed.record(0))).toEqual(inOrder.sort(order).slice(0, input.most).map(told))
      }),
    )
  })
})
