import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { EDGE_RANK, SUM_F64_BYTES } from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'
import { greatest, least } from './extremes-model.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

/** Records of the tests: rows, then 24 bytes of fields. */
const RECORD_BYTES = 32
const GROUPS = 4
const AT = 8

interface Batch {
  readonly groups: readonly number[]
  readonly values: readonly number[]
  readonly isThere: readonly boolean[] | undefined
  readonly rows: readonly number[] | undefined
  readonly from: number
}

const f64Value = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Number.NaN, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, -1e308, 5e-324),
)

/** A batch with every combination of selection, nulls and a start in the middle, of groups that change at any row or now and then. */
function batchOf(value: fc.Arbitrary<number>): fc.Arbitrary<Batch> {
  return fc
    .tuple(
      fc.array(fc.tuple(fc.nat(GROUPS - 1), value, fc.boolean()), { maxLength: 50 }),
      fc.boolean(),
      fc.boolean(),
      fc.nat(50),
      fc.boolean(),
    )
    .map(([given, nullable, selected, start, steady]) => {
      const rows = selected ? given.map((_, i) => i).filter(i => i % 3 !== 1) : undefined
      return {
        groups: given.map(([group], i) => (steady ? given[i - (i % 20)]![0] : group)),
        values: given.map(([, v]) => v),
        isThere: nullable ? given.map(([, , there]) => there) : undefined,
        rows,
        from: Math.min(start, rows?.length ?? given.length),
      }
    })
}

/** Positions a kernel sees: in the selection from `from` on. */
const positions = ({ rows, values, from }: Batch): number[] => (rows ?? values.map((_, i) => i)).slice(from)

/** The rows of a group whose value isn't null, in order. */
const rowsOf = (batch: Batch, group: number): number[] =>
  positions(batch).filter(i => batch.groups[i] === group && (batch.isThere?.[i] ?? true))

/** The values of a group that aren't null, in order. */
const valuesOf = (batch: Batch, group: number): number[] => rowsOf(batch, group).map(i => batch.values[i]!)

interface Placed {
  readonly records: number
  readonly addr: number
  readonly sel: number
  readonly validity: number
  readonly m: number
  readonly all: number
}

/** Lays out records of `fields` at AT (as f64), and a batch's addresses, selection and bitmap. */
function place(batch: Batch, fields: readonly number[]): Placed {
  const template = [0, ...fields, 0, 0, 0].slice(0, RECORD_BYTES / 8)
  const records = pair.put(Float64Array.from(Array(GROUPS).fill(template).flat()))
  const address = (group: number): number => records + group * RECORD_BYTES
  return {
    records,
    addr: pair.put(Uint32Array.from(positions(batch), i => address(batch.groups[i]!))),
    sel: pair.putSelection(batch.rows),
    validity: pair.putValidity(batch.isThere),
    m: batch.rows?.length ?? batch.values.length,
    all: pair.put(Uint32Array.from({ length: GROUPS }, (_, group) => address(group))),
  }
}

const field = (placed: Placed, group: number, at: number): number =>
  pair.f64(placed.records + group * RECORD_BYTES + at, 1)[0]!

function expectExtreme(placed: Placed, at: number, expected: readonly number[]): void {
  expect(expected.map((_, group) => field(placed, group, at))).toEqual(expected)
  const out = pair.room(GROUPS * 8)
  pair.call('takeField8', placed.all, GROUPS, at, out)
  expect(pair.f64(out, GROUPS)).toEqual(expected)
}

const groups = Array.from({ length: GROUPS }, (_, group) => group)

