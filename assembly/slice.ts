// Slices: rows → addresses of accumulator records (layouts: abi.ts "accumulator record", "slice entry").

import { RECORD_ROWS, SLICE_COUNT, SLICE_ENTRY_BYTES, SLICE_RECORDS, SLICE_TEMPLATE, SLICE_TOUCHED } from './abi'

/** Rows after which it is looked at anew how many keys come up that the slice has no record of. */
const STRETCH_BYTES: usize = 256 << 2

/** Lists an id whose record comes into use. Happens once per key and slice. */
// @ts-ignore: decorator
@inline
function list(entry: usize, id: u32): void {
  const count = load<u32>(entry, SLICE_COUNT)
  store<u32>(load<usize>(entry, SLICE_TOUCHED) + (count << 2), id)
  store<u32>(entry, count + 1, SLICE_COUNT)
}

/**
 * Resolves one row and returns the new end of the list of ids. Where new keys are `rare`, each is a branch that is hardly
 * ever taken; else every id is written to the end of the list, which moves on by new ones only. Rows are counted from 0 on,
 * so their bits tell whether a record is free, for less than comparing numbers.
 */
// @ts-ignore: decorator
@inline
function resolveRow(
  rare: bool,
  selected: bool,
  records: usize,
  ids: usize,
  at: usize,
  recordBytes: usize,
  addr: usize,
  next: usize,
): usize {
  const id = selected ? load<u32>(ids + (<usize>load<u32>(at) << 2)) : load<u32>(at)
  const record = records + <usize>id * recordBytes
  store<usize>(addr, record)
  const isNew = load<u64>(record, RECORD_ROWS) == 0
  if (rare) {
    if (isNew) {
      store<u32>(next, id)
      next += 4
    }
  } else {
    store<u32>(next, id)
    next += <usize>isNew << 2
  }
  store<f64>(record, load<f64>(record, RECORD_ROWS) + 1, RECORD_ROWS)
  return next
}

/** Resolves rows up to `end` of the addresses, two a turn, and returns the new end of the list of ids. */
// @ts-ignore: decorator
@inline
function resolveStretch(
  rare: bool,
  selected: bool,
  records: usize,
  ids: usize,
  at: usize,
  recordBytes: usize,
  addr: usize,
  end: usize,
  next: usize,
): usize {
  for (; addr + 8 <= end; at += 8, addr += 8) {
    next = resolveRow(rare, selected, records, ids, at, recordBytes, addr, next)
    next = resolveRow(rare, selected, records, ids, at + 4, recordBytes, addr + 4, next)
  }
  if (addr < end) next = resolveRow(rare, selected, records, ids, at, recordBytes, addr, next)
  return next
}

// @ts-ignore: decorator
@inline
function oneSlice(
  selected: bool,
  entry: usize,
  ids: usize,
  sel: usize,
  from: usize,
  m: usize,
  recordBytes: usize,
  addr: usize,
): void {
  const records = load<usize>(entry, SLICE_RECORDS)
  const touched = load<usize>(entry, SLICE_TOUCHED)
  const end = addr + ((m - from) << 2)
  let next = touched + (<usize>load<u32>(entry, SLICE_COUNT) << 2)
  let at = (selected ? sel : ids) + (from << 2)
  let rare = false
  while (addr < end) {
    const stop = min(end, addr + STRETCH_BYTES)
    const listed = next
    if (rare) next = resolveStretch(true, selected, records, ids, at, recordBytes, addr, stop, next)
    else next = resolveStretch(false, selected, records, ids, at, recordBytes, addr, stop, next)
    // A mispredicted branch costs some fifteen rows without one.
    rare = (next - listed) << 4 <= stop - addr
    at += stop - addr
    addr = stop
  }
  store<u32>(next, 0)
  store<u32>(entry, <u32>((next - touched) >> 2), SLICE_COUNT)
}

export function resolveOneSlice(
  entry: usize,
  ids: usize,
  sel: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  addr: usize,
): void {
  if (sel == 0) oneSlice(false, entry, ids, sel, from, m, recordBytes, addr)
  else oneSlice(true, entry, ids, sel, from, m, recordBytes, addr)
}

// @ts-ignore: decorator
@inline
function manySlices(
  selected: bool,
  entries: usize,
  slices: usize,
  ids: usize,
  sel: usize,
  from: usize,
  m: usize,
  recordBytes: usize,
  addr: usize,
): void {
  const end = addr + ((m - from) << 2)
  let at = (selected ? sel : ids) + (from << 2)
  while (addr < end) {
    const entry = entries + (<usize>load<u32>(slices) * SLICE_ENTRY_BYTES)
    const id = selected ? load<u32>(ids + (<usize>load<u32>(at) << 2)) : load<u32>(at)
    const record = load<usize>(entry, SLICE_RECORDS) + <usize>id * recordBytes
    const rows = load<f64>(record, RECORD_ROWS)
    store<usize>(addr, record)
    if (rows == 0) list(entry, id)
    store<f64>(record, rows + 1, RECORD_ROWS)
    at += 4
    slices += 4
    addr += 4
  }
}

