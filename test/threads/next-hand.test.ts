import { describe, expect, it } from 'vitest'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'
import { LentRuns, nextHand } from '../../src/threads/next-hand.ts'

const CAPACITY = 1024
/** With its header a sixteenth of a ring. */
const FRAME = CAPACITY / 16 - 16

/** Workers that have so many frames to do. */
const handsWith = (...frames: readonly number[]) =>
  frames.map((count, index) => {
    const ring = new FrameRing(frameRingMemory(CAPACITY, 1), 1)
    for (let i = 0; i < count; i++) {
      ring.claim(FRAME)
      ring.publish(1, 0, 0)
    }
    return { index, ring, sender: { frameBytes: FRAME }, sent: { rows: 0 } }
  })

it.each([
  ['the first, when none has anything to do', [0, 0, 0], 1 / 8, 0],
  ['the first, when it has little, and others nothing', [1, 0, 0], 1 / 8, 0],
  ['the next, when the first has enough', [2, 0, 0], 1 / 8, 1],
  ['the first that has little, though a later one has less', [5, 1, 0], 1 / 8, 1],
  ['who has least, when all have enough', [9, 7, 8], 1 / 8, 1],
  ['who has least, when nothing is enough', [3, 2, 4], 0, 1],
  ['the first of those that have least', [3, 2, 2], 0, 1],
  ['nobody, when none has room', [16, 16, 16], 1 / 8, undefined],
  ['whoever has room', [16, 15, 16], 1 / 8, 1],
])('the next batch goes to %s', (_, frames, enough, index) => {
  expect(nextHand(handsWith(...frames), { enough, mostLent: 100 })?.index).toBe(index)
})

it('a worker that is done with its frames gets more, whatever another still has to do', () => {
  const hands = handsWith(16, 16)
  const fast = hands[1]!
  while (fast.ring.poll(0) >= 0) fast.ring.release(0)
  for (let i = 0; i < 16; i++) {
    expect(nextHand(hands, { enough: 1 / 8, mostLent: 100 })).toBe(fast)
    fast.ring.claim(FRAME)
    fast.ring.publish(1, 0, 0)
  }
  expect(nextHand(hands, { enough: 1 / 8, mostLent: 100 })).toBeUndefined()
})

describe('rows that are lent', () => {
  /** Workers that have so many rows to do, of 32 at most; a run is of 8. */
  const lending = (rows: readonly number[], { run = 8, enough = 1 / 8 } = {}) => {
    const hands = rows.map((count, index) => ({ index, sent: { rows: count } }))
    const runs = new LentRuns(hands, { enough, mostLent: 32, run })
    /** Lends rows one by one; to whom. */
    const lend = (count: number): string =>
      Array.from({ length: count }, () => {
        const hand = runs.next()
        if (hand === undefined) return '-'
        hand.sent.rows++
        runs.lent(1)
        return hand.index
      }).join('')
    return { hands, lend }
  }

  it('go to one worker in a row, then to the one that has least', () => {
    expect(lending([0, 0]).lend(20)).toBe('00000000111111110000')
    expect(lending([6, 9, 2], { run: 3 }).lend(9)).toBe('222222000')
  })

  it('stay with one that keeps up', () => {
    const { hands, lend } = lending([0, 0])
    for (let round = 0; round < 20; round++) {
      expect(lend(2)).toBe('00')
      hands[0]!.sent.rows = 0
    }
  })

  it('go to nobody when all have as many as they may, and then to the first that is through with some', () => {
    const { hands, lend } = lending([0, 0])
    expect(lend(65).slice(60)).toBe('1111-')
    hands[1]!.sent.rows = 20
    hands[0]!.sent.rows = 30
    expect(lend(14)).toBe('11111111111100')
    expect(lend(1)).toBe('-')
  })

  it('go by turns to whoever has least where functions of users are called', () => {
    expect(lending([0, 0, 0], { run: 1, enough: 0 }).lend(7)).toBe('0120120')
  })
})
