import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  ARG_RANK,
  ARG_VALUE,
  BUFFER_ADDRESS,
  BUFFER_CAPACITY,
  BUFFER_COUNT,
  DECAY_TIME,
  EMA_COUNT,
  REGISTERS,
  SET_ZERO,
} from '../../assembly/abi.ts'
import {
  AT,
  awkward,
  COUNT,
  distinct,
  field,
  groups,
  grow,
  pair,
  place,
  RECORD_BYTES,
  type Rows,
  rowsOf,
  seen,
  untilThrough,
  valuesOf,
  word,
} from './buffer-rows.ts'
import { Random } from './random.ts'

beforeEach(() => pair.reset())

describe('sets of values', () => {
  /** Enters values into the sets of their groups, and expects each to hold those that `told` tells apart. */
  function expectDistinct<V>(
    kernel: 'accumulateDistinctF64' | 'accumulateDistinct8' | 'accumulateDistinct4',
    rows: Rows,
    a: number,
    told: readonly V[],
  ): void {
    const placed = place(rows)
    untilThrough(
      placed,
      rows.from,
      record => grow(record, 8, 'rehashSet'),
      (addr, from) => pair.call(kernel, addr, placed.sel, from, placed.m, a, placed.validity, AT),
    )
    for (const group of groups) {
      const given = seen(rows).filter(i => rows.groups[i] === group)
      expect(field(placed.record(group), BUFFER_COUNT)).toBe(distinct(given.map(i => told[i])))
    }
  }

  it('hold every f64 once: there is one zero and one NaN', () => {
    fc.assert(
      fc.property(rowsOf(COUNT), valuesOf(awkward), (rows, values) => {
        pair.reset()
        expectDistinct('accumulateDistinctF64', rows, pair.put(Float64Array.from(values)), values)
      }),
    )
  })

  it('hold every i64 and every code once', () => {
    const i64 = fc.oneof(fc.bigInt({ min: -4n, max: 4n }), fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 32n))
    fc.assert(
      fc.property(rowsOf(COUNT), valuesOf(i64), (rows, values) => {
        pair.reset()
        const codes = Int32Array.from(values, Number)
        expectDistinct('accumulateDistinct8', rows, pair.put(BigInt64Array.from(values)), values)
        expectDistinct('accumulateDistinct4', rows, pair.put(codes), [...codes])
      }),
    )
  })

  it('hold every one of many values once, however they lie: side by side, far apart, or alike in their low bits', () => {
    const many = 200
    const shape = fc.record({
      first: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      step: fc.constantFrom(1, 3, 8, 64, 4_096, 2 ** 20, 0x9e3779b1),
      period: fc.integer({ min: 1, max: many }),
    })
    fc.assert(
      fc.property(rowsOf(many), shape, (rows, { first, step, period }) => {
        pair.reset()
        const values = Int32Array.from({ length: many }, (_, i) => first + (i % period) * step)
        expectDistinct('accumulateDistinct4', rows, pair.put(values), [...values])
      }),
    )
  })

  it('become their union, and stay as they are as the source', () => {
    fc.assert(
      fc.property(valuesOf(awkward), valuesOf(awkward), (one, other) => {
        pair.reset()
        const whole: Rows = { groups: one.map(() => 0), isThere: undefined, selection: undefined, from: 0 }
        const [target, source] = [one, other].map(values => {
          const placed = place(whole)
          const a = pair.put(Float64Array.from(values))
          untilThrough(
            placed,
            0,
            record => grow(record, 8, 'rehashSet'),
            (addr, from) => pair.call('accumulateDistinctF64', addr, 0, from, COUNT, a, 0, AT),
          )
          return placed.record(0)
        }) as [number, number]
        const dst = pair.put(Uint32Array.of(target))
        const src = pair.put(Uint32Array.of(source))
        while (pair.call('combineDistinct', dst, src, 0, 1, AT) < 1) grow(target, 8, 'rehashSet')
        expect(field(target, BUFFER_COUNT)).toBe(distinct([...one, ...other]))
        expect(field(source, BUFFER_COUNT)).toBe(distinct(other))
        expect(field(target, SET_ZERO)).toBe([...one, ...other].includes(0) ? 1 : 0)
      }),
    )
  })
})

