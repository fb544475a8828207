import {
  MEMBER_CLAIM,
  MEMBER_CLAIM_COUNT,
  MEMBER_TAKE,
  MEMBER_TAKE_COUNT,
  SHARED_LAP_MASK,
  SHARED_VALUES,
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'

/** The u32 at an address: what a ring is made of, and what its member alone writes. */
export function wordAt(memory: LinearMemory, address: number): number {
  return memory.u32[address >>> 2]!
}

/** Slot of a cursor. */
export function indexOf(cursor: number, lapMask: number): number {
  return (cursor & lapMask) >>> 1
}

/** Index among f64s of the value of a cursor. */
export function valueAt(memory: LinearMemory, ring: number, cursor: number): number {
  const index = indexOf(cursor, wordAt(memory, ring + SHARED_LAP_MASK))
  return (wordAt(memory, ring + SHARED_VALUES) >>> 3) + index
}

export function noteClaim({ u32 }: LinearMemory, member: number, cursor: number, count: number): void {
  u32[(member + MEMBER_CLAIM) >>> 2] = cursor
  u32[(member + MEMBER_CLAIM_COUNT) >>> 2] = count
}

export function noteTake({ u32 }: LinearMemory, member: number, cursor: number, count: number): void {
  u32[(member + MEMBER_TAKE) >>> 2] = cursor
  u32[(member + MEMBER_TAKE_COUNT) >>> 2] = count
}

/** Adds to a counter only this thread writes. Its high half changes once in 4 billion, and both halves at once then. */
export function bump({ u32, i64 }: LinearMemory, counter: number, n: number): void {
  const low = u32[counter >>> 2]! + n
  if (low < 2 ** 32) u32[counter >>> 2] = low
  else i64[counter >>> 3] = i64[counter >>> 3]! + BigInt(n)
}
