import { describe, expect, it } from 'vitest'
import type { Operation } from './linearizability.ts'
import { explore, type Scenario, steppedKernels } from './step-machine.ts'

const push = (value: number): Operation => ({ kind: 'push', value })
const force = (value: number): Operation => ({ kind: 'force', value })
const pop: Operation = { kind: 'pop' }
const close: Operation = { kind: 'close' }

const mpmc = steppedKernels('mpmc')
const spsc = steppedKernels('spsc')

describe('every order of steps with at most 3 preemptions explains itself by a list, every value exactly once', () => {
  const scenarios: Record<string, Omit<Scenario, 'kind' | 'preemptions' | 'capacity'>> = {
    '2 producers, 2 consumers': { filled: 0, threads: [[push(1)], [push(2)], [pop], [pop]] },
    '2 producers, 2 consumers, a full ring': { filled: 9, threads: [[push(1)], [push(2)], [pop], [pop]] },
    '2 producers, 2 consumers, across the wrap of cursors': {
      filled: 0,
      threads: [[push(1)], [push(2)], [pop], [pop]],
      cursor: 2 ** 32 - 4,
    },
    '2 that evict, a consumer, a full ring': { filled: 9, threads: [[force(1)], [force(2)], [pop]] },
    'one that evicts, one that closes, a consumer': { filled: 9, threads: [[force(1)], [close], [pop, pop]] },
    '2 producers, one that closes, a consumer': { filled: 0, threads: [[push(1)], [push(2)], [close], [pop]] },
  }
  describe.each([1, 2])('capacity %i', capacity => {
    it.each(Object.entries(scenarios))('%s', (_, scenario) => {
      const filled = Math.min(scenario.filled, capacity)
      const { fault, ends } = explore({ ...scenario, filled, kind: 'mpmc', capacity, preemptions: 3 }, mpmc)
      expect(fault).toBeUndefined()
      expect(ends).toBeGreaterThan(50)
    })

    it('one producer, one consumer', () => {
      const threads = [[push(1), push(2), push(3)], [pop, pop, pop], [close]]
      const { fault } = explore({ kind: 'spsc', capacity, filled: 0, threads, preemptions: 4 }, spsc)
      expect(fault).toBeUndefined()
    })
  })

  it('would notice an event that is published before it is written', () => {
    const broken = steppedKernels('mpmc', source =>
      source.replace(
        /(\n\s*memory\.f64\[valueAt\(memory, ring, wordAt\(memory, member \+ MEMBER_CLAIM\)\)\] = value)\n\s*return publish\(memory, ring, member\)/,
        '\nconst published = publish(memory, ring, member)$1\nreturn published',
      ),
    )
    const threads = [[push(1)], [pop]]
    expect(explore({ kind: 'mpmc', capacity: 1, filled: 0, threads, preemptions: 3 }, broken).fault).toMatch(/no order/)
  })

  it('would notice a ring that says full on the word of a stale head', () => {
    const broken = steppedKernels('mpmc', source =>
      source.replace(/=== tail\) return SHARED_NONE/, '>= 0) return SHARED_NONE'),
    )
    const threads = [[pop], [pop], [push(1)]]
    expect(explore({ kind: 'mpmc', capacity: 2, filled: 2, threads, preemptions: 3 }, broken).fault).toMatch(/no order/)
  })
})
