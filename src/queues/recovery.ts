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
import { optionInvalid, timedOut } from '../errors.ts'
import { bump } from '../kernels/shared-ring.ts'
import type { SharedRing } from '../memory/shared-ring.ts'
import { systemClock } from '../time/clock.ts'

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

/** How long to look on at a living thread that may have moved the same cursor: it has some instructions to go. */
const PATIENCE_MS = 200

/** A member's note: what it was about to take when it last moved a cursor. */
interface Note {
  readonly cursor: number
  readonly count: number
}

/** Who is dead, who may be in the middle of something, and how long to wait for them. */
interface Members {
  readonly gone: readonly number[]
  readonly living: readonly number[]
  readonly patienceMs: number
}

/**
 * Frees what dead members of a ring hold, and their places. What a member notes before it moves a cursor it takes back when another
 * has moved it, and it stores its stamps before it notes anything else. So slots are a dead member's when the cursor has
 * passed them, the first one's stamp isn't stored yet, and no living member notes the same cursor.
 *
 * @param by Address of the member that counts what was lost.
 * @throws EventfluxError `TIMEOUT` when a living member stands still with a note of the same cursor; it may be called again.
 */
export function recover(ring: SharedRing, dead: readonly number[], by: number, patienceMs = PATIENCE_MS): Recovered {
  const all = Array.from({ length: ring.memberCount }, (_, index) => index).filter(index => ring.isMember(index))
  const gone = all.filter(index => dead.includes(index))
  const members = { gone, living: all.filter(index => !dead.includes(index)), patienceMs }
  let givenUp = 0
  let lost = 0
  try {
    if (ring.kind === 'mpmc') {
      for (const index of gone) lost += freeTaken(ring, index, members)
      for (const index of gone) givenUp += giveUpClaimed(ring, index, members)
    }
    // Places are free when all is: who is told to try again may.
    for (const index of gone) bury(ring, index)
  } finally {
    bump(ring.memory, by + MEMBER_LOST, lost)
    ring.forEvents.wake()
    ring.forRoom.wake()
  }
  return { givenUp, lost }
}

/** Frees a member's place, without notes for who has it next. */
function bury(ring: SharedRing, index: number): void {
  if (ring.kind === 'spsc') for (const role of [SHARED_PRODUCER, SHARED_CONSUMER]) ring.giveUpRole(role, index)
  for (const at of [MEMBER_TAKE, MEMBER_CLAIM]) Atomics.store(ring.memory.u32, ((ring.member(index) + at) >>> 2) + 1, 0)
  ring.leave(index)
}

/** Slots claimed and not published become slots consumers skip; the first one last, since it is what they wait for. */
function giveUpClaimed(ring: SharedRing, index: number, members: Members): number {
  const { cursor } = noteAt(ring, index, MEMBER_CLAIM)
  const isOpen = (): boolean => isInside(ring, cursor) && ((stampOf(ring, cursor) - cursor) | 0) <= 0
  if (!isLeft(ring, MEMBER_CLAIM, cursor, isOpen, members)) return 0
  const { least, most } = countsAt(ring, MEMBER_CLAIM, cursor, members.gone)
  let givenUp = 0
  for (let i = most - 1; i >= 0; i--) {
    const each = (cursor + 2 * i) >>> 0
    const isOthers = i >= least && (stampOf(ring, each) !== each || isNoted(ring, MEMBER_CLAIM, each, members.living))
    if (isOthers || !isInside(ring, each)) continue
    store(ring, each, each + STAMP_GIVEN_UP)
    givenUp++
  }
  return givenUp
}

/** Slots taken and not released become free, the first one last; how many events were in them. What was evicted is counted already. */
function freeTaken(ring: SharedRing, index: number, members: Members): number {
  const { cursor } = noteAt(ring, index, MEMBER_TAKE)
  const lap = 2 * ring.slots
  const isHeld = (each: number): boolean => {
    const mark = (stampOf(ring, each) - each) | 0
    return isPassed(ring, each) && (mark === STAMP_FILLED || mark === STAMP_GIVEN_UP)
  }
  if (!isLeft(ring, MEMBER_TAKE, cursor, () => isHeld(cursor), members)) return 0
  const isEvicted = noteAt(ring, index, MEMBER_CLAIM).cursor === (cursor + lap) >>> 0
  // The tail has moved on to it: it is a claim.
  if (isEvicted && isInside(ring, (cursor + lap) >>> 0)) return 0
  const isGivenUp = stampOf(ring, cursor) === (cursor + STAMP_GIVEN_UP) >>> 0
  const { least, most } = countsAt(ring, MEMBER_TAKE, cursor, members.gone)
  let lost = 0
  for (let i = most - 1; i >= 0; i--) {
    const each = (cursor + 2 * i) >>> 0
    if (i >= least && (!isHeld(each) || isNoted(ring, MEMBER_TAKE, each, members.living))) continue
    store(ring, each, each + lap)
    lost++
  }
  return isEvicted || isGivenUp ? 0 : lost
}

/**
 * Whether what begins at a cursor is a dead member's: it is open, and stays so when no living member notes the cursor any more.
 * A living one that does either has it and is about to close it, or is about to take its note back.
 */
function isLeft(ring: SharedRing, at: number, cursor: number, isOpen: () => boolean, members: Members): boolean {
  if (!isNoted(ring, at, cursor, members.gone)) return false
  const untilNs = systemClock.monotonicNs() + members.patienceMs * 1e6
  while (isOpen()) {
    if (!isNoted(ring, at, cursor, members.living)) return isOpen()
    if (systemClock.monotonicNs() >= untilNs)
      throw timedOut(
        'a thread stands still in the middle of a push or a pop: if it has died too, recover both at once, else try again',
      )
  }
  return false
}

/** The least and the most slots that dead members noted at a cursor. One of them has moved it; nothing says which one. */
function countsAt(ring: SharedRing, at: number, cursor: number, gone: readonly number[]) {
  const notes = gone.map(index => noteAt(ring, index, at)).filter(note => note.count > 0 && note.cursor === cursor)
  const counts = notes.map(({ count }) => count)
  return { least: Math.min(...counts), most: Math.max(...counts) }
}

const noteAt = (ring: SharedRing, index: number, at: number): Note => {
  const words = (ring.member(index) + at) >>> 2
  return { cursor: Atomics.load(ring.memory.u32, words), count: Atomics.load(ring.memory.u32, words + 1) }
}

/** Whether the note of one of the members covers a cursor. */
function isNoted(ring: SharedRing, at: number, cursor: number, members: readonly number[]): boolean {
  return members.some(index => {
    const { cursor: from, count } = noteAt(ring, index, at)
    return ((cursor - from) >>> 1) % 2 ** 31 < count
  })
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