describe('extremes of f64', () => {
  it('ignore NaN and null, and put -0 below 0', () => {
    fc.assert(
      fc.property(batchOf(f64Value), batch => {
        for (const [name, of] of [
          ['accumulateMinF64', least],
          ['accumulateMaxF64', greatest],
        ] as const) {
          pair.reset()
          const p = place(batch, [Number.NaN])
          pair.call(name, p.addr, p.sel, batch.from, p.m, pair.put(Float64Array.from(batch.values)), p.validity, AT)
          const expected = groups.map(group => of(valuesOf(batch, group)))
          expectExtreme(p, AT, expected)
        }
      }),
    )
  })

  it('taken together with the sum are what they are alone', () => {
    fc.assert(
      fc.property(batchOf(f64Value), batch => {
        const run = (fields: number[], call: (p: Placed, a: number) => void): Placed => {
          pair.reset()
          const p = place(batch, fields)
          call(p, pair.put(Float64Array.from(batch.values)))
          return p
        }
        const { from } = batch
        const nan = Number.NaN
        const lows = groups.map(group => least(valuesOf(batch, group)))
        const highs = groups.map(group => greatest(valuesOf(batch, group)))
        const alone = run([0, 0], (p, a) => pair.call('accumulateSumF64', p.addr, p.sel, from, p.m, a, p.validity, AT))
        const sums = groups.map(group => [field(alone, group, AT), field(alone, group, AT + 8)])
        const expectSums = (p: Placed): void => {
          expect(groups.map(group => [field(p, group, AT), field(p, group, AT + 8)])).toEqual(sums)
        }

        const minMax = run([nan, nan], (p, a) =>
          pair.call('accumulateMinMaxF64', p.addr, p.sel, from, p.m, a, p.validity, AT),
        )
        expectExtreme(minMax, AT, lows)
        expectExtreme(minMax, AT + 8, highs)
        const sumMin = run([0, 0, nan], (p, a) =>
          pair.call('accumulateSumMinF64', p.addr, p.sel, from, p.m, a, p.validity, AT, AT + SUM_F64_BYTES),
        )
        expectSums(sumMin)
        expectExtreme(sumMin, AT + SUM_F64_BYTES, lows)
        const sumMax = run([0, 0, nan], (p, a) =>
          pair.call('accumulateSumMaxF64', p.addr, p.sel, from, p.m, a, p.validity, AT, AT + SUM_F64_BYTES),
        )
        expectSums(sumMax)
        expectExtreme(sumMax, AT + SUM_F64_BYTES, highs)
        // The fourth field takes the place of the row count: all three use the record up.
        const all = run([0, nan, nan], (p, a) =>
          pair.call('accumulateSumMinMaxF64', p.addr, p.sel, from, p.m, a, p.validity, 0, 16),
        )
        expect(groups.map(group => [field(all, group, 0), field(all, group, 8)])).toEqual(sums)
        expectExtreme(all, 16, lows)
        expectExtreme(all, 24, highs)
      }),
    )
  })

  it('combine to the extremes of both sides', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(f64Value, f64Value), { maxLength: 20 }), given => {
        for (const [name, of] of [
          ['combineMinF64', least],
          ['combineMaxF64', greatest],
        ] as const) {
          pair.reset()
          const left = pair.put(Float64Array.from(given, ([a]) => a))
          const right = pair.put(Float64Array.from(given, ([, b]) => b))
          const dst = pair.put(Uint32Array.from(given, (_, i) => left + i * 8))
          const src = pair.put(Uint32Array.from(given, (_, i) => right + i * 8))
          pair.call(name, dst, src, given.length, 0)
          expect(pair.f64(left, given.length)).toEqual(given.map(of))
        }
      }),
    )
  })
})

