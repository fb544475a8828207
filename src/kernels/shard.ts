import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hashWords } from './hash.ts'
import { hasValue, rowAt } from './rows.ts'

const UNKNOWN = 0
/** What the byte of a code says: its rows belong to another shard, or to this one. */
export const OTHER = 1
export const OWN = 2

/** The shard, of `shards` there are, that a hash belongs to: by its upper bits. */
export const shardOf = (hash: number, shards: number): number => Math.floor((hash * shards) / 2 ** 32)

/** Twin of assembly/shard.ts. */
export function shardKernels(memory: LinearMemory): Pick<KernelExports, 'selectShard' | 'selectOwnCodes'> {
  return {
    selectShard(packed, words, sel, m, shards, shard, out) {
      const { u32 } = memory
      let count = 0
      for (let j = 0; j < m; j++) {
        u32[(out >>> 2) + count] = rowAt(u32, sel, j)
        const hash = hashWords(u32, (packed >>> 2) + j * words, words)
        if (shardOf(hash, shards) === shard) count++
      }
      return count
    },

    selectOwnCodes(codes, validity, sel, from, m, owners, known, out) {
      const { u8, u32 } = memory
      const to = out >>> 2
      let count = u32[to + m]!
      let j = from
      for (; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const code = hasValue(u8, validity, row) ? u32[(codes >>> 2) + row]! : 0
        const owner = code < known ? u8[owners + code]! : UNKNOWN
        if (owner === UNKNOWN) break
        u32[to + count] = row
        if (owner === OWN) count++
      }
      u32[to + m] = count
      return j
    },
  }
}
