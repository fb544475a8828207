import {
  MEMBER_CLAIM,
  MEMBER_LOST,
  MEMBER_TAKE,
  SHARED_CONSUMER,
  SHARED_HEAD,
  SHARED_PRODUCER,
  SHARED_TAIL,
  STAMP_FILLED,
  STAMP_GIVEN_UP,
} from '../../assembly/abi.ts'
import { optionInvalid } from '../errors.ts'
import { bump } from '../kernels/shared-ring.ts'
import type { SharedRing } from '../memory/shared-ring.ts'

/** What dead threads left behind. */
export interface Recovered {
  /** Slots they had claimed and not published: nothing of them will be delivered. */
  readonly givenUp: number
  /** Events they had taken and not released. */
  readonly lost: number
}

/** @throws EventfluxError `OPTION_INVALID` when the thread that asks counts itself among the dead. */
export function checkOthers(dead: readonly number[], own: number): void {
  if (dead.includes(own))
    throw optionInvalid(`member ${own} is this thread, which runs: to give its place back, detach`, {
      value: own,
      at: 'memberIds',
    })
}

/** A member's note: what it was about to take when it last moved a cursor. */
interface Note {
  readonly cursor: number
  readonly count: number
}

/**
 * Frees what dead members of a ring hold, and their places. A slot is a dead member's when the cursor has passed it, its
 * stamp isn't stored yet, and no other member's note covers it: a member notes what it takes before it moves the cursor, and
 * its stamps are stored before it notes anything else.
 *
 * @param by Address of the member that counts what was lost.
 */
export function recover(ring: SharedRing, dead: readonly number[], by: number): Recovered {
  const gone = dead.filter(index => ring.isMember(index))
  let givenUp = 0
  let lost = 0
  for (const index of gone) {
    if (ring.kind === 'spsc') for (const role of [SHARED_PRODUCER, SHARED_CONSUMER]) ring.giveUpRole(role, index)
    else {
      lost += freeTaken(ring, index, gone)
      givenUp += giveUpClaimed(ring, index, gone)
    }
  }
  for (const index of gone) ring.leave(index)
  bump(ring.memory, by + MEMBER_LOST, lost)
  ring.forEvents.wake()
  ring.forRoom.wake()
  return { givenUp, lost }
}

/** Slots claimed and not published become slots consumers skip; the first one last, since it is what they wait for. */
function giveUpClaimed(ring: SharedRing, index: number, dead: readonly number[]): number {
  const { cursor, count } = noteAt(ring, index, MEMBER_CLAIM)
  const first = stampOf(ring, cursor) - cursor
  const isFirstPublished = (first | 0) === STAMP_FILLED || (first | 0) === STAMP_GIVEN_UP
  let givenUp = 0
  for (let i = count - 1; i >= 0; i--) {
    const each = (cursor + 2 * i) >>> 0
    if (!isInside(ring, each) || isNoted(ring, MEMBER_CLAIM, each, dead)) continue
    const mark = (stampOf(ring, each) - each) | 0
    // Behind a first slot that isn't published, nobody has seen the others.
    if (mark === STAMP_GIVEN_UP || (mark === STAMP_FILLED && isFirstPublished)) continue
    store(ring, each, each + STAMP_GIVEN_UP)
    givenUp++
  }
  return givenUp
}

/** Slots taken and not released become free, the first one last. What was evicted is counted already. */
function freeTaken(ring: SharedRing, index: number, dead: readonly number[]): number {
  const { cursor, count } = noteAt(ring, index, MEMBER_TAKE)
  const mark = (stampOf(ring, cursor) - cursor) | 0
  const isHeld = mark === STAMP_FILLED || mark === STAMP_GIVEN_UP
  if (count === 0 || !isHeld || !isPassed(ring, cursor) || isNoted(ring, MEMBER_TAKE, cursor, dead)) return 0
  const lap = 2 * ring.slots
  const evicted = noteAt(ring, index, MEMBER_CLAIM).cursor === (cursor + lap) >>> 0
  // The tail has moved on to it: it is a claim.
  if (evicted && isInside(ring, (cursor + lap) >>> 0)) return 0
  for (let i = count - 1; i >= 0; i--) store(ring, cursor + 2 * i, cursor + 2 * i + lap)
  return evicted || mark === STAMP_GIVEN_UP ? 0 : count
}

const noteAt = (ring: SharedRing, index: number, at: number): Note => {
  const words = (ring.member(index) + at) >>> 2
  return { cursor: Atomics.load(ring.memory.u32, words), count: Atomics.load(ring.memory.u32, words + 1) }
}

/** Whether the note of a member that isn't dead covers a cursor. */
function isNoted(ring: SharedRing, at: number, cursor: number, dead: readonly number[]): boolean {
  for (let index = 0; index < ring.memberCount; index++) {
    if (dead.includes(index) || !ring.isMember(index)) continue
    const { cursor: from, count } = noteAt(ring, index, at)
    if (((cursor - from) >>> 1) % 2 ** 31 < count) return true
  }
  return false
}

const cursorAt = (ring: SharedRing, at: number): number =>
  (Atomics.load(ring.memory.u32, (ring.header + at) >>> 2) & ~1) >>> 0

/** Whether a cursor is from the head on and before the tail. */
function isInside(ring: SharedRing, cursor: number): boolean {
  const head = cursorAt(ring, SHARED_HEAD)
  return (cursor - head) >>> 0 < (cursorAt(ring, SHARED_TAIL) - head) >>> 0
}

/** Whether a cursor is before the head, by a lap at most. */
function isPassed(ring: SharedRing, cursor: number): boolean {
  const behind = (cursorAt(ring, SHARED_HEAD) - cursor) >>> 0
  return behind > 0 && behind <= 2 * ring.slots
}

const stampIndex = (ring: SharedRing, cursor: number): number => (ring.stamps >>> 2) + ring.slotOf(cursor)
const stampOf = (ring: SharedRing, cursor: number): number => Atomics.load(ring.memory.u32, stampIndex(ring, cursor))
const store = (ring: SharedRing, cursor: number, stamp: number): void => {
  Atomics.store(ring.memory.u32, stampIndex(ring, cursor), stamp)
}
