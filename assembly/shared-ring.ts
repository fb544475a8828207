// What both rings between threads do alike (layout: abi.ts "shared ring" and "member").

import {
  MEMBER_CLAIM,
  MEMBER_CLAIM_COUNT,
  MEMBER_TAKE,
  MEMBER_TAKE_COUNT,
  SHARED_LAP_MASK,
  SHARED_VALUES,
} from './abi'

/** Slot of a cursor. */
// @ts-ignore: decorator
@inline
export function indexOf(cursor: u32, lapMask: u32): u32 {
  return (cursor & lapMask) >>> 1
}

/** Where the 8-byte value of a cursor stands. */
// @ts-ignore: decorator
@inline
export function valueAt(ring: usize, cursor: u32): usize {
  const index = indexOf(cursor, load<u32>(ring, SHARED_LAP_MASK))
  return load<usize>(ring, SHARED_VALUES) + ((<usize>index) << 3)
}

// @ts-ignore: decorator
@inline
export function noteClaim(member: usize, cursor: u32, count: u32): void {
  store<u32>(member, cursor, MEMBER_CLAIM)
  store<u32>(member, count, MEMBER_CLAIM_COUNT)
}

// @ts-ignore: decorator
@inline
export function noteTake(member: usize, cursor: u32, count: u32): void {
  store<u32>(member, cursor, MEMBER_TAKE)
  store<u32>(member, count, MEMBER_TAKE_COUNT)
}

/** Adds to a counter only this thread writes. */
// @ts-ignore: decorator
@inline
export function bump(counter: usize, n: u32): void {
  store<u64>(counter, load<u64>(counter) + n)
}
