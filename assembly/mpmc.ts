// A ring between any number of producers and consumers: Vyukov's, a stamp per slot, with the stamps of crossbeam's
// ArrayQueue, so that a ring of one slot works and every capacity is exact. A slot belongs to whoever moved the cursor past
// it, from then until its stamp is stored.
//
// Of a batch only the first stamp is stored atomically, and last: no other thread gets to the later ones but by a cursor that
// was moved by someone who had read the first.
//
// Before a thread moves a cursor it notes what it is about to take, and takes the note back when another moved it. So of
// those that note a cursor one has moved it, and all others take their notes back: if it dies before it stores the stamps, what
// it noted can be freed.

import {
  MEMBER_ACCEPTED,
  MEMBER_CLAIM,
  MEMBER_CLAIM_COUNT,
  MEMBER_DELIVERED,
  MEMBER_EVICTED,
  MEMBER_TAKE,
  MEMBER_TAKE_COUNT,
  MEMBER_VALUE,
  SHARED_CAPACITY,
  SHARED_CLOSED,
  SHARED_HEAD,
  SHARED_LAP_MASK,
  SHARED_NONE,
  SHARED_PENDING,
  SHARED_STAMPS,
  SHARED_TAIL,
  STAMP_FILLED,
  STAMP_GIVEN_UP,
} from './abi'
import { bump, indexOf, noteClaim, noteTake, valueAt } from './shared-ring'

/** Where the stamp of a cursor's slot stands. */
// @ts-ignore: decorator
@inline
function stampAt(ring: usize, cursor: u32): usize {
  return load<usize>(ring, SHARED_STAMPS) + ((<usize>indexOf(cursor, load<u32>(ring, SHARED_LAP_MASK))) << 2)
}

/** The cursor `count` slots on, within the lap or at the start of the next. */
// @ts-ignore: decorator
@inline
function advanced(ring: usize, cursor: u32, count: u32): u32 {
  const lapMask = load<u32>(ring, SHARED_LAP_MASK)
  if (indexOf(cursor, lapMask) + count < load<u32>(ring, SHARED_CAPACITY)) return cursor + (count << 1)
  return (cursor | lapMask) + 1
}

/** How many slots from a cursor on, at most `n` and to the end of the lap, bear their cursor + `mark`; the first does. */
// @ts-ignore: decorator
@inline
function stretch(ring: usize, cursor: u32, mark: u32, n: i32): u32 {
  const most = min(<u32>n, load<u32>(ring, SHARED_CAPACITY) - indexOf(cursor, load<u32>(ring, SHARED_LAP_MASK)))
  const stamps = stampAt(ring, cursor)
  let count: u32 = 1
  while (count < most && atomic.load<u32>(stamps + ((<usize>count) << 2)) == cursor + mark + (count << 1)) count++
  return count
}

/** Stamps `count` slots from a cursor on with their cursor + `mark`, the first one last. */
// @ts-ignore: decorator
@inline
function stamp(ring: usize, cursor: u32, mark: u32, count: u32): void {
  const stamps = stampAt(ring, cursor)
  for (let i: u32 = 1; i < count; i++) store<u32>(stamps + ((<usize>i) << 2), cursor + mark + (i << 1))
  atomic.store<u32>(stamps, cursor + mark)
}

/** Moves a cursor on, unless another thread did. */
// @ts-ignore: decorator
@inline
function move(ring: usize, at: usize, cursor: u32, count: u32): bool {
  return atomic.cmpxchg<u32>(ring + at, cursor, advanced(ring, cursor, count)) == cursor
}

/** Publishes a claim of one slot with its value. */
// @ts-ignore: decorator
@inline
function fill(ring: usize, member: usize, value: f64): i32 {
  store<f64>(valueAt(ring, load<u32>(member, MEMBER_CLAIM)), value)
  return publishMpmc(ring, member)
}

export function claimMpmc(ring: usize, member: usize, n: i32): i32 {
  while (true) {
    const tail = atomic.load<u32>(ring, SHARED_TAIL)
    if ((tail & 1) != 0) return SHARED_CLOSED
    if (atomic.load<u32>(stampAt(ring, tail)) == tail) {
      const count = stretch(ring, tail, 0, n)
      noteClaim(member, tail, count)
      if (move(ring, SHARED_TAIL, tail, count)) return <i32>count
      noteClaim(member, tail, 0)
    } else {
      // While the head is a lap behind this tail, the tail can't have moved: the ring is full at this moment.
      if (atomic.load<u32>(ring, SHARED_HEAD) + load<u32>(ring, SHARED_LAP_MASK) + 1 == tail) return SHARED_NONE
      if (atomic.load<u32>(ring, SHARED_TAIL) == tail) return SHARED_PENDING
    }
  }
}

