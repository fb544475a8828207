import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'

/** Tasks of one thread stand for the threads of the cases: they wait for one another at the same places. */
const tasks = (count: number, task: (which: number) => Promise<void>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, which) => task(which)))

/** Gives the other tasks a turn now and then, so that they meet in many ways. */
const turn = (i: number, which: number): Promise<void> | undefined =>
  (i * 7 + which) % 5 === 0 ? Promise.resolve() : undefined

type About = 'script' | 'refused' | 'orders' | 'lengths' | 'displaced' | 'many' | 'own'

/** What a case is about, by what it gives. */
function aboutOf({ area, input }: TimeCase): About {
  if (area === 'queue.sequential') return 'ops' in input ? 'script' : 'refused'
  if ('mode' in input) return 'orders'
  if ('policy' in input) return 'displaced'
  if ('threads' in input) return 'own'
  return input.producers === 1 && input.consumers === 1 ? 'lengths' : 'many'
}

/** What cases claim, by what they are about. */
const CHECKS: Readonly<Record<About, (given: TimeCase) => Promise<void> | void>> = {
  script: ({ input: { capacity, ops }, expected: { results } }) => {
    const queue = new EventQueue<number>(capacity)
    const found = (ops as string[]).map(op => {
      const [verb, value] = op.split(' ')
      return verb === 'push' ? (queue.tryPush(Number(value)) ? 'ok' : 'full') : (queue.tryPop() ?? null)
    })
    expect(found).toEqual(results)
  },
  refused: ({ input: { capacity } }) =>
    expect(() => new EventQueue(capacity)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' })),
  orders: async () => {
    // The property itself is test/runtime/event-queue.property.test.ts; here, several that offer and one that polls.
    const queue = new EventQueue<string>(4)
    const seen: string[] = []
    const offers = tasks(3, async which => {
      for (let i = 0; i < 200; i++) {
        await queue.push(`${which} ${i}`)
        await turn(i, which)
      }
    })
    const poll = (async () => {
      for (let i = 0; i < 600; i++) {
        const next = await queue.pop()
        seen.push(next!)
        await turn(i, 3)
      }
    })()
    await Promise.all([offers, poll])
    for (const which of [0, 1, 2])
      expect(seen.filter(name => name.startsWith(`${which} `))).toEqual(
        Array.from({ length: 200 }, (_, i) => `${which} ${i}`),
      )
    expect(queue.peek()).toBeUndefined()
  },
  lengths: async ({ input: { capacity, count } }) => {
    const queue = new EventQueue<number>(capacity)
    const lengths = new Set<boolean>()
    const taken: (number | undefined)[] = []
    const look = () => lengths.add(queue.length >= 0 && queue.length <= capacity)
    await Promise.all([
      tasks(1, async which => {
        for (let i = 0; i < count; i++) {
          await queue.push(i)
          look()
          await turn(i, which)
        }
      }),
      tasks(1, async which => {
        for (let i = 0; i < count; i++) {
          taken.push(await queue.pop())
          look()
          await turn(i, which)
        }
      }),
    ])
    expect(taken).toEqual(Array.from({ length: count }, (_, i) => i))
    expect([...lengths]).toEqual([true])
  },
  displaced: async ({ input: { capacity, count, producers, consumers } }) => {
    const times = new Uint8Array(count)
    const seen = (value: number) => void times[value]!++
    const queue = new EventQueue<number>({ capacity, backpressure: 'drop-oldest', onEvict: seen })
    let accepted = 0
    const offered = tasks(producers, async which => {
      for (let i = 0; i < count; i++) {
        if (queue.push(i) === true) accepted++
        await turn(i, which)
      }
    }).then(() => queue.close())
    const taken = tasks(consumers, async which => {
      for (let i = 0; ; i++) {
        const next = await queue.pop()
        if (next === undefined) return
        seen(next)
        await turn(i, which)
      }
    })
    await Promise.all([offered, taken])
    expect(accepted).toBe(producers * count)
    expect(times.every(n => n === producers)).toBe(true)
  },
  many: async ({ input: { capacity, count, producers, consumers } }) => {
    const times = new Uint8Array(count)
    const queue = new EventQueue<number>(capacity)
    let accepted = 0
    await Promise.all([
      tasks(producers, async which => {
        for (let i = 0; i < count; i++) {
          if ((await queue.push(i)) === true) accepted++
          await turn(i, which)
        }
      }),
      tasks(consumers, async which => {
        for (let i = 0; i < count; i++) {
          times[(await queue.pop())!]!++
          await turn(i, which)
        }
      }),
    ])
    expect(accepted).toBe(producers * count)
    expect(times.every(n => n === producers)).toBe(true)
    expect(queue.length).toBe(0)
  },
  own: async ({ input: { capacity, count, threads } }) => {
    const queue = new EventQueue<number>(capacity)
    let empty = 0
    await tasks(threads, async which => {
      for (let i = 0; i < count; i++) {
        while (!queue.tryPush(0)) await Promise.resolve()
        await turn(i, which)
        if (queue.tryPop() === undefined) empty++
      }
    })
    expect(empty).toBe(0)
  },
}

const check = (given: TimeCase) => CHECKS[aboutOf(given)](given)

describe('cases of queues', () => {
  const areas = { 'queue.sequential': check, 'queue.concurrent': check }
  for (const each of checksOf('event-queue', { areas })) it(each.name, each.check as () => Promise<void>)
})
