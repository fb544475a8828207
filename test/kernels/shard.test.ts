import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import { EnginePair } from './engine-pair.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

const keys = fc.integer({ min: 1, max: 3 }).chain(words =>
  fc.record({
    words: fc.constant(words),
    rows: fc.array(fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: words, maxLength: words }), { maxLength: 70 }),
    shards: fc.integer({ min: 1, max: 9 }),
    isSelected: fc.boolean(),
  }),
)

it('each row belongs to exactly one shard, and rows of one key to the same one', () => {
  fc.assert(
    fc.property(keys, ({ words, rows, shards, isSelected }) => {
      pair.reset()
      const packed = pair.put(Uint32Array.from(rows.flat()))
      // Packed keys are dense, whichever rows they are of.
      const positions = rows.map((_, j) => (isSelected ? j * 2 + 1 : j))
      const selection = isSelected && rows.length > 0 ? pair.put(Uint32Array.from(positions)) : 0
      const out = pair.room(rows.length * 4)
      const shardOf = new Map<number, number>()
      for (let shard = 0; shard < shards; shard++) {
        const count = pair.call('selectShard', packed, words, selection, rows.length, shards, shard, out)
        const taken = [...pair.u32(out, count)]
        expect(taken).toEqual([...taken].sort((a, b) => a - b))
        for (const row of taken) {
          expect(shardOf.has(row)).toBe(false)
          shardOf.set(row, shard)
        }
      }
      expect([...shardOf.keys()].sort((a, b) => a - b)).toEqual(selection === 0 ? rows.map((_, j) => j) : positions)
      const shardOfKey = new Map<string, number>()
      for (const [j, key] of rows.entries()) {
        const shard = shardOf.get(selection === 0 ? j : positions[j]!)!
        expect(shardOfKey.get(key.join()) ?? shard).toBe(shard)
        shardOfKey.set(key.join(), shard)
      }
    }),
  )
})

it('keys in a row are spread evenly', () => {
  const packed = pair.put(Uint32Array.from({ length: 4_000 }, (_, i) => i))
  const out = pair.room(16_000)
  for (const shards of [2, 8]) {
    for (let shard = 0; shard < shards; shard++) {
      const count = pair.call('selectShard', packed, 1, 0, 4_000, shards, shard, out)
      expect(Math.abs(count - 4_000 / shards)).toBeLessThan(600 / shards)
    }
  }
})

const coded = fc.record({
  codes: fc.array(fc.nat({ max: 20 }), { maxLength: 70 }),
  owners: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 20 }),
  isNull: fc.option(fc.array(fc.boolean(), { minLength: 70, maxLength: 70 })),
  isSelected: fc.boolean(),
})

it('rows are told by the byte of their code, up to the first code nobody asked for', () => {
  fc.assert(
    fc.property(coded, ({ codes, owners, isNull, isSelected }) => {
      pair.reset()
      const positions = codes.map((_, j) => j).filter(j => !isSelected || j % 3 > 0)
      const selection = isSelected && positions.length > 0 ? pair.put(Uint32Array.from(positions)) : 0
      const validity = pair.putValidity(isNull?.map(isNull => !isNull))
      const out = pair.room((positions.length + 1) * 4)
      const ownerOf = (row: number) => owners[isNull?.[row] ? 0 : codes[row]!] ?? 0
      const unknown = positions.findIndex(row => ownerOf(row) === 0)
      const end = unknown < 0 ? positions.length : unknown
      const at = pair.put(Uint32Array.from(codes))
      const table = pair.put(Uint8Array.from(owners))
      const own = positions.slice(0, end).filter(row => ownerOf(row) === 2)
      for (const from of [0, end]) {
        const done = pair.call(
          'selectOwnCodes',
          at,
          validity,
          selection,
          from,
          positions.length,
          table,
          owners.length,
          out,
        )
        expect(done).toBe(end)
        expect([...pair.u32(out, own.length)]).toEqual(own)
        expect(pair.u32(out + positions.length * 4, 1)[0]).toBe(own.length)
      }
    }),
  )
})

it('codes of rows are touched, and no others', () => {
  fc.assert(
    fc.property(coded, ({ codes, owners, isSelected }) => {
      pair.reset()
      const positions = codes.map((_, j) => j).filter(j => !isSelected || j % 3 > 0)
      const selection = isSelected && positions.length > 0 ? pair.put(Uint32Array.from(positions)) : 0
      const table = pair.room(owners.length)
      pair.call('touchCodes', pair.put(Uint32Array.from(codes)), selection, positions.length, table, owners.length)
      const touched = new Set(positions.map(row => codes[row]))
      expect([...pair.u8(table, owners.length)]).toEqual(owners.map((_, code) => Number(touched.has(code))))
    }),
  )
})