export function resolveSlices(
  entries: usize,
  slices: usize,
  ids: usize,
  sel: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  addr: usize,
): void {
  if (sel == 0) manySlices(false, entries, slices, ids, sel, from, m, recordBytes, addr)
  else manySlices(true, entries, slices, ids, sel, from, m, recordBytes, addr)
}

export function resolveOneSliceGlobal(
  entry: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  addr: usize,
): void {
  if (m <= from) return
  const record = load<usize>(entry, SLICE_RECORDS)
  const rows = load<f64>(record, RECORD_ROWS)
  if (rows == 0) list(entry, 0)
  store<f64>(record, rows + <f64>(m - from), RECORD_ROWS)
  const end = addr + (<usize>(m - from) << 2)
  const four = i32x4.splat(<i32>record)
  for (; addr + 16 <= end; addr += 16) v128.store(addr, four)
  for (; addr < end; addr += 4) store<usize>(addr, record)
}

export function resolveSlicesGlobal(
  entries: usize,
  slices: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  addr: usize,
): void {
  for (const end = addr + (<usize>(m - from) << 2); addr < end; addr += 4, slices += 4) {
    const entry = entries + (<usize>load<u32>(slices) * SLICE_ENTRY_BYTES)
    const record = load<usize>(entry, SLICE_RECORDS)
    const rows = load<f64>(record, RECORD_ROWS)
    store<usize>(addr, record)
    if (rows == 0) list(entry, 0)
    store<f64>(record, rows + 1, RECORD_ROWS)
  }
}

export function recordAddresses(records: usize, ids: usize, m: i32, recordBytes: i32, out: usize): void {
  const end = out + (<usize>m << 2)
  for (; out + 16 <= end; out += 16, ids += 16) {
    v128.store(out, i32x4.add(i32x4.splat(<i32>records), i32x4.mul(v128.load(ids), i32x4.splat(recordBytes))))
  }
  for (; out < end; out += 4, ids += 4) store<usize>(out, records + load<u32>(ids) * recordBytes)
}

export function resolveCombine(
  source: usize,
  destination: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  src: usize,
  dst: usize,
): void {
  const sourceRecords = load<usize>(source, SLICE_RECORDS)
  const records = load<usize>(destination, SLICE_RECORDS)
  let ids = load<usize>(source, SLICE_TOUCHED) + (<usize>from << 2)
  for (const end = dst + (<usize>(m - from) << 2); dst < end; dst += 4, src += 4, ids += 4) {
    const id = load<u32>(ids)
    const taken = sourceRecords + id * recordBytes
    const record = records + <usize>id * recordBytes
    const rows = load<f64>(record, RECORD_ROWS)
    store<usize>(src, taken)
    store<usize>(dst, record)
    if (rows == 0) list(destination, id)
    store<f64>(record, rows + load<f64>(taken, RECORD_ROWS), RECORD_ROWS)
  }
}

/** Copies records to `out`, side by side. */
export function gatherRecords(addr: usize, m: i32, recordBytes: i32, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4) {
    const record = load<usize>(addr)
    for (let at: usize = 0; at < <usize>recordBytes; at += 8) store<u64>(out + at, load<u64>(record + at))
    out += recordBytes
  }
}

/** As `resolveCombine`, of records that stand side by side; `ids` 0: all of them are of id 0. */
export function resolveRecords(
  entry: usize,
  ids: usize,
  taken: usize,
  m: i32,
  recordBytes: i32,
  src: usize,
  dst: usize,
): void {
  const records = load<usize>(entry, SLICE_RECORDS)
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4, taken += recordBytes) {
    let id: u32 = 0
    if (ids != 0) {
      id = load<u32>(ids)
      ids += 4
    }
    const record = records + <usize>id * recordBytes
    const rows = load<f64>(record, RECORD_ROWS)
    store<usize>(src, taken)
    store<usize>(dst, record)
    if (rows == 0) list(entry, id)
    store<f64>(record, rows + load<f64>(taken, RECORD_ROWS), RECORD_ROWS)
  }
}

export function clearSlice(entry: usize, recordBytes: i32): void {
  const records = load<usize>(entry, SLICE_RECORDS)
  const template = load<usize>(entry, SLICE_TEMPLATE)
  let ids = load<usize>(entry, SLICE_TOUCHED)
  for (const end = ids + (<usize>load<u32>(entry, SLICE_COUNT) << 2); ids < end; ids += 4) {
    const record = records + load<u32>(ids) * recordBytes
    for (let at: usize = 0; at < <usize>recordBytes; at += 8) store<u64>(record + at, load<u64>(template + at))
  }
  store<u32>(entry, 0, SLICE_COUNT)
}
