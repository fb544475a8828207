import { expect, it, vi } from 'vitest'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'
import { ResultLink } from '../../src/threads/result-link.ts'
import { systemClock } from '../../src/time/clock.ts'

it('what can wait is told when there is nothing else to do, or after a millisecond, and once', () => {
  let nowNs = 5e9
  const clock = vi.spyOn(systemClock, 'monotonicNs').mockImplementation(() => nowNs)
  try {
    const shared = frameRingMemory(1024, 1)
    const consumer = new FrameRing(shared, 1)
    let calls = 0
    const link = new ResultLink(new FrameRing(shared, 1), () => void calls++)
    const asked = (isIdle: boolean): number => {
      consumer.callForFrame()
      link.callIfDue(isIdle)
      return calls
    }
    expect(asked(true)).toBe(0)
    link.callSoon()
    expect(asked(false)).toBe(0)
    expect([asked(true), asked(true)]).toEqual([1, 1])
    link.callSoon()
    nowNs += 999_999
    link.callSoon()
    expect(asked(false)).toBe(1)
    nowNs += 1
    expect([asked(false), asked(false)]).toEqual([2, 2])
    // Who is called for something else sees this too.
    link.callSoon()
    consumer.callForFrame()
    link.call()
    expect([calls, asked(true)]).toEqual([3, 3])
  } finally {
    clock.mockRestore()
  }
})
