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
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { bump, indexOf, noteClaim, noteTake, valueAt, wordAt } from './shared-ring.ts'

type SpscKernels = Pick<
  KernelExports,
  'claimSpsc' | 'publishSpsc' | 'takeSpsc' | 'releaseSpsc' | 'pushSpscF64' | 'popSpscF64'
>

/** Twins of assembly/spsc.ts. */
export function spscKernels(memory: LinearMemory): SpscKernels {
  return {
    claimSpsc: (ring, member, n) => claim(memory, ring, member, n),
    publishSpsc: (ring, member) => publish(memory, ring, member),
    takeSpsc: (ring, member, n) => take(memory, ring, member, n),
    releaseSpsc: (ring, member) => release(memory, ring, member),
    pushSpscF64: (ring, member, value) => push(memory, ring, member, value),
    popSpscF64: (ring, member) => pop(memory, ring, member),
  }
}

/** Slots from a cursor to the end of its lap. */
function untilWrap(memory: LinearMemory, ring: number, cursor: number): number {
  const lapMask = wordAt(memory, ring + SHARED_LAP_MASK)
  return ((lapMask + 1) >>> 1) - indexOf(cursor, lapMask)
}

function claim(memory: LinearMemory, ring: number, member: number, n: number): number {
  const tail = Atomics.load(memory.u32, (ring + SHARED_TAIL) >>> 2)
  if ((tail & 1) !== 0) return SHARED_CLOSED
  const capacity = wordAt(memory, ring + SHARED_CAPACITY)
  let free = capacity - ((tail - wordAt(memory, ring + SHARED_SEEN_HEAD)) >>> 1)
  if (free < n) {
    const head = Atomics.load(memory.u32, (ring + SHARED_HEAD) >>> 2)
    memory.u32[(ring + SHARED_SEEN_HEAD) >>> 2] = head
    free = capacity - ((tail - head) >>> 1)
    if (free === 0) return SHARED_NONE
  }
  const count = Math.min(n, free, untilWrap(memory, ring, tail))
  noteClaim(memory, member, tail, count)
  return count
}

function publish(memory: LinearMemory, ring: number, member: number): number {
  const tail = wordAt(memory, member + MEMBER_CLAIM)
  const count = wordAt(memory, member + MEMBER_CLAIM_COUNT)
  // Only closing changes a tail under its producer.
  if (Atomics.compareExchange(memory.u32, (ring + SHARED_TAIL) >>> 2, tail, tail + 2 * count) !== tail)
    return SHARED_CLOSED
  bump(memory, member + MEMBER_ACCEPTED, count)
  return count
}

function take(memory: LinearMemory, ring: number, member: number, n: number): number {
  const head = wordAt(memory, ring + SHARED_HEAD)
  let there = (wordAt(memory, ring + SHARED_SEEN_TAIL) - head) >>> 1
  if (there < n) {
    const tail = Atomics.load(memory.u32, (ring + SHARED_TAIL) >>> 2)
    there = (tail - head) >>> 1
    memory.u32[(ring + SHARED_SEEN_TAIL) >>> 2] = tail & ~1
    if (there === 0) return (tail & 1) !== 0 ? SHARED_CLOSED : SHARED_NONE
  }
  const count = Math.min(n, there, untilWrap(memory, ring, head))
  noteTake(memory, member, head, count)
  return count
}

function release(memory: LinearMemory, ring: number, member: number): void {
  const count = wordAt(memory, member + MEMBER_TAKE_COUNT)
  Atomics.store(memory.u32, (ring + SHARED_HEAD) >>> 2, wordAt(memory, member + MEMBER_TAKE) + 2 * count)
  bump(memory, member + MEMBER_DELIVERED, count)
}

function push(memory: LinearMemory, ring: number, member: number, value: number): number {
  const claimed = claim(memory, ring, member, 1)
  if (claimed <= 0) return claimed
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
