// Slices: rows → addresses of accumulator records (layouts: abi.ts "accumulator record", "slice entry").

import { RECORD_ROWS, SLICE_COUNT, SLICE_ENTRY_BYTES, SLICE_RECORDS, SLICE_TOUCHED } from './abi'

/** Makes a free record an empty one and lists its id. Happens once per key and slice. */
// @ts-ignore: decorator
@inline
function claim(entry: usize, id: u32, record: usize, recordBytes: usize, template: usize): void {
  for (let at: usize = 0; at < recordBytes; at += 8) store<u64>(record + at, load<u64>(template + at))
  const count = load<u32>(entry, SLICE_COUNT)
  store<u32>(load<usize>(entry, SLICE_TOUCHED) + (count << 2), id)
  store<u32>(entry, count + 1, SLICE_COUNT)
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
  template: usize,
  addr: usize,
): void {
  const records = load<usize>(entry, SLICE_RECORDS)
  const end = addr + ((m - from) << 2)
  let at = (selected ? sel : ids) + (from << 2)
  while (addr < end) {
    const id = selected ? load<u32>(ids + (<usize>load<u32>(at) << 2)) : load<u32>(at)
    const record = records + <usize>id * recordBytes
    const rows = load<f64>(record, RECORD_ROWS)
    store<usize>(addr, record)
    if (rows == 0) claim(entry, id, record, recordBytes, template)
    store<f64>(record, rows + 1, RECORD_ROWS)
    at += 4
    addr += 4
  }
}

export function resolveOneSlice(
  entry: usize,
  ids: usize,
  sel: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  template: usize,
  addr: usize,
): void {
  if (sel == 0) oneSlice(false, entry, ids, sel, from, m, recordBytes, template, addr)
  else oneSlice(true, entry, ids, sel, from, m, recordBytes, template, addr)
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
  template: usize,
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
    if (rows == 0) claim(entry, id, record, recordBytes, template)
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
  template: usize,
  addr: usize,
): void {
  if (sel == 0) manySlices(false, entries, slices, ids, sel, from, m, recordBytes, template, addr)
  else manySlices(true, entries, slices, ids, sel, from, m, recordBytes, template, addr)
}

export function resolveOneSliceGlobal(
  entry: usize,
  from: i32,
  m: i32,
  recordBytes: i32,
  template: usize,
  addr: usize,
): void {
  if (m <= from) return
  const record = load<usize>(entry, SLICE_RECORDS)
  const rows = load<f64>(record, RECORD_ROWS)
  if (rows == 0) claim(entry, 0, record, recordBytes, template)
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
  template: usize,
  addr: usize,
): void {
  for (const end = addr + (<usize>(m - from) << 2); addr < end; addr += 4, slices += 4) {
    const entry = entries + (<usize>load<u32>(slices) * SLICE_ENTRY_BYTES)
    const record = load<usize>(entry, SLICE_RECORDS)
    const rows = load<f64>(record, RECORD_ROWS)
    store<usize>(addr, record)
    if (rows == 0) claim(entry, 0, record, recordBytes, template)
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
  template: usize,
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
    if (rows == 0) claim(destination, id, record, recordBytes, template)
    store<f64>(record, rows + load<f64>(taken, RECORD_ROWS), RECORD_ROWS)
  }
}

export function clearSlice(entry: usize, recordBytes: i32): void {
  const records = load<usize>(entry, SLICE_RECORDS)
  let ids = load<usize>(entry, SLICE_TOUCHED)
  for (const end = ids + (<usize>load<u32>(entry, SLICE_COUNT) << 2); ids < end; ids += 4) {
    store<f64>(records + load<u32>(ids) * recordBytes, 0, RECORD_ROWS)
  }
  store<u32>(entry, 0, SLICE_COUNT)
}
