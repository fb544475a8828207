import { expect, it } from 'vitest'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'
import { nextHand } from '../../src/threads/next-hand.ts'

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