describe('registers', () => {
  it('are the same whether hashes come by way of a set, of registers, or of a union', () => {
    const random = new Random(7)
    const values = random.many(400, () => random.f64())
    const a = pair.put(Float64Array.from(values))
    const record = pair.room(RECORD_BYTES)
    const addr = pair.put(Uint32Array.from(values, () => record))
    expect(pair.call('accumulateApproxDistinctF64', addr, 0, 0, 400, a, 0, AT)).toBe(0)
    let j = 0
    while (j < 400) {
      grow(record, 8, 'rehashSet')
      j = pair.call('accumulateApproxDistinctF64', addr, 0, j, 400, a, 0, AT)
    }
    expect(field(record, BUFFER_COUNT)).toBe(distinct(values))
    const fromSet = pair.room(REGISTERS)
    pair.call('raiseRegisters', word(record, BUFFER_ADDRESS), word(record, BUFFER_CAPACITY), fromSet)

    const direct = pair.room(RECORD_BYTES)
    pair.set(direct + AT + BUFFER_ADDRESS, Uint32Array.of(pair.room(REGISTERS), 0))
    const half = pair.put(Uint32Array.from(values, () => direct))
    expect(pair.call('accumulateApproxDistinctF64', half, 0, 0, 200, a, 0, AT)).toBe(200)
    const rest = pair.room(RECORD_BYTES)
    pair.set(rest + AT + BUFFER_ADDRESS, Uint32Array.of(pair.room(REGISTERS), 0))
    const restAddr = pair.put(Uint32Array.from(values, () => rest))
    expect(pair.call('accumulateApproxDistinctF64', restAddr, 0, 200, 400, a, 0, AT)).toBe(400)
    pair.call('maxU8', word(rest, BUFFER_ADDRESS), REGISTERS, word(direct, BUFFER_ADDRESS))
    expect(pair.u32(word(direct, BUFFER_ADDRESS), REGISTERS / 4)).toEqual(pair.u32(fromSet, REGISTERS / 4))

    const taken = pair.room(RECORD_BYTES)
    pair.set(taken + AT + BUFFER_ADDRESS, Uint32Array.of(pair.room(REGISTERS), 0))
    expect(pair.call('combineHashes', taken, record, AT)).toBe(1)
    expect(pair.u32(word(taken, BUFFER_ADDRESS), REGISTERS / 4)).toEqual(pair.u32(fromSet, REGISTERS / 4))
    expect(pair.call('combineHashes', pair.room(RECORD_BYTES), record, AT)).toBe(0)
  })

  it('take i64 by its bits and text by what a table has for its code', () => {
    const values = [1n, -1n, 2n ** 40n, 1n]
    const table = pair.put(BigInt64Array.from(values))
    const codes = pair.put(Uint32Array.of(3, 2, 1, 0))
    const [byCode, direct] = [0, 1].map(() => {
      const record = pair.room(RECORD_BYTES)
      pair.set(record + AT + BUFFER_ADDRESS, Uint32Array.of(pair.room(REGISTERS), 0))
      return record
    }) as [number, number]
    const each = (record: number): number => pair.put(Uint32Array.from(values, () => record))
    expect(pair.call('accumulateApproxDistinctCodes', each(byCode), 0, 0, 4, codes, 0, AT, table)).toBe(4)
    expect(pair.call('accumulateApproxDistinct8', each(direct), 0, 0, 4, table, 0, AT)).toBe(4)
    const registers = (record: number): number[] => pair.u32(word(record, BUFFER_ADDRESS), REGISTERS / 4)
    expect(registers(byCode)).toEqual(registers(direct))
    expect(registers(direct).filter(four => four !== 0)).toHaveLength(3)
  })
})

describe('bins', () => {
  /** Sign, exponent and two bits of the mantissa. */
  const KEEP = -1 << 18
  const binOf = (value: number): string => {
    const words = new Uint32Array(Float64Array.of(value + 0).buffer)
    return Number.isNaN(value) ? 'NaN' : nameOf(new Float64Array(Uint32Array.of(0, words[1]! & KEEP).buffer)[0]!)
  }
  const nameOf = (bin: number): string => (Object.is(bin, -0) ? '-0' : String(bin))

  it('count the values that share their first bits, and add up', () => {
    fc.assert(
      fc.property(rowsOf(COUNT), valuesOf(awkward), (rows, values) => {
        pair.reset()
        const placed = place(rows)
        const a = pair.put(Float64Array.from(values))
        untilThrough(
          placed,
          rows.from,
          record => grow(record, 16, 'rehashBins'),
          (addr, from) =>
            pair.call('accumulateBinsF64', addr, placed.sel, from, placed.m, a, placed.validity, KEEP, AT),
        )
        const dst = pair.put(Uint32Array.of(placed.record(0), placed.record(0)))
        const src = pair.put(Uint32Array.of(placed.record(1), placed.record(2)))
        for (let j = 0; ; grow(placed.record(0), 16, 'rehashBins')) {
          j = pair.call('combineBins', dst + j * 4, src + j * 4, j, 2, AT)
          if (j === 2) break
        }
        const counts = new Map<string, number>()
        for (const i of seen(rows)) counts.set(binOf(values[i]!), (counts.get(binOf(values[i]!)) ?? 0) + 1)
        const capacity = word(placed.record(0), BUFFER_CAPACITY)
        const slots = pair.f64(word(placed.record(0), BUFFER_ADDRESS), capacity * 2)
        const found = new Map<string, number>()
        for (let i = 0; i < slots.length; i += 2) if (slots[i + 1] !== 0) found.set(nameOf(slots[i]!), slots[i + 1]!)
        expect(found).toEqual(counts)
        expect(field(placed.record(0), BUFFER_COUNT)).toBe(counts.size)
      }),
    )
  })
})

