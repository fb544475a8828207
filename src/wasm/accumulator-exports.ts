/** The kernels of aggregates: rows → fields of records, fields → other fields, fields → columns. Conventions: exports.ts. */
export interface AccumulatorExports {
  // ── accumulators. addr: record addresses of rows j in [from, m), at addr[j - from]; the value of row j stands at
  //    a[sel ? sel[j] : j]; rows null by `validity` are skipped; `at` is the family's offset in the record ───────────
  /** Neumaier's compensated sum: sum += v, carry += the exact rounding error (TwoSum). Finish: see finishSumF64. */
  accumulateSumF64(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): void
  /** NaN is ignored; the field starts as NaN ("none yet"); -0 < +0. */
  accumulateMinF64(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): void
  accumulateMaxF64(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): void
  /** Sum at `sumAt`, min at `minAt`, max at `maxAt` in one pass over one column. Of both extremes, max stands at `minAt` + 8. */
  accumulateSumMinF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    sumAt: number,
    minAt: number,
  ): void
  accumulateSumMaxF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    sumAt: number,
    maxAt: number,
  ): void
  accumulateMinMaxF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    minAt: number,
  ): void
  accumulateSumMinMaxF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    sumAt: number,
    minAt: number,
  ): void
  /** Rows that have a value (f64 count). */
  accumulateCountValid(addr: number, sel: number, from: number, m: number, validity: number, at: number): void
  /** Rows whose mask byte is one. */
  accumulateCountMask(addr: number, sel: number, from: number, m: number, mask: number, at: number): void
  /** The same of two masks, each into a field of its own, in one pass. */
  accumulateCountMasks2(
    addr: number,
    sel: number,
    from: number,
    m: number,
    maskA: number,
    atA: number,
    maskB: number,
    atB: number,
  ): void
  /** The same of three. */
  accumulateCountMasks3(
    addr: number,
    sel: number,
    from: number,
    m: number,
    maskA: number,
    atA: number,
    maskB: number,
    atB: number,
    maskC: number,
    atC: number,
  ): void
  /** Checked i64 sum; returns the first j whose addition would overflow (that row is not added), or m. */
  accumulateSumI64(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): number
  /** i64 extremes: the field starts as MAX (min) / MIN (max); emptiness is known from a count. */
  accumulateMinI64(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): void
  accumulateMaxI64(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): void
  /** Welford: mean, m2, count (abi MOMENTS_*). */
  accumulateMomentsF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    at: number,
  ): void
  /**
   * First and last value by arrival: value (8 bytes as they are) and arrival number, `rank` + row (0 = no value yet).
   * 4-byte columns are zero-extended.
   */
  accumulateFirst8(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    rank: number,
    at: number,
  ): void
  accumulateLast8(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    rank: number,
    at: number,
  ): void
  accumulateFirst4(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    rank: number,
    at: number,
  ): void
  accumulateLast4(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    rank: number,
    at: number,
  ): void

  /**
   * Buffers outside of the records (abi.ts "buffer"): returns the first j whose field has no room for its value, or m. The
   * caller makes room and goes on from that j. Values of a set are told apart by their bits: F64 with one zero and one NaN.
   */
  accumulateDistinctF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    at: number,
  ): number
  accumulateDistinct8(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    at: number,
  ): number
  accumulateDistinct4(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    at: number,
  ): number
  /** The values' hashes: into the set while there is one, else into the registers. */
  accumulateApproxDistinctF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    at: number,
  ): number
  accumulateApproxDistinct8(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    at: number,
  ): number
  /** Of the 64 bits at `table` + 8 × code. */
  accumulateApproxDistinctCodes(
    addr: number,
    sel: number,
    from: number,
    m: number,
    codes: number,
    validity: number,
    at: number,
    table: number,
  ): number
  /** Counts each value in the bin named by its bits under the mask `keep` (of the high word; the low one counts as 0). */
  accumulateBinsF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    keep: number,
    at: number,
  ): number
  accumulateList8(addr: number, sel: number, from: number, m: number, a: number, validity: number, at: number): number
  /**
   * Keeps the first `most` rows in an order, of equal ones those that came first. `columns`: the row layout (abi.ts) of so
   * many columns and keys; a row takes `rowBytes`.
   */
  accumulateTopRows(
    addr: number,
    sel: number,
    from: number,
    m: number,
    columns: number,
    columnCount: number,
    keyCount: number,
    rowBytes: number,
    most: number,
    at: number,
  ): number
  /**
   * Keeps the value (of 8 bytes where `wide`, else of 4) in the row with the least `by`, or with the greatest, and its
   * arrival number, `rank` + row: of equals the first counts. A NaN gives way to any number. `validity`: the rows that count.
   */
  accumulateArgF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    by: number,
    validity: number,
    a: number,
    wide: number,
    greatest: number,
    rank: number,
    at: number,
  ): void
  accumulateArgI64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    by: number,
    validity: number,
    a: number,
    wide: number,
    greatest: number,
    rank: number,
    at: number,
  ): void
  /** Weighted sum and weights, halved for every `halfLife` of `time` that passes; the latest time starts as -Infinity. */
  accumulateDecayF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    time: number,
    halfLife: number,
    at: number,
  ): void
  /** ema = ema × (1 - alpha) + value × alpha, after a first ema that is the first value; and how many values there were. */
  accumulateEmaF64(
    addr: number,
    sel: number,
    from: number,
    m: number,
    a: number,
    validity: number,
    alpha: number,
    at: number,
  ): void

  // ── combine: the family's field of dst[j] takes in that of src[j]; the source stands for later rows ─────────────
  combineSumF64(dst: number, src: number, m: number, at: number): void
  combineMinF64(dst: number, src: number, m: number, at: number): void
  combineMaxF64(dst: number, src: number, m: number, at: number): void
  combineCount(dst: number, src: number, m: number, at: number): void
  combineSumI64(dst: number, src: number, m: number, at: number): number
  combineMinI64(dst: number, src: number, m: number, at: number): void
  combineMaxI64(dst: number, src: number, m: number, at: number): void
  /** Chan's parallel update. */
  combineMomentsF64(dst: number, src: number, m: number, at: number): void
  /** The lesser (last: the greater) arrival number wins. */
  combineFirst(dst: number, src: number, m: number, at: number): void
  combineLast(dst: number, src: number, m: number, at: number): void
  /** The same for j in [from, m), at dst[j - from] and src[j - from]: returns the first j without room, or m. */
  combineDistinct(dst: number, src: number, from: number, m: number, at: number): number
  combineBins(dst: number, src: number, from: number, m: number, at: number): number
  combineList8(dst: number, src: number, from: number, m: number, at: number): number
  combineTopRows(
    dst: number,
    src: number,
    from: number,
    m: number,
    columns: number,
    columnCount: number,
    keyCount: number,
    rowBytes: number,
    most: number,
    at: number,
  ): number
  /** The hashes of the set of one record into another's set or registers: 1, or 0 where there is no room. */
  combineHashes(dst: number, src: number, at: number): number
  combineArgF64(dst: number, src: number, m: number, greatest: number, at: number): void
  combineArgI64(dst: number, src: number, m: number, greatest: number, at: number): void
  combineDecayF64(dst: number, src: number, m: number, halfLife: number, at: number): void

  // ── buffers: into an empty, larger one ─────────────────────────────────────────────────────────────────────────
  rehashSet(slots: number, capacity: number, out: number, outCapacity: number): void
  rehashBins(bins: number, capacity: number, out: number, outCapacity: number): void
  /** The hashes of a set into registers. */
  raiseRegisters(slots: number, capacity: number, registers: number): void
  /** out[i] = the greater of out[i] and a[i], n bytes. */
  maxU8(a: number, n: number, out: number): void

  // ── finish: records addr[0 … m-1] → a column. bitsOut gets 0 where the result is null (0 = not wanted) ──────────
  /** The 8 bytes of a field, as they are. */
  takeField8(addr: number, m: number, at: number, out: number): void
  /** The low 4 bytes of a field. */
  takeField4(addr: number, m: number, at: number, out: number): void
  /** Its low byte. */
  takeField1(addr: number, m: number, at: number, out: number): void
  /** Bits 1 where the f64 field is greater than `floor` (counts: 0 or 1). */
  fieldAbove(addr: number, m: number, at: number, floor: number, bitsOut: number): void
  /** sum + carry; when sum is not finite, sum alone. */
  finishSumF64(addr: number, m: number, at: number, out: number): void
  /** finishSumF64 / the f64 count at countAt. */
  finishAvgF64(addr: number, m: number, at: number, countAt: number, out: number): void
  /** m2 / (count - ddof), 0 when that is not positive. */
  finishVarianceF64(addr: number, m: number, at: number, ddof: number, out: number): void
  finishStdDevF64(addr: number, m: number, at: number, ddof: number, out: number): void
  /** Weighted sum / weight. */
  finishDecayF64(addr: number, m: number, at: number, out: number): void
}
