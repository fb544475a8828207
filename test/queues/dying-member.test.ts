import { afterEach, expect, it } from 'vitest'
import { SharedEventQueue } from '../../src/queues/index.ts'

const STEPS = ['add', 'and', 'compareExchange', 'exchange', 'load', 'notify', 'or', 'store', 'sub'] as const
const originals = Object.fromEntries(STEPS.map(name => [name, Atomics[name]]))
const restore = (): void => void Object.assign(Atomics, originals)
afterEach(restore)

class Died extends Error {}

/** Does something, and dies before a step on shared memory. Whether it came to that. */
function diesBefore(step: number, act: () => unknown): boolean {
  let left = step
  for (const name of STEPS)
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        if (left-- === 0) throw new Died()
        return (originals[name] as (...args: unknown[]) => unknown)(...args)
      },
    })
  try {
    act()
    return false
  } catch (error) {
    if (error instanceof Died) return true
    throw error
  } finally {
    restore()
  }
}

type Queue = SharedEventQueue<number>

/** What a member may die in, and what may be left of 1, 2 and so on then. */
const acts: Readonly<Record<string, { act: (queue: Queue) => unknown; mayLeave: (before: number[]) => number[][] }>> = {
  'pushing one': { act: queue => queue.tryPush(9), mayLeave: before => [before, [...before, 9]] },
  'pushing two': {
    act: queue => queue.pushBatch([8, 9]),
    mayLeave: before => [before, [...before, 8], [...before, 8, 9]],
  },
  'popping one': { act: queue => queue.tryPop(), mayLeave: before => [before, before.slice(1)] },
  'popping two': { act: queue => queue.popBatch(2), mayLeave: before => [before, before.slice(1), before.slice(2)] },
  'evicting the oldest': {
    act: queue => queue.push(9),
    mayLeave: before => [before, before.slice(1), [...before, 9], [...before.slice(1), 9]],
  },
  closing: { act: queue => queue.close(), mayLeave: before => [before] },
}

const cases = Object.keys(acts).flatMap(name =>
  [1, 2, 3].flatMap(capacity => [0, 1, capacity].map(filled => ({ name, capacity, filled }))),
)

it.each(cases)(
  'a thread that dies before any step of $name leaves whole values, and every slot comes back: $filled of $capacity',
  ({ name, capacity, filled }) => {
    const { act, mayLeave } = acts[name]!
    const backpressure = name === 'evicting the oldest' ? 'drop-oldest' : 'drop-newest'
    const before = Array.from({ length: filled }, (_, i) => i + 1)
    let step = 0
    for (let isOver = false; !isOver; step++) {
      const queue: Queue = SharedEventQueue.numbers({ capacity, backpressure, engine: 'js' })
      const mortal: Queue = SharedEventQueue.attach(queue.share())
      queue.pushBatch(before)
      isOver = !diesBefore(step, () => act(mortal))
      const { givenUp, lost } = queue.recover(mortal.memberId)
      expect(givenUp).toBeLessThanOrEqual(2)
      expect(lost).toBeLessThanOrEqual(2)
      expect(mayLeave(before)).toContainEqual(queue.drain())
      if (queue.state === 'closed') continue
      for (let turn = 0; turn < 3; turn++) {
        const values = Array.from({ length: capacity }, (_, i) => turn * 10 + i)
        expect(values.every(value => queue.tryPush(value))).toBe(true)
        expect(queue.isFull).toBe(true)
        expect(queue.drain()).toEqual(values)
      }
      expect(queue.stats().queued).toBe(0)
    }
    expect(step).toBeGreaterThan(2)
  },
)