describe('i64', () => {
  const MAX = 2n ** 63n - 1n
  const MIN = -(2n ** 63n)
  const bigs = [0n, 1n, -1n, MAX, MIN, 2n ** 62n, -(2n ** 62n), 2n ** 53n + 1n]
  /** Values index into `bigs`. */
  const batches = batchOf(fc.nat(bigs.length - 1))
  const column = (batch: Batch): number => pair.put(BigInt64Array.from(batch.values, v => bigs[v]!))
  const i64 = (placed: Placed, group: number): bigint => pair.i64(placed.records + group * RECORD_BYTES + AT, 1)[0]!

  it('extremes are exact', () => {
    fc.assert(
      fc.property(batches, batch => {
        for (const [name, start, isBetter] of [
          ['accumulateMinI64', MAX, (a: bigint, b: bigint) => a < b],
          ['accumulateMaxI64', MIN, (a: bigint, b: bigint) => a > b],
        ] as const) {
          pair.reset()
          const p = place(batch, [])
          for (const group of groups) pair.set(p.records + group * RECORD_BYTES + AT, BigInt64Array.of(start))
          pair.call(name, p.addr, p.sel, batch.from, p.m, column(batch), p.validity, AT)
          for (const group of groups) {
            const expected = valuesOf(batch, group).reduce(
              (kept, v) => (isBetter(bigs[v]!, kept) ? bigs[v]! : kept),
              start,
            )
            expect(i64(p, group)).toBe(expected)
          }
        }
      }),
    )
  })

  it('sums stop in front of the row that would leave the range', () => {
    fc.assert(
      fc.property(batches, batch => {
        pair.reset()
        const p = place(batch, [])
        const stopped = pair.call('accumulateSumI64', p.addr, p.sel, batch.from, p.m, column(batch), p.validity, AT)
        const sums = groups.map(() => 0n)
        const seen = positions(batch)
        const overflow = seen.findIndex(i => {
          const group = batch.groups[i]!
          const sum = sums[group]! + bigs[batch.values[i]!]!
          if (!(batch.isThere?.[i] ?? true)) return false
          if (sum > MAX || sum < MIN) return true
          sums[group] = sum
          return false
        })
        expect(stopped).toBe(overflow < 0 ? p.m : batch.from + overflow)
        expect(groups.map(group => i64(p, group))).toEqual(sums)
      }),
    )
  })

  it('combine exactly, and sums stop at the pair that would leave the range', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...bigs), fc.constantFrom(...bigs)), { maxLength: 20 }), given => {
        const combine = (name: 'combineMinI64' | 'combineMaxI64' | 'combineSumI64') => {
          pair.reset()
          const left = pair.put(BigInt64Array.from(given, ([a]) => a))
          const right = pair.put(BigInt64Array.from(given, ([, b]) => b))
          const dst = pair.put(Uint32Array.from(given, (_, i) => left + i * 8))
          const src = pair.put(Uint32Array.from(given, (_, i) => right + i * 8))
          const returned = pair.call(name, dst, src, given.length, 0)
          return { returned, values: pair.i64(left, given.length) }
        }
        expect(combine('combineMinI64').values).toEqual(given.map(([a, b]) => (a < b ? a : b)))
        expect(combine('combineMaxI64').values).toEqual(given.map(([a, b]) => (a > b ? a : b)))
        const { returned, values } = combine('combineSumI64')
        const overflow = given.findIndex(([a, b]) => a + b > MAX || a + b < MIN)
        const stopped = overflow < 0 ? given.length : overflow
        expect(returned).toBe(stopped)
        expect(values).toEqual(given.map(([a, b], i) => (i < stopped ? a + b : a)))
      }),
    )
  })
})

describe('counts', () => {
  it('count the rows that have a value, or whose mask is one', () => {
    fc.assert(
      fc.property(batchOf(fc.nat(1)), batch => {
        pair.reset()
        const p = place(batch, [])
        const mask = pair.put(Uint8Array.from(batch.values))
        pair.call('accumulateCountValid', p.addr, p.sel, batch.from, p.m, p.validity, AT)
        pair.call('accumulateCountMask', p.addr, p.sel, batch.from, p.m, mask, AT + 8)
        const every: Batch = { ...batch, isThere: undefined }
        for (const group of groups) {
          expect(field(p, group, AT)).toBe(valuesOf(batch, group).length)
          expect(field(p, group, AT + 8)).toBe(valuesOf(every, group).filter(v => v === 1).length)
        }
        const bits = pair.room(1)
        pair.call('fieldAbove', p.all, GROUPS, AT, 1, bits)
        expect(pair.bits(bits, GROUPS)).toEqual(groups.map(group => valuesOf(batch, group).length > 1))
        // A mask, its opposite, and one of every other row, in two passes.
        const opposite = pair.put(Uint8Array.from(batch.values, v => 1 - v))
        const everyOther = pair.put(Uint8Array.from(batch.values, (_, i) => i % 2))
        const q = place(batch, [])
        const [addr, sel] = [q.addr, q.sel]
        pair.call('accumulateCountMasks3', addr, sel, batch.from, q.m, mask, AT, opposite, AT + 16, everyOther, AT + 8)
        pair.call('accumulateCountMasks2', addr, sel, batch.from, q.m, everyOther, AT + 16, mask, AT)
        for (const group of groups) {
          const rows = rowsOf(every, group)
          const ones = valuesOf(every, group).filter(v => v === 1).length
          const odd = rows.filter(row => row % 2 === 1).length
          expect(field(q, group, AT)).toBe(2 * ones)
          expect(field(q, group, AT + 8)).toBe(odd)
          expect(field(q, group, AT + 16)).toBe(rows.length - ones + odd)
        }
        pair.call('combineCount', p.all, p.all, 1, AT)
        expect(field(p, 0, AT)).toBe(valuesOf(batch, 0).length * 2)
      }),
    )
  })
})

