import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { KEYS_FREE_COUNT, KEYS_ID_CAPACITY, KEYS_NEXT_ID, KEYS_SLOT_BYTES } from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'
import { Random } from './random.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

/** A table with room for `capacity` ids and the least slots a caller may give it. */
function makeTable(capacity: number, words: number): number {
  const slots = 2 ** Math.ceil(Math.log2(capacity * 2))
  return pair.put(
    Uint32Array.of(
      slots - 1,
      0,
      capacity,
      0,
      pair.room(slots * KEYS_SLOT_BYTES),
      pair.room(capacity * words * 4),
      pair.room(capacity * 4),
      words,
    ),
  )
}

const field = (table: number, at: number): number => pair.u32(table + at, 1)[0]!

/** Frees the ids that are not alive. */
function sweep(table: number, alive: ReadonlySet<number>): void {
  const live = Uint8Array.from({ length: field(table, KEYS_NEXT_ID) + 1 }, (_, id) => Number(alive.has(id)))
  pair.call('rebuildKeys', table, pair.put(live))
}

/** A table as a Map: ids from a stack of freed ones, else the next. */
class ModelTable {
  readonly ids = new Map<string, number>()
  free: number[] = []
  next = 0
  readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  find(key: string): number | undefined {
    let id = this.ids.get(key)
    if (id !== undefined) return id
    id = this.free.pop() ?? (this.next < this.capacity ? this.next++ : undefined)
    if (id !== undefined) this.ids.set(key, id)
    return id
  }

  sweep(alive: ReadonlySet<number>): void {
    for (const [key, id] of this.ids) if (!alive.has(id)) this.ids.delete(key)
    this.free = Array.from({ length: this.next }, (_, id) => id)
      .filter(id => !alive.has(id))
      .reverse()
  }
}

/** Keys that collide in every way a weak hash would: sequences, multiples of powers of two, the ends of the range. */
const oneWordKey = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 40 }).map(n => (n << 16) >>> 0),
  fc.integer({ min: 0, max: 40 }).map(n => (n << 24) >>> 0),
  fc.integer({ min: 0, max: 40 }).map(n => (0xffffffff - n) >>> 0),
)

describe('findOrInsertKeys4', () => {
  it('gives equal keys equal ids and new keys new ones, stops when none is left, and goes on after a sweep', () => {
    fc.assert(
      fc.property(
        fc.array(oneWordKey, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 48 }),
        fc.boolean(),
        fc.integer(),
        (keys, capacity, selected, seed) => {
          pair.reset()
          const random = new Random(seed)
          const table = makeTable(capacity, 1)
          const model = new ModelTable(capacity)
          const rows = selected ? keys.map((_, i) => i).filter(i => i % 3 !== 1) : undefined
          const m = rows?.length ?? keys.length
          const a = pair.put(Uint32Array.from(keys))
          const sel = pair.putSelection(rows)
          const ids = pair.room(keys.length * 4)
          let from = 0
          while (from < m) {
            const served = pair.call('findOrInsertKeys4', table, a, sel, from, m, ids)
            for (let j = from; j < served; j++) {
              const row = rows ? rows[j]! : j
              expect(pair.u32(ids + row * 4, 1)[0]).toBe(model.find(String(keys[row])))
            }
            if (served < m) expect(model.find(String(keys[rows ? rows[served]! : served]))).toBe(undefined)
            expect(field(table, KEYS_NEXT_ID)).toBe(model.next)
            expect(field(table, KEYS_FREE_COUNT)).toBe(model.free.length)
            const alive = new Set([...model.ids.values()].filter(() => random.chance(0.5)))
            if (alive.size === capacity) alive.delete(0)
            sweep(table, alive)
            model.sweep(alive)
            from = served
          }
        },
      ),
    )
  })

  it('keeps apart 4,000 keys of every pattern', () => {
    const patterns = [(i: number) => i, (i: number) => i * 65_536, (i: number) => i * 4096 + 7, (i: number) => -i - 1]
    const count = 4000
    for (const pattern of patterns) {
      pair.reset()
      const keys = Int32Array.from({ length: count }, (_, i) => pattern(i))
      const table = makeTable(count, 1)
      const a = pair.put(keys)
      const ids = pair.put(new Uint32Array(count).fill(0xffffffff))
      expect(pair.call('findOrInsertKeys4', table, a, 0, 0, count, ids)).toBe(count)
      const firstSeen = new Map<number, number>()
      for (const key of keys) if (!firstSeen.has(key)) firstSeen.set(key, firstSeen.size)
      expect(pair.u32(ids, count)).toEqual([...keys].map(key => firstSeen.get(key)))
    }
  })

  it('stops at the first row when there is no id at all', () => {
    const table = makeTable(1, 1)
    const a = pair.put(Uint32Array.of(5, 5, 6, 5))
    const ids = pair.room(16)
    expect(pair.call('findOrInsertKeys4', table, a, 0, 0, 4, ids)).toBe(2)
    expect(pair.call('findOrInsertKeys4', table, a, 0, 2, 4, ids)).toBe(2)
    expect(pair.call('findOrInsertKeys4', table, a, 0, 3, 4, ids)).toBe(4)
    expect(field(table, KEYS_ID_CAPACITY)).toBe(1)
  })
})

