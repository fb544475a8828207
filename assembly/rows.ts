// How the kernels of keys, slices and accumulators walk rows: `sel` and `validity` are told apart once, outside the
// loops, and become compile-time flags of an inlined body, so that each combination is a loop of its own.

/** Position of row j: itself, or what the selection says. */
// @ts-ignore: decorator
@inline
export function rowAt(selected: bool, sel: usize, j: usize): usize {
  return selected ? <usize>load<u32>(sel + (j << 2)) : j
}

/** Whether bit `row` of a validity bitmap is set. */
// @ts-ignore: decorator
@inline
export function hasValue(validity: usize, row: usize): bool {
  return <bool>((load<u8>(validity + (row >> 3)) >> <u8>(row & 7)) & 1)
}

/** Rows that kernels look at together where all of them meet one record. */
export const STRETCH: usize = 8

/** Whether the eight addresses from `addr` on are one. */
// @ts-ignore: decorator
@inline
export function isOneRecord(addr: usize): bool {
  const record = v128.load32_splat(addr)
  return i32x4.all_true(v128.and(i32x4.eq(v128.load(addr), record), i32x4.eq(v128.load(addr, 16), record)))
}
