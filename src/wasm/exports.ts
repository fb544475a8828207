import type { AccumulatorExports } from './accumulator-exports.ts'
import type { SharedRingExports } from './shared-ring-exports.ts'

/**
 * The typed list of kernels: what the AssemblyScript binaries export and what the plain-TypeScript twins implement.
 * A test holds the list against the binary.
 *
 * Conventions: every address is a byte offset into the job's linear memory, aligned to the element it points at;
 * `n` and `m` are row counts and may be 0; output ranges never overlap input ranges unless they are the same range
 * (in-place is allowed for element-wise kernels). Kernels hold no state, never allocate and never throw.
 * `out` of a mask is one byte a row (0 or 1). `validity` is a bitmap address, 0 = every row has a value.
 * Bitmaps that are written end with zeros in the spare bits of their last byte.
 * `sel` is the address of m ascending u32 row positions, 0 = the rows 0 … m-1 themselves.
 */
export interface KernelExports extends AccumulatorExports, SharedRingExports {
  // ── arithmetic: out[i] = a[i] op b[i] over f64, n dense rows ───────────────────────────────────────────────────
  addF64ColCol(a: number, b: number, n: number, out: number): void
  addF64ColConst(a: number, k: number, n: number, out: number): void
  subF64ColCol(a: number, b: number, n: number, out: number): void
  subF64ColConst(a: number, k: number, n: number, out: number): void
  subF64ConstCol(k: number, b: number, n: number, out: number): void
  mulF64ColCol(a: number, b: number, n: number, out: number): void
  mulF64ColConst(a: number, k: number, n: number, out: number): void
  /** a[i] * k + b[i], rounded twice, as the product and the sum by themselves are. */
  mulAddF64ColConstCol(a: number, k: number, b: number, n: number, out: number): void
  /** IEEE division; the caller turns zero divisors into nulls with `nonZeroF64`. */
  divF64ColCol(a: number, b: number, n: number, out: number): void
  divF64ColConst(a: number, k: number, n: number, out: number): void
  divF64ConstCol(k: number, b: number, n: number, out: number): void
  /** Remainder with the sign of the dividend (JavaScript's and SQL's `%`), exact as fmod is. */
  modF64ColCol(a: number, b: number, n: number, out: number): void
  modF64ColConst(a: number, k: number, n: number, out: number): void
  modF64ConstCol(k: number, b: number, n: number, out: number): void
  /** IEEE 754-2019 minimumNumber / maximumNumber: a NaN operand is ignored, -0 < +0. */
  minF64ColCol(a: number, b: number, n: number, out: number): void
  minF64ColConst(a: number, k: number, n: number, out: number): void
  maxF64ColCol(a: number, b: number, n: number, out: number): void
  maxF64ColConst(a: number, k: number, n: number, out: number): void
  negF64(a: number, n: number, out: number): void
  absF64(a: number, n: number, out: number): void
  floorF64(a: number, n: number, out: number): void
  ceilF64(a: number, n: number, out: number): void
  /** Half away from zero, as SQL. */
  roundF64(a: number, n: number, out: number): void
  sqrtF64(a: number, n: number, out: number): void
  /** floor(a / k), exact for safe integers. */
  floorDivF64ColConst(a: number, k: number, n: number, out: number): void
  /** a - k * floor(a / k): never negative for k > 0. */
  floorModF64ColConst(a: number, k: number, n: number, out: number): void
  /**
   * The greatest offset + i * size that is not after the time, exact for safe integers, size > offset >= 0; the least safe
   * integer where that would lie below it.
   */
  floorToF64(time: number, size: number, offset: number, n: number, out: number): void
  /** 1 bits where b[i] is neither 0 nor -0 (NaN counts as a value). */
  nonZeroF64(b: number, n: number, bitsOut: number): void

