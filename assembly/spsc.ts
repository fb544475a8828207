// A ring between one producer and one consumer: wait-free. Each side looks at the other's cursor only when what it saw
// last isn't enough.

import {
  MEMBER_ACCEPTED,
  MEMBER_CLAIM,
  MEMBER_CLAIM_COUNT,
  MEMBER_DELIVERED,
  MEMBER_TAKE,
  MEMBER_TAKE_COUNT,
  MEMBER_VALUE,
  SHARED_CAPACITY,
  SHARED_CLOSED,
  SHARED_HEAD,
  SHARED_LAP_MASK,
  SHARED_NONE,
  SHARED_SEEN_HEAD,
  SHARED_SEEN_TAIL,
  SHARED_TAIL,
} from './abi'
import { bump, indexOf, noteClaim, noteTake, valueAt } from './shared-ring'

/** Slots from a cursor to the end of its lap. */
// @ts-ignore: decorator
@inline
function untilWrap(ring: usize, cursor: u32): u32 {
  const lapMask = load<u32>(ring, SHARED_LAP_MASK)
  return ((lapMask + 1) >>> 1) - indexOf(cursor, lapMask)
}

export function claimSpsc(ring: usize, member: usize, n: i32): i32 {
  const tail = atomic.load<u32>(ring, SHARED_TAIL)
  if ((tail & 1) != 0) return SHARED_CLOSED
  const capacity = load<u32>(ring, SHARED_CAPACITY)
  let free = capacity - ((tail - load<u32>(ring, SHARED_SEEN_HEAD)) >>> 1)
  if (free < <u32>n) {
    const head = atomic.load<u32>(ring, SHARED_HEAD)
    store<u32>(ring, head, SHARED_SEEN_HEAD)
    free = capacity - ((tail - head) >>> 1)
    if (free == 0) return SHARED_NONE
  }
  const count = min(min(<u32>n, free), untilWrap(ring, tail))
  noteClaim(member, tail, count)
  return <i32>count
}

export function publishSpsc(ring: usize, member: usize): i32 {
  const tail = load<u32>(member, MEMBER_CLAIM)
  const count = load<u32>(member, MEMBER_CLAIM_COUNT)
  // Only closing changes a tail under its producer.
  if (atomic.cmpxchg<u32>(ring, tail, tail + (count << 1), SHARED_TAIL) != tail) return SHARED_CLOSED
  bump(member + MEMBER_ACCEPTED, count)
  return <i32>count
}

export function takeSpsc(ring: usize, member: usize, n: i32): i32 {
  const head = load<u32>(ring, SHARED_HEAD)
  let there = (load<u32>(ring, SHARED_SEEN_TAIL) - head) >>> 1
  if (there < <u32>n) {
    const tail = atomic.load<u32>(ring, SHARED_TAIL)
    there = (tail - head) >>> 1
    store<u32>(ring, tail & ~1, SHARED_SEEN_TAIL)
    if (there == 0) return (tail & 1) != 0 ? SHARED_CLOSED : SHARED_NONE
  }
  const count = min(min(<u32>n, there), untilWrap(ring, head))
  noteTake(member, head, count)
  return <i32>count
}

export function releaseSpsc(ring: usize, member: usize): void {
  const count = load<u32>(member, MEMBER_TAKE_COUNT)
  atomic.store<u32>(ring, load<u32>(member, MEMBER_TAKE) + (count << 1), SHARED_HEAD)
  bump(member + MEMBER_DELIVERED, count)
}

export function pushSpscF64(ring: usize, member: usize, value: f64): i32 {
  const claimed = claimSpsc(ring, member, 1)
  if (claimed <= 0) return claimed
  store<f64>(valueAt(ring, load<u32>(member, MEMBER_CLAIM)), value)
  return publishSpsc(ring, member)
}

export function popSpscF64(ring: usize, member: usize): i32 {
  const taken = takeSpsc(ring, member, 1)
  if (taken <= 0) return taken
  store<f64>(member, load<f64>(valueAt(ring, load<u32>(member, MEMBER_TAKE))), MEMBER_VALUE)
  releaseSpsc(ring, member)
  return 1
}
