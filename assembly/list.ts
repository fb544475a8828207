// Lists of values outside of the records (abi.ts "list"), in order of arrival.

import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from './abi'
import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function eachRow(
  selected: bool,
  nullable: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  at: usize,
): i32 {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    if (nullable && !hasValue(validity, row)) continue
    const field = load<usize>(addr) + at
    const count = load<f64>(field, BUFFER_COUNT)
    if (count >= <f64>load<u32>(field, BUFFER_CAPACITY)) return <i32>j
    store<u64>(load<usize>(field, BUFFER_ADDRESS) + (<usize>count << 3), load<u64>(a + (row << 3)))
    store<f64>(field, count + 1, BUFFER_COUNT)
  }
  return <i32>m
}

export function accumulateList8(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  if (sel == 0) {
    if (validity == 0) return eachRow(false, false, addr, sel, from, m, a, validity, at)
    return eachRow(false, true, addr, sel, from, m, a, validity, at)
  }
  if (validity == 0) return eachRow(true, false, addr, sel, from, m, a, validity, at)
  return eachRow(true, true, addr, sel, from, m, a, validity, at)
}

export function combineList8(dst: usize, src: usize, from: i32, m: i32, at: i32): i32 {
  for (let j = from; j < m; j++, dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    const count = load<f64>(field, BUFFER_COUNT)
    const added = load<f64>(taken, BUFFER_COUNT)
    if (added == 0) continue
    if (count + added > <f64>load<u32>(field, BUFFER_CAPACITY)) return j
    memory.copy(
      load<usize>(field, BUFFER_ADDRESS) + (<usize>count << 3),
      load<usize>(taken, BUFFER_ADDRESS),
      <usize>added << 3,
    )
    store<f64>(field, count + added, BUFFER_COUNT)
  }
  return m
}