describe('lists', () => {
  it('keep all values in order of arrival, and are appended', () => {
    fc.assert(
      fc.property(rowsOf(COUNT), valuesOf(awkward), (rows, values) => {
        pair.reset()
        const placed = place(rows)
        const a = pair.put(Float64Array.from(values))
        untilThrough(
          placed,
          rows.from,
          record => grow(record, 8),
          (addr, from) => pair.call('accumulateList8', addr, placed.sel, from, placed.m, a, placed.validity, AT),
        )
        const listOf = (group: number): number[] =>
          seen(rows).flatMap(i => (rows.groups[i] === group ? values[i]! : []))
        const found = (group: number): number[] =>
          pair.f64(word(placed.record(group), BUFFER_ADDRESS), field(placed.record(group), BUFFER_COUNT))
        for (const group of groups) expect(found(group)).toEqual(listOf(group))
        const dst = pair.put(Uint32Array.of(placed.record(0)))
        const src = pair.put(Uint32Array.of(placed.record(1)))
        while (pair.call('combineList8', dst, src, 0, 1, AT) < 1) grow(placed.record(0), 8)
        expect(found(0)).toEqual([...listOf(0), ...listOf(1)])
      }),
    )
  })
})

describe('values beside an extreme', () => {
  const RANK = 100
  /** The first row of the best: a NaN is worse than any number. */
  const best = (given: readonly number[], by: readonly number[], greatest: boolean): number | undefined =>
    given.reduce<number | undefined>((so, i) => {
      if (so === undefined) return i
      if (Number.isNaN(by[so])) return Number.isNaN(by[i]) ? so : i
      return (greatest ? by[i]! > by[so]! : by[i]! < by[so]!) ? i : so
    }, undefined)

  it.each([
    ['least', 0],
    ['greatest', 1],
  ])('are of the first row with the %s, of 4 bytes or of 8, in one record or in two', (_, greatest) => {
    fc.assert(
      fc.property(rowsOf(COUNT), valuesOf(awkward), fc.boolean(), (rows, by, wide) => {
        pair.reset()
        const placed = place(rows)
        const order = pair.put(Float64Array.from(by))
        const a = wide ? pair.put(Float64Array.from(by, (_, i) => i)) : pair.put(Uint32Array.from(by, (_, i) => i))
        const { addr, sel, m, validity } = placed
        pair.call('accumulateArgF64', addr, sel, rows.from, m, order, validity, a, Number(wide), greatest, RANK, AT)
        const valueAt = (group: number): number | undefined => {
          const record = placed.record(group)
          if (field(record, ARG_RANK) === 0) return undefined
          const row = wide ? field(record, ARG_VALUE) : word(record, ARG_VALUE)
          expect(field(record, ARG_RANK)).toBe(RANK + row)
          return row
        }
        const of = (...which: number[]): number[] => seen(rows).filter(i => which.includes(rows.groups[i]!))
        for (const group of groups) expect(valueAt(group)).toBe(best(of(group), by, greatest === 1))
        const dst = pair.put(Uint32Array.of(placed.record(0), placed.record(0)))
        const src = pair.put(Uint32Array.of(placed.record(1), placed.record(2)))
        pair.call('combineArgF64', dst, src, 2, greatest, AT)
        expect(valueAt(0)).toBe(best(of(0, 1, 2), by, greatest === 1))
      }),
    )
  })

  it('compare i64 exactly', () => {
    const by = [2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), -(2n ** 63n) + 1n, 2n ** 53n + 1n]
    const order = pair.put(BigInt64Array.from(by))
    const a = pair.put(Uint32Array.of(10, 11, 12, 13, 14))
    for (const [greatest, wanted] of [
      [0, 12],
      [1, 11],
    ] as const) {
      const records = [pair.room(RECORD_BYTES), pair.room(RECORD_BYTES)] as const
      const addr = pair.put(Uint32Array.of(records[1], records[0], records[0], records[1], records[1]))
      pair.call('accumulateArgI64', addr, 0, 0, 5, order, 0, a, 0, greatest, RANK, AT)
      const dst = pair.put(Uint32Array.of(records[0]))
      pair.call('combineArgI64', dst, pair.put(Uint32Array.of(records[1])), 1, greatest, AT)
      expect(word(records[0], ARG_VALUE)).toBe(wanted)
    }
  })
})

