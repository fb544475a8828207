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
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { bump, indexOf, noteClaim, noteTake, valueAt, wordAt } from './shared-ring.ts'

type MpmcKernels = Pick<
  KernelExports,
  | 'claimMpmc'
  | 'forceClaimMpmc'
  | 'publishMpmc'
  | 'takeMpmc'
  | 'releaseMpmc'
  | 'pushMpmcF64'
  | 'forcePushMpmcF64'
  | 'popMpmcF64'
>

/** Twins of assembly/mpmc.ts, which says how they work. */
export function mpmcKernels(memory: LinearMemory): MpmcKernels {
  return {
    claimMpmc: (ring, member, n) => claim(memory, ring, member, n),
    forceClaimMpmc: (ring, member) => forceClaim(memory, ring, member),
    publishMpmc: (ring, member) => publish(memory, ring, member),
    takeMpmc: (ring, member, n) => take(memory, ring, member, n),
    releaseMpmc: (ring, member) => release(memory, ring, member),
    pushMpmcF64: (ring, member, value) => push(memory, ring, member, value),
    forcePushMpmcF64: (ring, member, value) => forcePush(memory, ring, member, value),
    popMpmcF64: (ring, member) => pop(memory, ring, member),
  }
}

/** Index among u32s of the stamp of a cursor's slot. */
function stampAt(memory: LinearMemory, ring: number, cursor: number): number {
  return (wordAt(memory, ring + SHARED_STAMPS) >>> 2) + indexOf(cursor, wordAt(memory, ring + SHARED_LAP_MASK))
}

/** The cursor `count` slots on, within the lap or at the start of the next. */
function advanced(memory: LinearMemory, ring: number, cursor: number, count: number): number {
  const lapMask = wordAt(memory, ring + SHARED_LAP_MASK)
  const isWithin = indexOf(cursor, lapMask) + count < wordAt(memory, ring + SHARED_CAPACITY)
  return (isWithin ? cursor + 2 * count : (cursor | lapMask) + 1) >>> 0
}

/** How many slots from a cursor on, at most `n` and to the end of the lap, bear their cursor + `mark`; the first does. */
function stretch(memory: LinearMemory, ring: number, cursor: number, mark: number, n: number): number {
  const index = indexOf(cursor, wordAt(memory, ring + SHARED_LAP_MASK))
  const most = Math.min(n, wordAt(memory, ring + SHARED_CAPACITY) - index)
  const stamps = stampAt(memory, ring, cursor)
  let count = 1
  while (count < most && Atomics.load(memory.u32, stamps + count) === (cursor + mark + 2 * count) >>> 0) count++
  return count
}

/** Stamps `count` slots from a cursor on with their cursor + `mark`, the first one last. */
function stamp(memory: LinearMemory, ring: number, cursor: number, mark: number, count: number): void {
  const stamps = stampAt(memory, ring, cursor)
  for (let i = 1; i < count; i++) memory.u32[stamps + i] = cursor + mark + 2 * i
  Atomics.store(memory.u32, stamps, cursor + mark)
}

/** Moves a cursor on, unless another thread did. */
function move(memory: LinearMemory, ring: number, at: number, cursor: number, count: number): boolean {
  const to = advanced(memory, ring, cursor, count)
  return Atomics.compareExchange(memory.u32, (ring + at) >>> 2, cursor, to) === cursor
}

function claim(memory: LinearMemory, ring: number, member: number, n: number): number {
  for (;;) {
    const tail = Atomics.load(memory.u32, (ring + SHARED_TAIL) >>> 2)
    if ((tail & 1) !== 0) return SHARED_CLOSED
    if (Atomics.load(memory.u32, stampAt(memory, ring, tail)) === tail) {
      const count = stretch(memory, ring, tail, 0, n)
      noteClaim(memory, member, tail, count)
      if (move(memory, ring, SHARED_TAIL, tail, count)) return count
      noteClaim(memory, member, tail, 0)
    } else {
      const head = Atomics.load(memory.u32, (ring + SHARED_HEAD) >>> 2)
      if ((head + wordAt(memory, ring + SHARED_LAP_MASK) + 1) >>> 0 === tail) return SHARED_NONE
      if (Atomics.load(memory.u32, (ring + SHARED_TAIL) >>> 2) === tail) return SHARED_PENDING
    }
  }
}

