// Triggers: which row makes its key fire. Arrays of 8 bytes by key id; ids 0: all rows are of id 0.

import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function idAt(ids: usize, row: usize): usize {
  return ids == 0 ? 0 : <usize>load<u32>(ids + (row << 2))
}

export function countToFire(ids: usize, sel: usize, from: i32, m: i32, counts: usize, limit: f64): i32 {
  for (let j = from; j < m; j++) {
    const at = counts + (idAt(ids, rowAt(sel != 0, sel, j)) << 3)
    const count = load<f64>(at) + 1
    if (count >= limit) {
      store<f64>(at, 0)
      return j
    }
    store<f64>(at, count)
  }
  return m
}

export function deltaToFire(
  values: usize,
  validity: usize,
  ids: usize,
  sel: usize,
  from: i32,
  m: i32,
  references: usize,
  threshold: f64,
): i32 {
  for (let j = from; j < m; j++) {
    const row = rowAt(sel != 0, sel, j)
    if (validity != 0 && !hasValue(validity, row)) continue
    const value = load<f64>(values + (row << 3))
    if (value != value) continue
    const at = references + (idAt(ids, row) << 4)
    if (load<f64>(at) == 0) {
      store<f64>(at, 1)
      store<f64>(at, value, 8)
    } else if (abs(value - load<f64>(at, 8)) > threshold) {
      store<f64>(at, value, 8)
      return j
    }
  }
  return m
}

export function listChanged(ids: usize, sel: usize, from: i32, m: i32, marks: usize, list: usize): i32 {
  let end = list
  for (let j = from; j < m; j++) {
    const mark = marks + (idAt(ids, rowAt(sel != 0, sel, j)) << 3)
    if (load<f64>(mark) != 0) continue
    store<f64>(mark, 1)
    store<u32>(end, <u32>j)
    end += 4
  }
  return <i32>((end - list) >> 2)
}
