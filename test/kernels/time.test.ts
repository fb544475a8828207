import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { SLICE_ENTRY_BYTES } from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

const times = fc.array(
  fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(Number.NaN, 0, -0, 2 ** 53 - 1, -(2 ** 53 - 1))),
  { maxLength: 70 },
)

/** Every second or third row, so that selections skip rows. */
const thinned = (length: number, step: number): number[] =>
  Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step)

describe('scanTimeAtLeast', () => {
  it('finds the first row at or after the threshold, wherever it starts', () => {
    fc.assert(
      fc.property(times, fc.nat(70), fc.integer({ min: -51, max: 51 }), (values, start, threshold) => {
        pair.reset()
        const from = Math.min(start, values.length)
        const found = values.findIndex((value, i) => i >= from && value >= threshold)
        const time = pair.put(Float64Array.from(values))
        expect(pair.call('scanTimeAtLeast', time, from, values.length, threshold)).toBe(
          found < 0 ? values.length : found,
        )
      }),
    )
  })

  it('treats an infinite threshold like any number', () => {
    const time = pair.put(Float64Array.of(Number.NaN, 3, Number.POSITIVE_INFINITY))
    expect(pair.call('scanTimeAtLeast', time, 0, 3, Number.NEGATIVE_INFINITY)).toBe(1)
    expect(pair.call('scanTimeAtLeast', time, 0, 3, Number.POSITIVE_INFINITY)).toBe(2)
  })
})

describe('normaliseTimes', () => {
  it('stops at the first that is no safe integer, and leaves no -0 before it', () => {
    const usual = fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 })
    const near = (value: number) => [value - 1, value, value + 1, value + 2]
    const awkward = fc.constantFrom(
      ...[0, -0, -1, 1, 0.5, -0.5, 2 ** 51 + 0.5, 2 ** 52 - 0.5, Number.NaN, -Number.NaN, 5e-324, 1e300],
      ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -(2 ** 52), -(2 ** 53) + 1, -(2 ** 53)],
      ...near(2 ** 52),
      ...near(2 ** 53),
    )
    const mostlyUsual = fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: awkward })
    // Of one sign and exponent, but for one that may have something behind the point.
    const alike = fc
      .tuple(
        fc.nat(52),
        fc.constantFrom(1, -1),
        fc.array(fc.nat(2 ** 30), { minLength: 8, maxLength: 70 }),
        fc.nat(70),
        fc.nat(3),
      )
      .map(([exponent, sign, parts, odd, shift]) =>
        parts.map((part, i) => {
          const value = sign * 2 ** exponent * (1 + part / 2 ** 31)
          return i === odd ? value / 2 ** shift : Math.trunc(value)
        }),
      )
    const some = fc.oneof(
      alike,
      fc.array(usual, { maxLength: 70 }),
      fc.array(mostlyUsual, { maxLength: 70 }),
      fc.array(awkward, { maxLength: 40 }),
    )
    fc.assert(
      fc.property(some, values => {
        pair.reset()
        const wrong = values.findIndex(value => !Number.isSafeInteger(value))
        const fitting = wrong < 0 ? values.length : wrong
        const time = pair.put(Float64Array.from(values))
        expect(pair.call('normaliseTimes', time, values.length)).toBe(fitting)
        expect(pair.f64(time, fitting)).toEqual(values.slice(0, fitting).map(value => (value === 0 ? 0 : value)))
      }),
      { numRuns: 500 },
    )
  })
})

describe('rangeF64', () => {
  it('gives the least and greatest of the rows, ignoring NaN', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 3 }), fc.nat(70), (values, step, start) => {
        pair.reset()
        const rows = step === 0 ? undefined : thinned(values.length, step)
        const m = rows?.length ?? values.length
        const from = Math.min(start, m)
        const seen = (rows?.map(row => values[row]!) ?? values).slice(from).filter(value => !Number.isNaN(value))
        const a = pair.put(Float64Array.from(values))
        const sel = pair.putSelection(rows)
        const out = pair.room(16)
        pair.call('rangeF64', a, sel, from, m, out)
        expect(pair.f64(out, 2)).toEqual([Math.min(...seen) + 0, Math.max(...seen) + 0])
      }),
    )
  })
})

describe('splitLate', () => {
  it('parts the rows at the bound and keeps their order, also over its own input', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 3 }), fc.nat(70), fc.boolean(), (values, step, start, inPlace) => {
        pair.reset()
        const rows = step === 0 ? undefined : thinned(values.length, step)
        const m = rows?.length ?? values.length
        const from = inPlace ? 0 : Math.min(start, m)
        const taken = (rows ?? values.map((_, i) => i)).slice(from)
        const time = pair.put(Float64Array.from(values))
        const sel = pair.putSelection(rows)
        const onTime = inPlace && sel !== 0 ? sel : pair.room(taken.length * 4)
        const late = pair.room(taken.length * 4)
        const count = pair.call('splitLate', time, sel, from, m, 7, onTime, late)
        expect(pair.u32(onTime, count)).toEqual(taken.filter(row => values[row]! >= 7))
        expect(pair.u32(late, taken.length - count)).toEqual(taken.filter(row => !(values[row]! >= 7)))
      }),
    )
  })
})

