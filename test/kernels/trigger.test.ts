import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { EnginePair } from './engine-pair.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

const IDS = 4
const given = fc.record({
  rows: fc.array(fc.record({ id: fc.nat(IDS - 1), value: fc.constantFrom(-3, -1, 0, 1, 2.5, 9, Number.NaN, null) }), {
    minLength: 1,
    maxLength: 40,
  }),
  isSelected: fc.boolean(),
  isKeyed: fc.boolean(),
  start: fc.nat(3),
})

type Given = typeof given extends fc.Arbitrary<infer T> ? T : never

interface Prepared {
  readonly taken: readonly { readonly id: number; readonly value: number | null }[]
  readonly from: number
  readonly m: number
  readonly ids: number
  readonly sel: number
  readonly values: number
  readonly validity: number
}

function prepare({ rows, isSelected, isKeyed, start }: Given): Prepared {
  pair.reset()
  const positions = rows.map((_, i) => i).filter(i => !isSelected || i % 3 !== 1)
  const from = Math.min(start, positions.length)
  const bits = new Uint8Array(Math.ceil(rows.length / 8) + 8)
  rows.forEach(({ value }, i) => {
    if (value !== null) bits[i >> 3]! |= 1 << (i & 7)
  })
  return {
    taken: positions.slice(from).map(i => ({ id: isKeyed ? rows[i]!.id : 0, value: rows[i]!.value })),
    from,
    m: positions.length,
    ids: isKeyed ? pair.put(Uint32Array.from(rows, ({ id }) => id)) : 0,
    sel: isSelected ? pair.putSelection(positions) : 0,
    values: pair.put(Float64Array.from(rows, ({ value }) => value ?? 7)),
    validity: pair.put(bits),
  }
}

describe('triggers', () => {
  it('count rows by id up to the first that makes a count full', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 5 }), (each, limit) => {
        const { taken, from, m, ids, sel } = prepare(each)
        const counts = pair.room(IDS * 8)
        const found = pair.call('countToFire', ids, sel, from, m, counts, limit)
        const expected = Array<number>(IDS).fill(0)
        const stop = taken.findIndex(({ id }) => ++expected[id]! === limit)
        if (stop >= 0) expected[taken[stop]!.id] = 0
        expect(found).toBe(stop < 0 ? m : from + stop)
        expect(pair.f64(counts, IDS)).toEqual(expected)
      }),
    )
  })

  it('stop at the first value that is too far from the reference of its id', () => {
    fc.assert(
      fc.property(given, fc.constantFrom(0, 1, 3.5), (each, threshold) => {
        const { taken, from, m, ids, sel, values, validity } = prepare(each)
        const references = pair.room(IDS * 16)
        const found = pair.call('deltaToFire', values, validity, ids, sel, from, m, references, threshold)
        const known = new Map<number, number>()
        const stop = taken.findIndex(({ id, value }) => {
          if (value === null || Number.isNaN(value)) return false
          const reference = known.get(id)
          if (reference !== undefined && Math.abs(value - reference) <= threshold) return false
          known.set(id, value)
          return reference !== undefined
        })
        expect(found).toBe(stop < 0 ? m : from + stop)
        const expected = Array.from({ length: IDS }, (_, id) => (known.has(id) ? [1, known.get(id)!] : [0, 0])).flat()
        expect(pair.f64(references, IDS * 2)).toEqual(expected)
      }),
    )
  })

  it('list the row with which each id changes, once and in the order in which they do', () => {
    fc.assert(
      fc.property(given, each => {
        const { taken, from, m, ids, sel } = prepare(each)
        const marks = pair.put(Float64Array.of(0, 1, 0, 0))
        const list = pair.room(m * 4)
        const count = pair.call('listChanged', ids, sel, from, m, marks, list)
        const changed = [...new Set(taken.map(({ id }) => id))].filter(id => id !== 1)
        expect(pair.u32(list, count)).toEqual(changed.map(id => from + taken.findIndex(row => row.id === id)))
        expect(pair.f64(marks, IDS)).toEqual([0, 1, 2, 3].map(id => (id === 1 || changed.includes(id) ? 1 : 0)))
      }),
    )
  })
})