  // ── arithmetic over i64: checked; returns the first row that overflows, or -1. Rows null by `validity` are skipped ─
  //    A null row holds the wrapped result; nothing is written from the returned row on.
  addI64ColCol(a: number, b: number, n: number, validity: number, out: number): number
  subI64ColCol(a: number, b: number, n: number, validity: number, out: number): number
  mulI64ColCol(a: number, b: number, n: number, validity: number, out: number): number
  /** Truncating division and remainder; zero divisors give 0 (the caller nulls them with `nonZeroI64`); MIN / -1 overflows. */
  divI64ColCol(a: number, b: number, n: number, validity: number, out: number): number
  modI64ColCol(a: number, b: number, n: number, out: number): void
  minI64ColCol(a: number, b: number, n: number, out: number): void
  maxI64ColCol(a: number, b: number, n: number, out: number): void
  nonZeroI64(b: number, n: number, bitsOut: number): void

  // ── compare: out mask; IEEE rules for NaN (only != is true) ────────────────────────────────────────────────────
  eqF64ColCol(a: number, b: number, n: number, out: number): void
  neF64ColCol(a: number, b: number, n: number, out: number): void
  ltF64ColCol(a: number, b: number, n: number, out: number): void
  leF64ColCol(a: number, b: number, n: number, out: number): void
  eqF64ColConst(a: number, k: number, n: number, out: number): void
  neF64ColConst(a: number, k: number, n: number, out: number): void
  ltF64ColConst(a: number, k: number, n: number, out: number): void
  leF64ColConst(a: number, k: number, n: number, out: number): void
  gtF64ColConst(a: number, k: number, n: number, out: number): void
  geF64ColConst(a: number, k: number, n: number, out: number): void
  eqI64ColCol(a: number, b: number, n: number, out: number): void
  neI64ColCol(a: number, b: number, n: number, out: number): void
  ltI64ColCol(a: number, b: number, n: number, out: number): void
  leI64ColCol(a: number, b: number, n: number, out: number): void
  eqI32ColCol(a: number, b: number, n: number, out: number): void
  /** 1 where a[i] equals one of the k values of `list` (f64, unsorted, NaN never matches). */
  inF64(a: number, n: number, list: number, k: number, out: number): void
  inI64(a: number, n: number, list: number, k: number, out: number): void

  // ── mask: one byte a row ───────────────────────────────────────────────────────────────────────────────────────
  andMask(a: number, b: number, n: number, out: number): void
  orMask(a: number, b: number, n: number, out: number): void
  notMask(a: number, n: number, out: number): void
  /** out[i] = a[i] and bit i of `bits`. */
  andMaskBits(a: number, bits: number, n: number, out: number): void
  /** out[i] = a[i] or not bit i of `bits`. */
  orMaskNotBits(a: number, bits: number, n: number, out: number): void
  /** Bits → bytes (1 where valid). */
  maskFromBits(bits: number, n: number, out: number): void
  /** Positions of the ones, ascending; returns how many. `selOut` has room for n; what follows the last is unspecified. */
  selectMask(a: number, n: number, selOut: number): number
  /** Keeps the rows r of `sel` for which a[r] is one; returns how many. `selOut` has room for m. In place allowed. */
  refineSelection(a: number, sel: number, m: number, selOut: number): number

  // ── bitmap ─────────────────────────────────────────────────────────────────────────────────────────────────────
  andBits(a: number, b: number, n: number, out: number): void
  orBits(a: number, b: number, n: number, out: number): void
  fillBits(out: number, n: number, bit: number): void
  /** Copies n bits from bit position `from` of `src` to bit 0 of `out`; spare bits of the last byte are 0. */
  shiftBits(src: number, from: number, n: number, out: number): void

  // ── cast ───────────────────────────────────────────────────────────────────────────────────────────────────────
  castI32F64(a: number, n: number, out: number): void
  castU32F64(a: number, n: number, out: number): void
  castF32F64(a: number, n: number, out: number): void
  castBoolF64(a: number, n: number, out: number): void
  castI64F64(a: number, n: number, out: number): void
  castF64F32(a: number, n: number, out: number): void
  /** Truncates; rows out of range (or NaN) become 0 and their bit in `bitsOut` 0, all others 1. */
  castF64I32(a: number, n: number, out: number, bitsOut: number): void
  castF64U32(a: number, n: number, out: number, bitsOut: number): void
  castF64I64(a: number, n: number, out: number, bitsOut: number): void
  castI32I64(a: number, n: number, out: number): void
  castU32I64(a: number, n: number, out: number): void
  /** A timestamp is a safe integer: fractions are floored, -0 is 0; NaN, ±Infinity and |x| > 2^53 - 1 become 0 with bit 0. */
  castF64Timestamp(a: number, n: number, out: number, bitsOut: number): void

