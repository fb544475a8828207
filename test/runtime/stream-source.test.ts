import { describe, expect, test } from 'vitest'
import { toSource } from '../../src/connector/to-source.ts'
import { streamSource } from '../../src/runtime/stream-source.ts'
import { until } from '../../src/testing/event-loop.ts'
import { TestIntake } from '../../src/testing/test-intake.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { describeSource } from '../connector/describe-conformance.ts'

const numbers = Array.from({ length: 3000 }, (_, n) => ({ n }))

describeSource('a stream source', {
  make() {
    const stream = streamSource<{ n: number }>('numbers')
    stream.pushMany(numbers)
    stream.close()
    return { source: toSource(stream) }
  },
  events: numbers,
  isBounded: true,
})

describe('a stream source', () => {
  test('hands out what was pushed, oldest first, and has nothing in between', () => {
    const stream = streamSource<string>('names')
    expect(stream.receive()).toBeUndefined()
    stream.push('a')
    stream.push('b')
    expect([stream.receive(), stream.receive(), stream.receive(), stream.done]).toEqual(['a', 'b', undefined, false])
    expect(stream.metadata()).toEqual({ name: 'names', kind: 'stream', offset: 2, replayable: false, bounded: false })
  })

  test('is done when it is closed and empty, not before', () => {
    const stream = streamSource<string>('names')
    stream.push('a')
    stream.close()
    expect(stream.push('b')).toMatchObject({ ok: false, reason: 'closed' })
    expect(stream.done).toBe(false)
    expect(stream.receive()).toBe('a')
    expect(stream.done).toBe(true)
  })

  test('keeps its capacity, by its strategy', () => {
    const stream = streamSource<number>('n', { capacity: 2, backpressure: 'drop-oldest' })
    for (const n of [1, 2, 3]) stream.push(n)
    const taken: number[] = []
    expect(stream.receiveBatch(taken, 9)).toBe(2)
    expect([taken, stream.stats().evicted]).toEqual([[2, 3], 1])
    expect([stream.tryPush(4), stream.tryPush(5), stream.tryPush(6)]).toEqual([true, true, false])
  })

  test('wakes a running job at once, without the clock', async () => {
    const stream = streamSource<number>('n')
    const intake = new TestIntake<number>({ clock: new VirtualClock() })
    const running = toSource(stream).run(intake)
    for (const n of [1, 2, 3]) {
      stream.push(n)
      await until(() => intake.events.length === n)
    }
    stream.close()
    await running
    expect(intake.events).toEqual([1, 2, 3])
  })

  test('that several jobs wait for goes to each of them, every event once, and ends them all', async () => {
    const stream = streamSource<number>('n')
    const intakes = [new TestIntake<number>(), new TestIntake<number>()]
    const running = intakes.map(intake => toSource(stream).run(intake))
    const taken = () => intakes.flatMap(({ events }) => events)
    for (const n of [1, 2, 3]) {
      stream.push(n)
      await until(() => taken().length === n)
    }
    stream.close()
    await Promise.all(running)
    expect(taken().toSorted((a, b) => a - b)).toEqual([1, 2, 3])
  })

  test('pushes back while the job takes nothing, and goes on when it does', async () => {
    const stream = streamSource<number>('n', { capacity: 2 })
    stream.push(1)
    stream.push(2)
    const waiting = stream.push(3)
    expect(waiting).toBeInstanceOf(Promise)
    const intake = new TestIntake<number>()
    const running = toSource(stream).run(intake)
    expect(await waiting).toBe(true)
    stream.close()
    await running
    expect(intake.events).toEqual([1, 2, 3])
  })

  test('ends the job with BACKPRESSURE when its strategy says so', async () => {
    const stream = streamSource<number>('n', { capacity: 1, backpressure: 'error' })
    stream.push(1)
    expect(() => stream.push(2)).toThrow(expect.objectContaining({ code: 'BACKPRESSURE' }))
    const intake = new TestIntake<number>()
    await expect(toSource(stream).run(intake)).rejects.toMatchObject({ code: 'BACKPRESSURE' })
    expect(intake.events).toEqual([1])
  })
})
