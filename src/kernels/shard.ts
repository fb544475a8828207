import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hashWords } from './hash.ts'
import { rowAt } from './rows.ts'

/** Twin of assembly/shard.ts. */
export function shardKernels(memory: LinearMemory): Pick<KernelExports, 'selectShard'> {
  return {
    selectShard(packed, words, sel, m, shards, shard, out) {
      const { u32 } = memory
      let count = 0
      for (let j = 0; j < m; j++) {
        u32[(out >>> 2) + count] = rowAt(u32, sel, j)
        const hash = hashWords(u32, (packed >>> 2) + j * words, words)
        if (Math.floor((hash * shards) / 2 ** 32) === shard) count++
      }
      return count
    },
  }
}