function forceClaim(memory: LinearMemory, ring: number, member: number): number {
  for (;;) {
    const claimed = claim(memory, ring, member, 1)
    if (claimed !== SHARED_NONE) return claimed
    const head = Atomics.load(memory.u32, (ring + SHARED_HEAD) >>> 2)
    const tail = (head + wordAt(memory, ring + SHARED_LAP_MASK) + 1) >>> 0
    const mark = (Atomics.load(memory.u32, stampAt(memory, ring, head)) - head) >>> 0
    if (mark !== STAMP_FILLED && mark !== STAMP_GIVEN_UP) {
      if (Atomics.load(memory.u32, (ring + SHARED_HEAD) >>> 2) === head) return SHARED_PENDING
      continue
    }
    if (Atomics.load(memory.u32, (ring + SHARED_TAIL) >>> 2) !== tail) continue
    noteClaim(memory, member, tail, 1)
    noteTake(memory, member, head, 1)
    if (!move(memory, ring, SHARED_HEAD, head, 1)) {
      noteClaim(memory, member, tail, 0)
      noteTake(memory, member, head, 0)
      continue
    }
    if (mark === STAMP_FILLED) bump(memory, member + MEMBER_EVICTED, 1)
    if (move(memory, ring, SHARED_TAIL, tail, 1)) return 1
    stamp(memory, ring, tail, 0, 1)
    return SHARED_CLOSED
  }
}

function publish(memory: LinearMemory, ring: number, member: number): number {
  const count = wordAt(memory, member + MEMBER_CLAIM_COUNT)
  stamp(memory, ring, wordAt(memory, member + MEMBER_CLAIM), STAMP_FILLED, count)
  bump(memory, member + MEMBER_ACCEPTED, count)
  return count
}

function take(memory: LinearMemory, ring: number, member: number, n: number): number {
  for (;;) {
    const head = Atomics.load(memory.u32, (ring + SHARED_HEAD) >>> 2)
    const mark = (Atomics.load(memory.u32, stampAt(memory, ring, head)) - head) >>> 0
    if (mark === STAMP_FILLED) {
      const count = stretch(memory, ring, head, STAMP_FILLED, n)
      noteTake(memory, member, head, count)
      if (move(memory, ring, SHARED_HEAD, head, count)) return count
      noteTake(memory, member, head, 0)
    } else if (mark === STAMP_GIVEN_UP) {
      noteTake(memory, member, head, 1)
      if (move(memory, ring, SHARED_HEAD, head, 1))
        stamp(memory, ring, head, wordAt(memory, ring + SHARED_LAP_MASK) + 1, 1)
      else noteTake(memory, member, head, 0)
    } else {
      const tail = Atomics.load(memory.u32, (ring + SHARED_TAIL) >>> 2)
      if ((tail & ~1) >>> 0 === head) return (tail & 1) !== 0 ? SHARED_CLOSED : SHARED_NONE
      if (Atomics.load(memory.u32, (ring + SHARED_HEAD) >>> 2) === head) return SHARED_PENDING
    }
  }
}

function release(memory: LinearMemory, ring: number, member: number): void {
  const count = wordAt(memory, member + MEMBER_TAKE_COUNT)
  const lap = wordAt(memory, ring + SHARED_LAP_MASK) + 1
  stamp(memory, ring, wordAt(memory, member + MEMBER_TAKE), lap, count)
  bump(memory, member + MEMBER_DELIVERED, count)
}

function push(memory: LinearMemory, ring: number, member: number, value: number): number {
  const claimed = claim(memory, ring, member, 1)
  return claimed === 1 ? fill(memory, ring, member, value) : claimed
}

function forcePush(memory: LinearMemory, ring: number, member: number, value: number): number {
  const claimed = forceClaim(memory, ring, member)
  return claimed === 1 ? fill(memory, ring, member, value) : claimed
}

/** Publishes a claim of one slot with its value. */
function fill(memory: LinearMemory, ring: number, member: number, value: number): number {
  memory.f64[valueAt(memory, ring, wordAt(memory, member + MEMBER_CLAIM))] = value
  return publish(memory, ring, member)
}

function pop(memory: LinearMemory, ring: number, member: number): number {
  const taken = take(memory, ring, member, 1)
  if (taken <= 0) return taken
  const value = memory.f64[valueAt(memory, ring, wordAt(memory, member + MEMBER_TAKE))]!
  memory.f64[(member + MEMBER_VALUE) >>> 3] = value
  release(memory, ring, member)
  return 1
}
