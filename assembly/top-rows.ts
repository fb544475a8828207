// The first rows of each record in an order, whole (abi.ts "top rows", "row layout"): of equal ones those that came first.

import {
  BUFFER_ADDRESS,
  BUFFER_CAPACITY,
  BUFFER_COUNT,
  ROW_COLUMN_AT,
  ROW_COLUMN_BYTES,
  ROW_COLUMN_FLAG_AT,
  ROW_COLUMN_VALIDITY,
  ROW_COLUMN_VALUES,
  ROW_COLUMN_WIDTH,
  ROW_KEY_BYTES,
  ROW_KEY_COLUMN,
  ROW_KEY_DOWN,
  ROW_KEY_F32,
  ROW_KEY_F64,
  ROW_KEY_I32,
  ROW_KEY_I64,
  ROW_KEY_KIND,
} from './abi'
import { hasValue, rowAt } from './rows'

/** Says of a row that it is one of a batch, by its number, and not one that is kept, by its address. */
const OF_BATCH = true
const KEPT = false

/** Where a value of a row stands: in its column, or in the row that is kept. */
// @ts-ignore: decorator
@inline
function valueOf(isOfBatch: bool, column: usize, row: usize): usize {
  if (!isOfBatch) return row + load<u32>(column, ROW_COLUMN_AT)
  return load<usize>(column, ROW_COLUMN_VALUES) + row * load<u32>(column, ROW_COLUMN_WIDTH)
}

/** A number rows are ordered by, so turned that the least comes first. */
// @ts-ignore: decorator
@inline
function numberAt(kind: u32, value: usize): f64 {
  const type = kind & (ROW_KEY_DOWN - 1)
  let number: f64
  if (type == ROW_KEY_F64) number = load<f64>(value)
  else if (type == ROW_KEY_I32) number = <f64>load<i32>(value)
  else if (type == ROW_KEY_F32) number = <f64>load<f32>(value)
  else number = <f64>load<u32>(value)
  return (kind & ROW_KEY_DOWN) != 0 ? -number : number
}

/** Whether a row comes before one that is kept, and came earlier. */
// @ts-ignore: decorator
@inline
function comesBefore(isOfBatch: bool, columns: usize, keys: usize, keyCount: i32, row: usize, kept: usize): bool {
  for (const end = keys + <usize>keyCount * ROW_KEY_BYTES; keys < end; keys += ROW_KEY_BYTES) {
    const kind = load<u32>(keys, ROW_KEY_KIND)
    const column = columns + <usize>load<u32>(keys, ROW_KEY_COLUMN) * ROW_COLUMN_BYTES
    const given = valueOf(isOfBatch, column, row)
    const known = valueOf(KEPT, column, kept)
    if ((kind & (ROW_KEY_DOWN - 1)) == ROW_KEY_I64) {
      const x = load<i64>(given)
      const y = load<i64>(known)
      if (x != y) return x < y == ((kind & ROW_KEY_DOWN) == 0)
    } else {
      const x = numberAt(kind, given)
      const y = numberAt(kind, known)
      if (x < y) return true
      if (x > y) return false
      if (x == y) continue
      // One of them is NaN, or both.
      if (x == x) return true
      if (y == y) return false
    }
  }
  return false
}

/** Makes room for a row among `count` others, behind those it doesn't come before, and returns where. */
// @ts-ignore: decorator
@inline
function makeRoom(
  isOfBatch: bool,
  columns: usize,
  keys: usize,
  keyCount: i32,
  row: usize,
  rows: usize,
  rowBytes: usize,
  count: usize,
): usize {
  let low: usize = 0
  for (let high = count; low < high; ) {
    const middle = (low + high) >> 1
    if (comesBefore(isOfBatch, columns, keys, keyCount, row, rows + middle * rowBytes)) high = middle
    else low = middle + 1
  }
  const place = rows + low * rowBytes
  // Rows are few and short, as a rule: a call that copies memory takes longer.
  for (let at = rows + count * rowBytes - 8; at >= place; at -= 8) store<u64>(at + rowBytes, load<u64>(at))
  return place
}

// @ts-ignore: decorator
@inline
function write(columns: usize, columnCount: i32, row: usize, to: usize): void {
  for (const end = columns + <usize>columnCount * ROW_COLUMN_BYTES; columns < end; columns += ROW_COLUMN_BYTES) {
    const validity = load<usize>(columns, ROW_COLUMN_VALIDITY)
    const flagAt = load<i32>(columns, ROW_COLUMN_FLAG_AT)
    const isThere = validity == 0 || hasValue(validity, row)
    if (flagAt >= 0) store<f64>(to + flagAt, isThere ? 1 : 0)
    const width = load<u32>(columns, ROW_COLUMN_WIDTH)
    const value = valueOf(OF_BATCH, columns, row)
    const at = to + load<u32>(columns, ROW_COLUMN_AT)
    // Nothing is zero.
    if (width == 4) store<u32>(at, isThere ? load<u32>(value) : 0)
    else if (width == 8) store<u64>(at, isThere ? load<u64>(value) : 0)
    else store<u8>(at, isThere ? load<u8>(value) : 0)
  }
}

export function accumulateTopRows(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  columns: usize,
  columnCount: i32,
  keyCount: i32,
  rowBytes: i32,
  most: i32,
  at: i32,
): i32 {
  const keys = columns + <usize>columnCount * ROW_COLUMN_BYTES
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(sel != 0, sel, j)
    const field = load<usize>(addr) + at
    const rows = load<usize>(field, BUFFER_ADDRESS)
    const held = <i32>load<f64>(field, BUFFER_COUNT)
    let last = held
    if (held == most) {
      last--
      if (!comesBefore(OF_BATCH, columns, keys, keyCount, row, rows + last * rowBytes)) continue
    } else if (<u32>held >= load<u32>(field, BUFFER_CAPACITY)) return j
    write(columns, columnCount, row, makeRoom(OF_BATCH, columns, keys, keyCount, row, rows, rowBytes, last))
    store<f64>(field, <f64>(last + 1), BUFFER_COUNT)
  }
  return m
}

export function combineTopRows(
  dst: usize,
  src: usize,
  from: i32,
  m: i32,
  columns: usize,
  columnCount: i32,
  keyCount: i32,
  rowBytes: i32,
  most: i32,
  at: i32,
): i32 {
  const keys = columns + <usize>columnCount * ROW_COLUMN_BYTES
  for (let j = from; j < m; j++, dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    const rows = load<usize>(field, BUFFER_ADDRESS)
    const added = <i32>load<f64>(taken, BUFFER_COUNT)
    let held = <i32>load<f64>(field, BUFFER_COUNT)
    if (added == 0) continue
    if (<u32>min(most, held + added) > load<u32>(field, BUFFER_CAPACITY)) return j
    let row = load<usize>(taken, BUFFER_ADDRESS)
    for (const end = row + added * rowBytes; row < end; row += rowBytes) {
      let last = held
      if (held == most) {
        last--
        if (!comesBefore(KEPT, columns, keys, keyCount, row, rows + last * rowBytes)) break
      }
      memory.copy(makeRoom(KEPT, columns, keys, keyCount, row, rows, rowBytes, last), row, rowBytes)
      held = last + 1
    }
    store<f64>(field, <f64>held, BUFFER_COUNT)
  }
  return m
}
