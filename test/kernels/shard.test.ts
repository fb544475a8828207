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