describe('packed keys', () => {
  interface Row {
    readonly number: number | null
    readonly code: number | null
    readonly flag: boolean | null
    readonly big: bigint | null
    readonly single: number | null
  }

  const row: fc.Arbitrary<Row> = fc.record({
    number: fc.option(fc.constantFrom(0, -0, Number.NaN, 1.5, -1.5, Number.POSITIVE_INFINITY, 2 ** 53)),
    code: fc.option(fc.integer({ min: 0, max: 3 })),
    flag: fc.option(fc.boolean()),
    big: fc.option(fc.constantFrom(0n, -1n, 2n ** 63n - 1n, 2n ** 32n)),
    single: fc.option(fc.constantFrom(0, -0, Number.NaN, 1.5, Number.NEGATIVE_INFINITY)),
  })

  /** Nulls, in the bits of word 0; f64 in 1-2, code in 3, bool in 4, i64 in 5-6, f32 in 7. */
  const WORDS = 8

  it('are equal exactly when all their parts are, -0 is 0 and NaN is NaN, and come back as they went in', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), fc.boolean(), (rows, selected) => {
        pair.reset()
        const taken = rows.map((_, i) => i).filter(i => !selected || i % 3 !== 1)
        const m = taken.length
        const sel = selected ? pair.putSelection(taken) : 0
        const validity = {
          number: pair.putValidity(rows.map(r => r.number !== null)),
          code: pair.putValidity(rows.map(r => r.code !== null)),
          flag: pair.putValidity(rows.map(r => r.flag !== null)),
          big: pair.putValidity(rows.map(r => r.big !== null)),
          single: pair.putValidity(rows.map(r => r.single !== null)),
        }
        // What stands in a null row must not matter.
        const numbers = pair.put(Float64Array.from(rows, (r, i) => r.number ?? i))
        const codes = pair.put(Uint32Array.from(rows, (r, i) => r.code ?? i))
        const flags = pair.put(Uint8Array.from(rows, (r, i) => Number(r.flag ?? i & 1)))
        const bigs = pair.put(BigInt64Array.from(rows, (r, i) => r.big ?? BigInt(i)))
        const singles = pair.put(Float32Array.from(rows, (r, i) => r.single ?? i))
        const packed = pair.put(new Uint32Array(m * WORDS).fill(0xdeadbeef))
        pair.call('clearKeyWord', m, packed, WORDS, 0)
        pair.call('packKeyF64', numbers, validity.number, sel, m, packed, WORDS, 1)
        pair.call('packKey4', codes, validity.code, sel, m, packed, WORDS, 3)
        pair.call('packKey1', flags, validity.flag, sel, m, packed, WORDS, 4)
        pair.call('packKey8', bigs, validity.big, sel, m, packed, WORDS, 5)
        pair.call('packKeyF32', singles, validity.single, sel, m, packed, WORDS, 7)
        Object.values(validity).forEach((bits, bit) => {
          pair.call('packKeyNull', bits, sel, m, packed, WORDS, 0, bit)
        })
        const table = makeTable(60, WORDS)
        const ids = pair.room(rows.length * 4)
        expect(pair.call('findOrInsertKeys', table, packed, sel, 0, m, ids)).toBe(m)

        // String writes -0 as 0, and tells NaN, Infinity and null apart.
        const model = new ModelTable(60)
        const expected = taken.map(i => {
          const { number, code, flag, big, single } = rows[i]!
          return model.find([String(number), code, flag, String(big), String(single)].join())
        })
        expect(taken.map(i => pair.u32(ids + i * 4, 1)[0])).toEqual(expected)

        const dense = pair.put(Uint32Array.from(expected, id => id!))
        const out = pair.room(m * 8)
        const bits = pair.room((m + 7) >>> 3)
        const same = (back: readonly unknown[], given: (r: Row) => unknown, bit: number): void => {
          pair.call('unpackKeyValid', table, dense, m, 0, bit, bits)
          const isThere = pair.bits(bits, m)
          expect(back.map((value, j) => (isThere[j] ? value : null))).toEqual(taken.map(i => given(rows[i]!)))
        }
        pair.call('unpackKey8', table, dense, m, 1, out)
        same(pair.f64(out, m), r => (r.number === null ? null : r.number + 0), 0)
        pair.call('unpackKey4', table, dense, m, 3, out)
        same(pair.u32(out, m), r => r.code, 1)
        pair.call('unpackKey8', table, dense, m, 5, out)
        same(pair.i64(out, m), r => r.big, 3)
        pair.call('unpackKey4', table, dense, m, 7, out)
        same(pair.f32(out, m), r => (r.single === null ? null : r.single + 0), 4)
        const bytes = pair.room(m)
        pair.call('unpackKey1', table, dense, m, 4, bytes)
        same(
          pair.bits(bytes, m * 8).filter((_, i) => i % 8 === 0),
          r => r.flag,
          2,
        )
      }),
      { numRuns: 60 },
    )
  })

  it('of one word meet the ids that one-word keys were given', () => {
    const table = makeTable(8, 1)
    const a = pair.put(Uint32Array.of(9, 70_000, 0, 9))
    const ids = pair.room(16)
    pair.call('findOrInsertKeys4', table, a, 0, 0, 4, ids)
    const again = pair.room(16)
    expect(pair.call('findOrInsertKeys', table, a, 0, 0, 4, again)).toBe(4)
    expect(pair.u32(again, 4)).toEqual([0, 1, 2, 0])
  })

  it('stop when no id is left and go on with freed ids', () => {
    const table = makeTable(2, 2)
    const packed = pair.put(Uint32Array.of(1, 1, 2, 2, 3, 3, 2, 2))
    const ids = pair.room(16)
    expect(pair.call('findOrInsertKeys', table, packed, 0, 0, 4, ids)).toBe(2)
    sweep(table, new Set([1]))
    expect(pair.call('findOrInsertKeys', table, packed, 0, 2, 4, ids)).toBe(4)
    expect(pair.u32(ids, 4)).toEqual([0, 1, 0, 1])
  })
})

describe('rangeI32', () => {
  it('gives the least and greatest of the selected values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 40 }), fc.boolean(), (values, selected) => {
        pair.reset()
        const rows = selected ? values.map((_, i) => i).filter(i => i % 2 === 0) : undefined
        const a = pair.put(Int32Array.from(values))
        const out = pair.room(8)
        pair.call('rangeI32', a, pair.putSelection(rows), rows?.length ?? values.length, out)
        const seen = rows?.map(i => values[i]!) ?? values
        expect(pair.i32(out, 2)).toEqual([Math.min(...seen), Math.max(...seen)])
      }),
    )
  })
})