  // ── take, choose, fill, look up ────────────────────────────────────────────────────────────────────────────────
  /** out[j] = src[sel[j]] for elements of 1, 4 or 8 bytes. */
  take1(src: number, sel: number, m: number, out: number): void
  take4(src: number, sel: number, m: number, out: number): void
  take8(src: number, sel: number, m: number, out: number): void
  takeBits(bits: number, sel: number, m: number, bitsOut: number): void
  /** out[i] = mask[i] ? a[i] : b[i]. */
  choose1(mask: number, a: number, b: number, n: number, out: number): void
  choose4(mask: number, a: number, b: number, n: number, out: number): void
  choose8(mask: number, a: number, b: number, n: number, out: number): void
  chooseBits(mask: number, a: number, b: number, n: number, bitsOut: number): void
  fill1(out: number, n: number, value: number): void
  fillI32(out: number, n: number, value: number): void
  fillF64(out: number, n: number, value: number): void
  fillF32(out: number, n: number, value: number): void
  fillI64(out: number, n: number, value: bigint): void
  /** out[i] = table[codes[i]]; `codes` are i32 and in range. */
  lookup1(table: number, codes: number, n: number, out: number): void
  lookup4(table: number, codes: number, n: number, out: number): void
  lookup8(table: number, codes: number, n: number, out: number): void
  lookupBits(tableBits: number, codes: number, n: number, bitsOut: number): void
  /**
   * Replaces u32 positions by table[position], in place, up to the first whose entry is 0 or that is not below `length`;
   * returns how many were replaced.
   */
  translateCodes(positions: number, n: number, table: number, length: number): number
  /** 1 to the byte table[codes[r]] of the rows r = sel[j] (r = j without one), j < m, whose code is below `length`. */
  touchCodes(codes: number, sel: number, m: number, table: number, length: number): void
  /** Adds `base` to u32 positions, in place, up to the first that isn't below `length`; returns how many there were. */
  shiftCodes(positions: number, n: number, length: number, base: number): number

  // ── key: rows → dense ids that stay with a key while anything refers to it (layout: abi.ts "key table") ─────────
  /** Least and greatest of the selected i32 values, written to out[0], out[1]; m ≥ 1. */
  rangeI32(a: number, sel: number, m: number, out: number): void
  /** Key words for findOrInsert: rows j of `packed` are `words` u32 wide; writes word `at` from a 4-byte column (nulls → 0). */
  packKey4(a: number, validity: number, sel: number, m: number, packed: number, words: number, at: number): void
  /** The same for 8-byte columns: words `at` and `at` + 1. f64 keys: -0 → +0 and every NaN → one NaN, so equal keys meet. */
  packKeyF64(a: number, validity: number, sel: number, m: number, packed: number, words: number, at: number): void
  /** The same for f32, in one word. */
  packKeyF32(a: number, validity: number, sel: number, m: number, packed: number, words: number, at: number): void
  packKey8(a: number, validity: number, sel: number, m: number, packed: number, words: number, at: number): void
  packKey1(a: number, validity: number, sel: number, m: number, packed: number, words: number, at: number): void
  /** Sets bit `bit` of word `at` where the row is null. The word must have been cleared with `clearKeyWord`. */
  packKeyNull(validity: number, sel: number, m: number, packed: number, words: number, at: number, bit: number): void
  clearKeyWord(m: number, packed: number, words: number, at: number): void
  /**
   * ids[r] for the rows r = sel[j] (r = j without one), j in [from, m), of the one-word keys a[r]. A new key takes an id from the free stack, else nextId.
   * Returns the first j that could not be served because no id is left (the caller sweeps or grows, then goes on), or m.
   * The caller gives the table at least twice as many slots as ids, so that a probe always ends.
   */
  findOrInsertKeys4(table: number, a: number, sel: number, from: number, m: number, ids: number): number
  /** The same for packed keys of header.words words: row r's key is packed[j]. */
  findOrInsertKeys(table: number, packed: number, sel: number, from: number, m: number, ids: number): number
  /**
   * Empties the slots and enters the ids below nextId again whose byte at `live` is 1; their key words stand in `keys`. The
   * others become the free stack, the least of them on top.
   */
  rebuildKeys(table: number, live: number): void
  /**
   * The rows r = sel[j] (r = j without one), j < m, whose packed key of `words` words belongs to shard `shard` of `shards`: their positions
   * to out[0 … count), of which m entries may be written. Returns count. A hash h belongs to shard floor(h * shards / 2^32).
   */
  selectShard(packed: number, words: number, sel: number, m: number, shards: number, shard: number, out: number): number
  /**
   * The rows r = sel[j], j in [from, m), whose code is one of this shard's, to out[count …), of which m entries may be written; count stands at
   * out[m], before and after. owners has a byte for each of `known` codes: 0 unknown, 1 another's, 2 own; a null's code is 0. Stops at a code that
   * isn't known, and returns the first j not looked at, or m.
   */
  selectOwnCodes(
    codes: number,
    validity: number,
    sel: number,
    from: number,
    m: number,
    owners: number,
    known: number,
    out: number,
  ): number
  /** Copies key word `at` of each id to a 4-byte column; words `at`, `at` + 1 to an 8-byte column; a bit to a bitmap; a byte. */
  unpackKey4(table: number, ids: number, m: number, at: number, out: number): void
  unpackKey8(table: number, ids: number, m: number, at: number, out: number): void
  unpackKey1(table: number, ids: number, m: number, at: number, out: number): void
  /** Bits 1 where bit `bit` of word `at` is 0, i.e. where the key part is not null. */
  unpackKeyValid(table: number, ids: number, m: number, at: number, bit: number, bitsOut: number): void

