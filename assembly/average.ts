// Averages that forget: by event time (abi.ts DECAY_*), and by the values since (abi.ts EMA_*).

import { DECAY_SUM, DECAY_TIME, DECAY_WEIGHT, EMA_COUNT, EMA_VALUE } from './abi'
import { hasValue, rowAt } from './rows'

const LN2: f64 = 0.6931471805599453

/**
 * 2^-x for x ≥ 0, by operations every engine rounds alike: the series of e^y for what x is off a whole number, up to
 * the term that no longer counts, and the exponent for the whole number. 0 where the result would be subnormal.
 */
// @ts-ignore: decorator
@inline
function halved(x: f64): f64 {
  if (!(x < 1022)) return x == x ? 0 : x
  const whole = floor(x + 0.5)
  const y = (whole - x) * LN2
  let sum: f64 = 1.6059043836821613e-10
  sum = sum * y + 2.08767569878681e-9
  sum = sum * y + 2.505210838544172e-8
  sum = sum * y + 2.755731922398589e-7
  sum = sum * y + 0.0000027557319223985893
  sum = sum * y + 0.0000248015873015873
  sum = sum * y + 0.0001984126984126984
  sum = sum * y + 0.001388888888888889
  sum = sum * y + 0.008333333333333333
  sum = sum * y + 0.041666666666666664
  sum = sum * y + 0.16666666666666666
  sum = sum * y + 0.5
  sum = sum * y + 1
  sum = sum * y + 1
  return sum * reinterpret<f64>((<u64>1023 - <u64>whole) << 52)
}

/** Takes a sum and weight of time `t` into the field; both are of the later of two times then. */
// @ts-ignore: decorator
@inline
function take(field: usize, t: f64, sum: f64, weight: f64, halfLife: f64): void {
  const latest = load<f64>(field, DECAY_TIME)
  if (t >= latest) {
    const kept = halved((t - latest) / halfLife)
    store<f64>(field, t, DECAY_TIME)
    store<f64>(field, load<f64>(field, DECAY_SUM) * kept + sum, DECAY_SUM)
    store<f64>(field, load<f64>(field, DECAY_WEIGHT) * kept + weight, DECAY_WEIGHT)
  } else {
    const share = halved((latest - t) / halfLife)
    store<f64>(field, load<f64>(field, DECAY_SUM) + sum * share, DECAY_SUM)
    store<f64>(field, load<f64>(field, DECAY_WEIGHT) + weight * share, DECAY_WEIGHT)
  }
}

export function accumulateDecayF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  time: usize,
  halfLife: f64,
  at: i32,
): void {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(sel != 0, sel, j)
    if (validity != 0 && !hasValue(validity, row)) continue
    take(load<usize>(addr) + at, load<f64>(time + (row << 3)), load<f64>(a + (row << 3)), 1, halfLife)
  }
}

export function combineDecayF64(dst: usize, src: usize, m: i32, halfLife: f64, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const taken = load<usize>(src) + at
    const weight = load<f64>(taken, DECAY_WEIGHT)
    if (weight == 0) continue
    take(load<usize>(dst) + at, load<f64>(taken, DECAY_TIME), load<f64>(taken, DECAY_SUM), weight, halfLife)
  }
}

export function finishDecayF64(addr: usize, m: i32, at: i32, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4, out += 8) {
    const field = load<usize>(addr) + at
    store<f64>(out, load<f64>(field, DECAY_SUM) / load<f64>(field, DECAY_WEIGHT))
  }
}

export function accumulateEmaF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  alpha: f64,
  at: i32,
): void {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(sel != 0, sel, j)
    if (validity != 0 && !hasValue(validity, row)) continue
    const field = load<usize>(addr) + at
    const value = load<f64>(a + (row << 3))
    const isFirst = load<f64>(field, EMA_COUNT) == 0
    store<f64>(field, isFirst ? value : load<f64>(field, EMA_VALUE) * (1 - alpha) + value * alpha, EMA_VALUE)
    store<f64>(field, load<f64>(field, EMA_COUNT) + 1, EMA_COUNT)
  }
}