describe('first and last', () => {
  const RANK = 700
  const cases = [
    ['accumulateFirst8', 8, (rows: readonly number[]) => rows[0]],
    ['accumulateLast8', 8, (rows: readonly number[]) => rows.at(-1)],
    ['accumulateFirst4', 4, (rows: readonly number[]) => rows[0]],
    ['accumulateLast4', 4, (rows: readonly number[]) => rows.at(-1)],
  ] as const

  it('keep the value that came first or last, whatever it is, and when it came', () => {
    fc.assert(
      fc.property(batchOf(fc.nat()), batch => {
        for (const [name, width, of] of cases) {
          pair.reset()
          const p = place(batch, [])
          const a = pair.put(width === 8 ? Float64Array.from(batch.values) : Uint32Array.from(batch.values))
          pair.call(name, p.addr, p.sel, batch.from, p.m, a, p.validity, RANK, AT)
          const rows = groups.map(group => of(rowsOf(batch, group)))
          expect(groups.map(group => field(p, group, AT + EDGE_RANK))).toEqual(
            rows.map(row => (row === undefined ? 0 : RANK + row)),
          )
          const expected = rows.map(row => (row === undefined ? undefined : batch.values[row]))
          const out = pair.room(GROUPS * width)
          pair.call(width === 8 ? 'takeField8' : 'takeField4', p.all, GROUPS, AT, out)
          const finished = width === 8 ? pair.f64(out, GROUPS) : pair.u32(out, GROUPS)
          expect(finished).toEqual(expected.map(value => value ?? 0))
        }
      }),
    )
  })

  it('combine by the order of arrival', () => {
    const edge = fc.option(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 50 })), {
      nil: undefined,
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(edge, edge), { maxLength: 20 }), given => {
        for (const name of ['combineFirst', 'combineLast'] as const) {
          pair.reset()
          const put = (edges: (readonly [number, number] | undefined)[]): number =>
            pair.put(Float64Array.from(edges.flatMap(edge => edge ?? [0, 0])))
          const left = put(given.map(([a]) => a))
          const right = put(given.map(([, b]) => b))
          const dst = pair.put(Uint32Array.from(given, (_, i) => left + i * 16))
          const src = pair.put(Uint32Array.from(given, (_, i) => right + i * 16))
          pair.call(name, dst, src, given.length, 0)
          const expected = given.flatMap(([a, b]) => {
            if (a === undefined || b === undefined) return a ?? b ?? [0, 0]
            const isSecond = name === 'combineFirst' ? b[1] < a[1] : b[1] > a[1]
            return isSecond ? b : a
          })
          expect(pair.f64(left, given.length * 2)).toEqual(expected)
        }
      }),
    )
  })

  it('take nothing of a rank that is no number, where there is one, and are alike on both engines', () => {
    const ranks = [0, 3, 7, -1, Number.NaN, Number.POSITIVE_INFINITY]
    const pairs = ranks.flatMap(known => ranks.map(rank => [known, rank] as const))
    for (const name of ['combineFirst', 'combineLast'] as const) {
      pair.reset()
      const left = pair.put(Float64Array.from(pairs.flatMap(([known]) => [1, known])))
      const right = pair.put(Float64Array.from(pairs.flatMap(([, rank]) => [2, rank])))
      const dst = pair.put(Uint32Array.from(pairs, (_, i) => left + i * 16))
      const src = pair.put(Uint32Array.from(pairs, (_, i) => right + i * 16))
      pair.call(name, dst, src, pairs.length, 0)
      const isTaken = ([known, rank]: readonly [number, number]): boolean =>
        name === 'combineLast' ? rank > known : rank !== 0 && (known === 0 || rank < known)
      const expected = pairs.flatMap(each => (isTaken(each) ? [2, each[1]] : [1, each[0]]))
      expect(pair.f64(left, pairs.length * 2)).toEqual(expected)
    }
  })
})