  // ── time and slices ────────────────────────────────────────────────────────────────────────────────────────────
  /**
   * Makes -0 of the n times 0 and returns how many are safe integers before the first that isn't (n: all of them). What
   * stands from that one on is unspecified.
   */
  normaliseTimes(time: number, n: number): number
  /** First row in [from, n) with time ≥ threshold, or n. NaN rows never match. */
  scanTimeAtLeast(time: number, from: number, n: number, threshold: number): number
  /**
   * The watermark after each row of a batch whose rows came in by several inputs: the least of the inputs' own ones, never
   * going back from `merged`; +Infinity is none. A row leads its input's to its level - `behind`, NaN nowhere. `own` and
   * `held` hold an f64 per input: its watermark, and how far it holds the others back (+Infinity: not at all), which from
   * its first row on is its watermark. `runs` (see abi.ts) end with the batch. Returns the watermark after the last row.
   */
  mergeWatermarks(
    levels: number,
    behind: number,
    runs: number,
    runCount: number,
    own: number,
    held: number,
    inputs: number,
    merged: number,
    out: number,
  ): number
  /** Least and greatest of the selected rows j in [from, m), at out[0], out[1]; NaN is ignored, no value gives ±Infinity. */
  rangeF64(a: number, sel: number, from: number, m: number, out: number): void
  /**
   * Splits the selected rows j in [from, m): time ≥ bound → onTime, else → late. Returns the number on time. Both lists
   * need room for m - from rows, and hold nothing of meaning beyond their ends. onTimeOut = sel is allowed with from = 0.
   */
  splitLate(
    time: number,
    sel: number,
    from: number,
    m: number,
    bound: number,
    onTimeOut: number,
    lateOut: number,
  ): number
  /**
   * slices[j - from] = floor((time - offset) / size) - first as i32, for the selected rows j in [from, m), and marks
   * entries[slice].records = 1 in the slice entries where it was 0 … so that the caller knows which slices must exist.
   * All slice indices must lie in [first, first + 2^20).
   */
  sliceIndex(
    time: number,
    sel: number,
    from: number,
    m: number,
    size: number,
    offset: number,
    first: number,
    slices: number,
    marks: number,
  ): void
  /**
   * The same for periods cut in two, `remainder` after each beginning: slices[j - from] = floor((t - offset) / size)
   * + floor((t - offset - remainder) / size) + 1 - first.
   */
  sliceIndexCut(
    time: number,
    sel: number,
    from: number,
    m: number,
    size: number,
    offset: number,
    remainder: number,
    first: number,
    slices: number,
    marks: number,
  ): void
  /** The same between `count` ascending edges: slices[j - from] = how many of them are at or before the row's time. */
  sliceIndexEdges(
    time: number,
    sel: number,
    from: number,
    m: number,
    edges: number,
    count: number,
    slices: number,
    marks: number,
  ): void
  /**
   * Counts the selected rows j in [from, m) by id, an f64 at counts + 8 · id, up to the first whose count reaches `limit`:
   * its count starts over at 0, and its position is returned; m when there is none. ids 0: all rows are of id 0.
   */
  countToFire(ids: number, sel: number, from: number, m: number, counts: number, limit: number): number
  /**
   * The position of the first selected row in [from, m) whose value is more than `threshold` away from the reference of its
   * id, which becomes its value; m when there is none. A reference is two f64 at references + 16 · id: 1 once there is one
   * (the first value of the id makes one), and the value. Rows without a value and NaN are passed over. ids 0: as above.
   */
  deltaToFire(
    values: number,
    validity: number,
    ids: number,
    sel: number,
    from: number,
    m: number,
    references: number,
    threshold: number,
  ): number
  /** Writes the positions j in [from, m) of the rows where the mark of the id, an f64 at marks + 8 · id, is 0, and makes it 1; returns how many. */
  listChanged(ids: number, sel: number, from: number, m: number, marks: number, list: number): number
  /**
   * Record addresses of the selected rows j in [from, m) of one slice: addr[j - from] = records + ids[…] * recordBytes,
   * where the id of row j is ids[sel ? sel[j] : j].
   * The id of a record that wasn't in use (no rows; a copy of entry.template) is appended to entry.touched, which has room
   * for one id more than there are records, and behind the last has a 0; rows is counted up.
   */
  resolveOneSlice(
    entry: number,
    ids: number,
    sel: number,
    from: number,
    m: number,
    recordBytes: number,
    addr: number,
  ): void
  /** The same with slices[j - from] choosing the entry. */
  resolveSlices(
    entries: number,
    slices: number,
    ids: number,
    sel: number,
    from: number,
    m: number,
    recordBytes: number,
    addr: number,
  ): void
  /** The same for a stream without a key: one record a slice (id 0). */
  resolveOneSliceGlobal(entry: number, from: number, m: number, recordBytes: number, addr: number): void
  resolveSlicesGlobal(entries: number, slices: number, from: number, m: number, recordBytes: number, addr: number): void
  /** out[j] = records + ids[j] * recordBytes. */
  recordAddresses(records: number, ids: number, m: number, recordBytes: number, out: number): void
  /**
   * Combining slices: for the ids j in [from, m) of a source slice's list, dst[j - from] = its record in the destination
   * slice (listed when it wasn't in use, rows added up) and src[j - from] = its record in the source slice.
   */
  resolveCombine(
    source: number,
    destination: number,
    from: number,
    m: number,
    recordBytes: number,
    src: number,
    dst: number,
  ): void
  /** Copies the records at addr[0 … m) to `out`, side by side. */
  gatherRecords(addr: number, m: number, recordBytes: number, out: number): void
  /** As `resolveCombine`, of m records side by side from `taken` on, whose ids are ids[0 … m); `ids` = 0: all of id 0. */
  resolveRecords(
    entry: number,
    ids: number,
    taken: number,
    m: number,
    recordBytes: number,
    src: number,
    dst: number,
  ): void
  /** Makes the records of a slice in use copies of entry.template again and empties its list. */
  clearSlice(entry: number, recordBytes: number): void

  // ── sessions (layouts: abi.ts "session", "sessions header") ────────────────────────────────────────────────────
  /**
   * Record addresses of the selected rows j in [from, m), at addr[j - from]: a row within `reach` of its key's latest
   * session extends it (rows counted up); one that comes later still opens a session and lists it. `ids` = 0: one key.
   * Returns the first j it leaves to the caller, or m: a row that may meet another session than the latest, that may
   * meet one whose last time is before `quiet`, that would open one with a time before `quiet`, or that finds none free.
   */
  resolveSessions(
    sessions: number,
    time: number,
    ids: number,
    sel: number,
    from: number,
    m: number,
    reach: number,
    quiet: number,
    recordBytes: number,
    template: number,
    addr: number,
  ): number
}

export type KernelName = keyof KernelExports
