// Which of several workers a row belongs to, by its key.

import { hashWords } from './hash'
import { rowAt } from './rows'

/**
 * Writes the rows r = sel[j] (r = j without one), j in [0, m), whose packed key of `words` words belongs to shard `shard` of
 * `shards`, and returns how many there are. A hash h belongs to the shard floor(h * shards / 2^32): its upper bits, where
 * the tables that hold the keys of one shard go by its lower ones.
 */
export function selectShard(
  packed: usize,
  words: i32,
  sel: usize,
  m: i32,
  shards: i32,
  shard: i32,
  out: usize,
): i32 {
  const width = <usize>words
  let count = 0
  for (let j = 0; j < m; j++, packed += width << 2) {
    const own = <i32>((<u64>hashWords(packed, width) * <u64>shards) >> 32)
    // Written always and kept when it counts: no branch on a hash.
    store<u32>(out + (<usize>count << 2), <u32>rowAt(sel != 0, sel, <usize>j))
    count += <i32>(own == shard)
  }
  return count
}