describe('values beside an extreme of i64', () => {
  it('are of the first row with it, also where all rows are of one record', () => {
    const big = fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 5n)
    fc.assert(
      fc.property(fc.array(big, { maxLength: 60 }), fc.nat(1), (by, greatest) => {
        pair.reset()
        const record = pair.room(RECORD_BYTES)
        const addr = pair.put(Uint32Array.from(by, () => record))
        const a = pair.put(Uint32Array.from(by, (_, i) => i))
        const order = pair.put(BigInt64Array.from(by))
        pair.call('accumulateArgI64', addr, 0, 0, by.length, order, 0, a, 0, greatest, 1, AT)
        const best = by.reduce((so, value) => ((greatest === 1 ? value > so : value < so) ? value : so), by[0] ?? 0n)
        expect(field(record, ARG_RANK)).toBe(by.length === 0 ? 0 : 1 + by.indexOf(best))
        expect(word(record, ARG_VALUE)).toBe(Math.max(0, by.indexOf(best)))
      }),
    )
  })
})

describe('averages that forget', () => {
  const HALF_LIFE = 700
  const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  const times = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_009_000 })

  it('by event time weigh a value half for every half-life, in any order and however they are combined', () => {
    fc.assert(
      fc.property(rowsOf(COUNT), valuesOf(numbers), valuesOf(times), (rows, values, time) => {
        pair.reset()
        const empty = [Number.NEGATIVE_INFINITY, 0, 0]
        const placed = place(rows, empty)
        const { addr, sel, m, validity } = placed
        const a = pair.put(Float64Array.from(values))
        const at = pair.put(Float64Array.from(time))
        pair.call('accumulateDecayF64', addr, sel, rows.from, m, a, validity, at, HALF_LIFE, AT + DECAY_TIME)
        const out = pair.room(8)
        const expectMean = (...which: number[]): void => {
          const given = seen(rows).filter(i => which.includes(rows.groups[i]!))
          if (given.length === 0) return
          pair.call('finishDecayF64', pair.put(Uint32Array.of(placed.record(which[0]!))), 1, AT, out)
          const last = Math.max(...given.map(i => time[i]!))
          const weights = given.map(i => 2 ** -((last - time[i]!) / HALF_LIFE))
          const total = weights.reduce((sum, weight) => sum + weight, 0)
          const mean = given.reduce((sum, i, n) => sum + values[i]! * weights[n]!, 0) / total
          const size = given.reduce((sum, i, n) => sum + Math.abs(values[i]!) * weights[n]!, 0) / total
          expect(Math.abs(pair.f64(out, 1)[0]! - mean)).toBeLessThanOrEqual(size * 1e-12 + 4 * Number.MIN_VALUE)
        }
        for (const group of groups) expectMean(group)
        const dst = pair.put(Uint32Array.of(placed.record(0), placed.record(0)))
        const src = pair.put(Uint32Array.of(placed.record(1), placed.record(2)))
        pair.call('combineDecayF64', dst, src, 2, HALF_LIFE, AT)
        expectMean(0, 1, 2)
      }),
    )
  })

  it('by order of arrival begin at the first value and go on from there', () => {
    fc.assert(
      fc.property(
        rowsOf(COUNT),
        valuesOf(numbers),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (rows, values, alpha) => {
          pair.reset()
          const placed = place(rows)
          const { addr, sel, m, validity } = placed
          const a = pair.put(Float64Array.from(values))
          pair.call('accumulateEmaF64', addr, sel, rows.from, m, a, validity, alpha, AT)
          for (const group of groups) {
            const given = seen(rows).filter(i => rows.groups[i] === group)
            expect(field(placed.record(group), EMA_COUNT)).toBe(given.length)
            if (given.length === 0) continue
            const ema = given.map(i => values[i]!).reduce((mean, value) => mean * (1 - alpha) + value * alpha)
            expect(field(placed.record(group), 0)).toBe(ema)
          }
        },
      ),
    )
  })
})