export function forceClaimMpmc(ring: usize, member: usize): i32 {
  while (true) {
    const claimed = claimMpmc(ring, member, 1)
    if (claimed != SHARED_NONE) return claimed
    const head = atomic.load<u32>(ring, SHARED_HEAD)
    const tail = head + load<u32>(ring, SHARED_LAP_MASK) + 1
    const found = atomic.load<u32>(stampAt(ring, head))
    if (found != head + STAMP_FILLED && found != head + STAMP_GIVEN_UP) {
      if (atomic.load<u32>(ring, SHARED_HEAD) == head) return SHARED_PENDING
      continue
    }
    if (atomic.load<u32>(ring, SHARED_TAIL) != tail) continue
    noteClaim(member, tail, 1)
    noteTake(member, head, 1)
    if (!move(ring, SHARED_HEAD, head, 1)) {
      noteClaim(member, tail, 0)
      noteTake(member, head, 0)
      continue
    }
    if (found == head + STAMP_FILLED) bump(member + MEMBER_EVICTED, 1)
    // Nobody else can claim this tail while the slot is ours; it can be closed.
    if (move(ring, SHARED_TAIL, tail, 1)) return 1
    stamp(ring, tail, 0, 1)
    return SHARED_CLOSED
  }
}

export function publishMpmc(ring: usize, member: usize): i32 {
  const count = load<u32>(member, MEMBER_CLAIM_COUNT)
  stamp(ring, load<u32>(member, MEMBER_CLAIM), STAMP_FILLED, count)
  bump(member + MEMBER_ACCEPTED, count)
  return <i32>count
}

export function takeMpmc(ring: usize, member: usize, n: i32): i32 {
  while (true) {
    const head = atomic.load<u32>(ring, SHARED_HEAD)
    const found = atomic.load<u32>(stampAt(ring, head))
    if (found == head + STAMP_FILLED) {
      const count = stretch(ring, head, STAMP_FILLED, n)
      noteTake(member, head, count)
      if (move(ring, SHARED_HEAD, head, count)) return <i32>count
      noteTake(member, head, 0)
    } else if (found == head + STAMP_GIVEN_UP) {
      noteTake(member, head, 1)
      if (move(ring, SHARED_HEAD, head, 1))
        stamp(ring, head, load<u32>(ring, SHARED_LAP_MASK) + 1, 1)
      else noteTake(member, head, 0)
    } else {
      const tail = atomic.load<u32>(ring, SHARED_TAIL)
      // The head never passes the tail, so the ring is empty at this moment.
      if ((tail & ~1) == head) return (tail & 1) != 0 ? SHARED_CLOSED : SHARED_NONE
      if (atomic.load<u32>(ring, SHARED_HEAD) == head) return SHARED_PENDING
    }
  }
}

export function releaseMpmc(ring: usize, member: usize): void {
  const count = load<u32>(member, MEMBER_TAKE_COUNT)
  stamp(ring, load<u32>(member, MEMBER_TAKE), load<u32>(ring, SHARED_LAP_MASK) + 1, count)
  bump(member + MEMBER_DELIVERED, count)
}

export function pushMpmcF64(ring: usize, member: usize, value: f64): i32 {
  const claimed = claimMpmc(ring, member, 1)
  return claimed == 1 ? fill(ring, member, value) : claimed
}

export function forcePushMpmcF64(ring: usize, member: usize, value: f64): i32 {
  const claimed = forceClaimMpmc(ring, member)
  return claimed == 1 ? fill(ring, member, value) : claimed
}

export function popMpmcF64(ring: usize, member: usize): i32 {
  const taken = takeMpmc(ring, member, 1)
  if (taken <= 0) return taken
  store<f64>(member, load<f64>(valueAt(ring, load<u32>(member, MEMBER_TAKE))), MEMBER_VALUE)
  releaseMpmc(ring, member)
  return 1
}
