// Which of several workers a row belongs to, by its key.

import { hashWords } from './hash'
import { hasValue, rowAt } from './rows'

/** What a code's byte says: nobody asked yet, or OTHER (1), or that rows with it belong to this shard. */
const UNKNOWN: u8 = 0
const OWN: u8 = 2

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

// @ts-ignore: decorator
@inline
function ownCodes(
  selected: bool,
  nullable: bool,
  codes: usize,
  validity: usize,
  sel: usize,
  from: i32,
  m: i32,
  owners: usize,
  known: u32,
  out: usize,
): i32 {
  const end = out + (<usize>m << 2)
  let to = out + (<usize>load<u32>(end) << 2)
  let j = from
  for (; j < m; j++) {
    const row = rowAt(selected, sel, <usize>j)
    let code = load<u32>(codes + (row << 2))
    if (nullable) code = select<u32>(code, 0, hasValue(validity, row))
    if (code >= known) break
    const owner = load<u8>(owners + code)
    if (owner == UNKNOWN) break
    // Written always and kept when it counts, as above. Not behind the last place: the count stands there.
    store<u32>(to, <u32>row)
    to += <usize>(owner & OWN) << 1
  }
  store<u32>(end, <u32>((to - out) >> 2))
  return j
}

/**
 * Writes the rows r = sel[j] (r = j without one), j in [from, m), whose code is one of this shard's: `owners` has a byte for
 * each of `known` codes, UNKNOWN, OTHER or OWN; a null's code is 0. Stops at a code that isn't known, and returns the first
 * j not looked at. How many rows there are stands at out[m], and is to be 0 there before the first call.
 */
export function selectOwnCodes(
  codes: usize,
  validity: usize,
  sel: usize,
  from: i32,
  m: i32,
  owners: usize,
  known: i32,
  out: usize,
): i32 {
  if (validity == 0) {
    if (sel == 0) return ownCodes(false, false, codes, validity, sel, from, m, owners, <u32>known, out)
    return ownCodes(true, false, codes, validity, sel, from, m, owners, <u32>known, out)
  }
  return ownCodes(sel != 0, true, codes, validity, sel, from, m, owners, <u32>known, out)
}
