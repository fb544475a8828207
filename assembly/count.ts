// Counts, kept as f64.

import { hasValue, rowAt } from './rows'

// Counts the ones of a bitmap or of a mask, without a branch.
// @ts-ignore: decorator
@inline
function eachRow(
  selected: bool,
  bits: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  flags: usize,
  at: usize,
): void {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    const field = load<usize>(addr) + at
    store<f64>(field, load<f64>(field) + <f64>(bits ? <i32>hasValue(flags, row) : <i32>load<u8>(flags + row)))
  }
}

export function accumulateCountValid(addr: usize, sel: usize, from: i32, m: i32, validity: usize, at: i32): void {
  if (validity == 0) {
    for (const end = addr + (<usize>(m - from) << 2); addr < end; addr += 4) {
      const field = load<usize>(addr) + at
      store<f64>(field, load<f64>(field) + 1)
    }
  } else if (sel == 0) eachRow(false, true, addr, sel, from, m, validity, at)
  else eachRow(true, true, addr, sel, from, m, validity, at)
}

export function accumulateCountMask(addr: usize, sel: usize, from: i32, m: i32, mask: usize, at: i32): void {
  if (sel == 0) eachRow(false, false, addr, sel, from, m, mask, at)
  else eachRow(true, false, addr, sel, from, m, mask, at)
}

// Counts of several masks in one pass: each record is looked up once, and their chains of additions run side by side.
// @ts-ignore: decorator
@inline
function eachRowOfMasks(
  selected: bool,
  three: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  maskA: usize,
  atA: usize,
  maskB: usize,
  atB: usize,
  maskC: usize,
  atC: usize,
): void {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    const record = load<usize>(addr)
    store<f64>(record + atA, load<f64>(record + atA) + <f64>load<u8>(maskA + row))
    store<f64>(record + atB, load<f64>(record + atB) + <f64>load<u8>(maskB + row))
    if (three) store<f64>(record + atC, load<f64>(record + atC) + <f64>load<u8>(maskC + row))
  }
}

export function accumulateCountMasks2(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  maskA: usize,
  atA: i32,
  maskB: usize,
  atB: i32,
): void {
  if (sel == 0) eachRowOfMasks(false, false, addr, sel, from, m, maskA, atA, maskB, atB, 0, 0)
  else eachRowOfMasks(true, false, addr, sel, from, m, maskA, atA, maskB, atB, 0, 0)
}

export function accumulateCountMasks3(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  maskA: usize,
  atA: i32,
  maskB: usize,
  atB: i32,
  maskC: usize,
  atC: i32,
): void {
  if (sel == 0) eachRowOfMasks(false, true, addr, sel, from, m, maskA, atA, maskB, atB, maskC, atC)
  else eachRowOfMasks(true, true, addr, sel, from, m, maskA, atA, maskB, atB, maskC, atC)
}

export function combineCount(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    store<f64>(field, load<f64>(field) + load<f64>(load<usize>(src) + at))
  }
}