describe('sliceIndex', () => {
  /** floor((t - offset) / size) in exact integers. */
  const exact = (t: number, size: number, offset: number): bigint => {
    const [distance, width] = [BigInt(t) - BigInt(offset), BigInt(size)]
    const quotient = distance / width
    return distance % width < 0n ? quotient - 1n : quotient
  }

  const indexOf = (t: number, size: number, offset: number): bigint => {
    pair.reset()
    const first = Math.floor((t - offset) / size) - 1
    const time = pair.put(Float64Array.of(t, t, t))
    const slices = pair.room(12)
    const marks = pair.room(4 * SLICE_ENTRY_BYTES)
    pair.call('sliceIndex', time, 0, 0, 3, size, offset, first, slices, marks)
    const [index, ...others] = pair.i32(slices, 3)
    expect(others).toEqual([index, index])
    expect(pair.u32(marks + index! * SLICE_ENTRY_BYTES, 1)).toEqual([1])
    return BigInt(first) + BigInt(index!)
  }

  it('is exact at the edges of slices, before and after the epoch and near 2^53', () => {
    for (const size of [1, 3, 7, 10, 1000, 60_000, 86_400_000, 604_800_001]) {
      const last = Math.floor((2 ** 53 - 1) / size)
      for (const k of [-last, -1_000_003, -2, -1, 0, 1, 2, 999_999, last]) {
        for (const t of [k * size - 1, k * size, k * size + 1]) {
          if (Number.isSafeInteger(t)) expect(indexOf(t, size, 0), `${t} / ${size}`).toBe(exact(t, size, 0))
        }
      }
    }
  })

  it('is exact for any safe time, size and offset', () => {
    const safe = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
      fc.integer({ min: -100, max: 100 }),
    )
    fc.assert(
      fc.property(safe, fc.integer({ min: 1, max: 1_000_000_000 }), fc.nat(), (t, size, seed) => {
        const offset = (seed % (2 * size - 1)) - size + 1
        fc.pre(Number.isSafeInteger(t - offset))
        expect(indexOf(t, size, offset)).toBe(exact(t, size, offset))
      }),
    )
  })

  it('marks exactly the slices that rows fall into', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 3 }),
        (values, step) => {
          pair.reset()
          const rows = step === 0 ? undefined : thinned(values.length, step)
          const taken = rows ?? values.map((_, i) => i)
          const time = pair.put(Float64Array.from(values))
          const sel = pair.putSelection(rows)
          const slices = pair.room(taken.length * 4)
          const marks = pair.room(90 * SLICE_ENTRY_BYTES)
          pair.call('sliceIndex', time, sel, 0, taken.length, 10, -3, -42, slices, marks)
          const expected = taken.map(row => Math.floor((values[row]! + 3) / 10) + 42)
          expect(pair.i32(slices, taken.length)).toEqual(expected)
          const marked = pair.u32(marks, 90 * 4).flatMap((word, i) => (i % 4 === 0 && word === 1 ? [i / 4] : []))
          expect(marked).toEqual([...new Set(expected)].sort((a, b) => a - b))
        },
      ),
    )
  })
})

describe('sliceIndexCut', () => {
  it('numbers the two parts of every period, and marks those that rows fall into', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 9 }),
        (values, step, remainder) => {
          pair.reset()
          const rows = step === 0 ? undefined : thinned(values.length, step)
          const taken = rows ?? values.map((_, i) => i)
          const time = pair.put(Float64Array.from(values))
          const sel = pair.putSelection(rows)
          const slices = pair.room(taken.length * 4)
          const marks = pair.room(200 * SLICE_ENTRY_BYTES)
          pair.call('sliceIndexCut', time, sel, 0, taken.length, 10, -3, remainder, -90, slices, marks)
          const expected = taken.map(row => {
            const distance = values[row]! + 3
            const within = ((distance % 10) + 10) % 10
            return 2 * ((distance - within) / 10) + (within >= remainder ? 1 : 0) + 90
          })
          expect(pair.i32(slices, taken.length)).toEqual(expected)
          const marked = pair.u32(marks, 200 * 4).flatMap((word, i) => (i % 4 === 0 && word === 1 ? [i / 4] : []))
          expect(marked).toEqual([...new Set(expected)].sort((a, b) => a - b))
        },
      ),
    )
  })
})

describe('sliceIndexEdges', () => {
  it('counts the edges at or before each row, and marks the slices that rows fall into', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 60 }),
        fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 3 }),
        fc.nat(5),
        (values, given, step, start) => {
          pair.reset()
          const edges = [...given].sort((a, b) => a - b)
          const rows = step === 0 ? undefined : thinned(values.length, step)
          const taken = rows ?? values.map((_, i) => i)
          const from = Math.min(start, taken.length)
          const time = pair.put(Float64Array.from(values))
          const sel = pair.putSelection(rows)
          const edgesAt = pair.put(Float64Array.from([...edges, Number.NEGATIVE_INFINITY]))
          const slices = pair.room(taken.length * 4)
          const marks = pair.room(20 * SLICE_ENTRY_BYTES)
          pair.call('sliceIndexEdges', time, sel, from, taken.length, edgesAt, edges.length, slices, marks)
          const expected = taken.slice(from).map(row => edges.filter(edge => edge <= values[row]!).length)
          expect(pair.i32(slices, expected.length)).toEqual(expected)
          const marked = pair.u32(marks, 20 * 4).flatMap((word, i) => (i % 4 === 0 && word === 1 ? [i / 4] : []))
          expect(marked).toEqual([...new Set(expected)].sort((a, b) => a - b))
        },
      ),
    )
  })
})
