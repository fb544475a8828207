import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { SLICE_ENTRY_BYTES } from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'
import { putSlices, sliceAt } from './record-slices.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

const RECORD_BYTES = 24
const IDS = 12
/** An empty record: no rows, then two fields that are not zero. */
const TEMPLATE = [0, -7, Number.NaN]

const rowsOfBatch = fc.array(fc.record({ id: fc.nat(IDS - 1), slice: fc.nat(2) }), { minLength: 1, maxLength: 60 })

interface Given {
  readonly id: number
  readonly slice: number
}

/** Ids and their row counts by order of appearance. */
function countById(rows: readonly Given[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { id } of rows) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

function expectSlice(entry: number, counts: ReadonlyMap<number, number>): void {
  const { records, touched } = sliceAt(pair, entry)
  expect(touched).toEqual([...counts.keys()])
  for (const [id, rows] of counts) {
    expect(pair.f64(records + id * RECORD_BYTES, 3)).toEqual([rows, ...TEMPLATE.slice(1)])
  }
}

describe('resolving rows to records', () => {
  it('of one slice: claims each id once, counts its rows, and points every row at its record', () => {
    fc.assert(
      fc.property(rowsOfBatch, fc.boolean(), fc.nat(60), (rows, selected, start) => {
        pair.reset()
        const taken = rows.map((_, i) => i).filter(i => !selected || i % 3 !== 1)
        const from = Math.min(start, taken.length)
        const entry = putSlices(pair, 1, IDS, TEMPLATE)
        const ids = pair.put(Uint32Array.from(rows, r => r.id))
        const sel = selected ? pair.putSelection(taken) : 0
        const addr = pair.room(taken.length * 4)
        pair.call('resolveOneSlice', entry, ids, sel, from, taken.length, RECORD_BYTES, addr)
        const seen = taken.slice(from).map(i => rows[i]!)
        expectSlice(entry, countById(seen))
        const { records } = sliceAt(pair, entry)
        expect(pair.u32(addr, seen.length)).toEqual(seen.map(r => records + r.id * RECORD_BYTES))
      }),
    )
  })

  it('of many slices: each row meets the record of its own slice', () => {
    fc.assert(
      fc.property(rowsOfBatch, fc.boolean(), fc.boolean(), (rows, selected, keyed) => {
        pair.reset()
        const taken = rows.map((_, i) => i).filter(i => !selected || i % 3 !== 1)
        const entries = putSlices(pair, 3, IDS, TEMPLATE)
        const ids = pair.put(Uint32Array.from(rows, r => r.id))
        const slices = pair.put(Uint32Array.from(taken, i => rows[i]!.slice))
        const sel = selected ? pair.putSelection(taken) : 0
        const addr = pair.room(taken.length * 4)
        const m = taken.length
        if (keyed) pair.call('resolveSlices', entries, slices, ids, sel, 0, m, RECORD_BYTES, addr)
        else pair.call('resolveSlicesGlobal', entries, slices, 0, m, RECORD_BYTES, addr)
        const seen = taken.map(i => (keyed ? rows[i]! : { id: 0, slice: rows[i]!.slice }))
        for (let slice = 0; slice < 3; slice++) {
          expectSlice(entries + slice * SLICE_ENTRY_BYTES, countById(seen.filter(r => r.slice === slice)))
        }
        expect(pair.u32(addr, m)).toEqual(
          seen.map(r => sliceAt(pair, entries + r.slice * SLICE_ENTRY_BYTES).records + r.id * RECORD_BYTES),
        )
      }),
    )
  })

  it('without a key: one record takes all rows, and no row leaves the slice untouched', () => {
    for (const [from, m] of [
      [0, 1],
      [3, 10],
      [2, 2],
      [0, 4],
    ] as const) {
      pair.reset()
      const entry = putSlices(pair, 1, 1, TEMPLATE)
      const addr = pair.room((m - from) * 4)
      pair.call('resolveOneSliceGlobal', entry, from, m, RECORD_BYTES, addr)
      expectSlice(entry, m > from ? new Map([[0, m - from]]) : new Map())
      expect(pair.u32(addr, m - from)).toEqual(Array(m - from).fill(sliceAt(pair, entry).records))
    }
  })

  it('of one slice: the same whether new ids are rare, frequent, or now the one and now the other', () => {
    const ids = 3_000
    const frequent = Array.from({ length: ids }, (_, id) => id)
    const rare = Array.from({ length: 2_000 }, (_, i) => (i % 500 === 7 ? 1_000 + i : i % 40))
    for (const rows of [
      frequent,
      rare,
      [...rare, ...frequent],
      [...frequent, ...rare],
      [...rare, ...frequent, ...rare],
    ]) {
      pair.reset()
      const entry = putSlices(pair, 1, ids, TEMPLATE)
      const addr = pair.room(rows.length * 4)
      const given = pair.put(Uint32Array.from(rows))
      pair.call('resolveOneSlice', entry, given, 0, 0, rows.length, RECORD_BYTES, addr)
      expectSlice(entry, countById(rows.map(id => ({ id, slice: 0 }))))
    }
  })

  it('goes on counting where an earlier batch stopped, and starts anew after the slice was cleared', () => {
    const entry = putSlices(pair, 1, IDS, TEMPLATE)
    const ids = pair.put(Uint32Array.of(4, 1, 4))
    const addr = pair.room(12)
    const resolve = () => pair.call('resolveOneSlice', entry, ids, 0, 0, 3, RECORD_BYTES, addr)
    resolve()
    resolve()
    expectSlice(entry, new Map([4, 1].map(id => [id, id === 4 ? 4 : 2])))
    pair.call('clearSlice', entry, RECORD_BYTES)
    expect(sliceAt(pair, entry).touched).toEqual([])
    resolve()
    expectSlice(entry, new Map([4, 1].map(id => [id, id === 4 ? 2 : 1])))
  })
})

describe('resolveCombine', () => {
  it('pairs the records of two slices, claims missing ones, and adds up the rows', () => {
    fc.assert(
      fc.property(rowsOfBatch, rowsOfBatch, fc.nat(5), (into, added, start) => {
        pair.reset()
        const entries = putSlices(pair, 2, IDS, TEMPLATE)
        const source = entries + SLICE_ENTRY_BYTES
        const fill = (entry: number, rows: readonly Given[]): void => {
          const ids = pair.put(Uint32Array.from(rows, r => r.id))
          const addr = pair.room(rows.length * 4)
          pair.call('resolveOneSlice', entry, ids, 0, 0, rows.length, RECORD_BYTES, addr)
        }
        fill(entries, into)
        fill(source, added)
        const { touched, records } = sliceAt(pair, source)
        const from = Math.min(start, touched.length)
        const [src, dst] = [pair.room(IDS * 4), pair.room(IDS * 4)]
        pair.call('resolveCombine', source, entries, from, touched.length, RECORD_BYTES, src, dst)
        const combined = countById(into)
        const counts = countById(added)
        for (const id of touched.slice(from)) combined.set(id, (combined.get(id) ?? 0) + counts.get(id)!)
        expectSlice(entries, combined)
        expectSlice(source, counts)
        const paired = touched.slice(from)
        expect(pair.u32(src, paired.length)).toEqual(paired.map(id => records + id * RECORD_BYTES))
        expect(pair.u32(dst, paired.length)).toEqual(
          paired.map(id => sliceAt(pair, entries).records + id * RECORD_BYTES),
        )
      }),
    )
  })
})

describe('records that stand side by side', () => {
  it('are gathered out of a slice as they are, and paired with those of another, rows added up', () => {
    fc.assert(
      fc.property(rowsOfBatch, rowsOfBatch, fc.boolean(), (into, added, isKeyed) => {
        pair.reset()
        const entries = putSlices(pair, 2, IDS, TEMPLATE)
        const source = entries + SLICE_ENTRY_BYTES
        const keyed = (rows: readonly Given[]): readonly Given[] => (isKeyed ? rows : rows.map(r => ({ ...r, id: 0 })))
        const fill = (entry: number, rows: readonly Given[]): void => {
          const ids = pair.put(Uint32Array.from(rows, r => r.id))
          const addr = pair.room(rows.length * 4)
          pair.call('resolveOneSlice', entry, ids, 0, 0, rows.length, RECORD_BYTES, addr)
        }
        fill(entries, keyed(into))
        fill(source, keyed(added))
        const { touched, records } = sliceAt(pair, source)
        const addresses = pair.put(Uint32Array.from(touched, id => records + id * RECORD_BYTES))
        const out = pair.room(touched.length * RECORD_BYTES)
        pair.call('gatherRecords', addresses, touched.length, RECORD_BYTES, out)
        const counts = countById(keyed(added))
        expect(pair.f64(out, touched.length * 3)).toEqual(
          touched.flatMap(id => [counts.get(id)!, ...TEMPLATE.slice(1)]),
        )
        const ids = isKeyed ? pair.put(Uint32Array.from(touched)) : 0
        const [src, dst] = [pair.room(IDS * 4), pair.room(IDS * 4)]
        pair.call('resolveRecords', entries, ids, out, touched.length, RECORD_BYTES, src, dst)
        const combined = countById(keyed(into))
        for (const id of touched) combined.set(id, (combined.get(id) ?? 0) + counts.get(id)!)
        expectSlice(entries, combined)
        expect(pair.u32(src, touched.length)).toEqual(touched.map((_, i) => out + i * RECORD_BYTES))
        expect(pair.u32(dst, touched.length)).toEqual(
          touched.map(id => sliceAt(pair, entries).records + id * RECORD_BYTES),
        )
      }),
    )
  })
})

describe('recordAddresses', () => {
  it('multiplies ids by the record size and adds the base', () => {
    const given = [0, 5, 1, 1_000_000, 7, 3, 2]
    const ids = pair.put(Uint32Array.from(given))
    const out = pair.room(given.length * 4)
    pair.call('recordAddresses', 4096, ids, given.length, 40, out)
    expect(pair.u32(out, given.length)).toEqual(given.map(id => 4096 + id * 40))
  })
})
