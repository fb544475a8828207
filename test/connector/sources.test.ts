import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import { interval } from '../../src/connector/interval-source.ts'
import { fromEventTarget } from '../../src/connector/listener-source.ts'
import type { Source, SourceHandler } from '../../src/connector/source.ts'
import { toSource } from '../../src/connector/to-source.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import { TestIntake } from '../../src/testing/test-intake.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { describeSource } from './describe-conformance.ts'

const numbers = Array.from({ length: 3000 }, (_, n) => ({ n }))
const few = numbers.slice(0, 9)
const ofN = schema({ n: i32() })
const ndjson = few.map(({ n }) => `{"n":${n}}\n`).join('')

function handler(events: readonly { n: number }[]): SourceHandler<{ n: number }> & { isClosed: boolean } {
  let next = 0
  let polls = 0
  return {
    isClosed: false,
    get done() {
      return next === events.length
    },
    // Has nothing every third time it is asked.
    receive: () => (polls++ % 3 === 2 || next === events.length ? undefined : events[next++]),
    metadata: () => ({ name: 'numbers', kind: 'test', offset: next, replayable: false, bounded: true }),
    close() {
      this.isClosed = true
    },
  }
}

function eventTargetSource(): Source<{ n: number }> {
  const target = new EventTarget()
  const source = fromEventTarget(target, 'number', (event: CustomEvent<number>) => ({ n: event.detail }), {
    endOn: 'over',
  })
  return {
    metadata: source.metadata,
    run(intake) {
      const running = source.run(intake)
      for (const { n } of few) target.dispatchEvent(new CustomEvent('number', { detail: n }))
      target.dispatchEvent(new Event('over'))
      return running
    },
  }
}

describeSource('an array', { make: () => ({ source: toSource(numbers) }), events: numbers, isBounded: true })
describeSource('a set', { make: () => ({ source: toSource(new Set(numbers)) }), events: numbers, isBounded: true })
describeSource('a generator', {
  make() {
    let isClosed = false
    function* generate() {
      try {
        yield* numbers
      } finally {
        isClosed = true
      }
    }
    return { source: toSource(generate()), isReleased: () => isClosed }
  },
  events: numbers,
  isBounded: true,
})
describeSource('an async generator', {
  make() {
    let isClosed = false
    async function* generate() {
      try {
        yield* few
      } finally {
        isClosed = true
      }
    }
    return { source: toSource(generate()), isReleased: () => until(() => isClosed).then(() => true) }
  },
  events: few,
  isBounded: true,
})
describeSource('a ReadableStream', {
  make() {
    let isCancelled = false
    const left = few.slice()
    const stream = new ReadableStream({
      pull(controller) {
        const next = left.shift()
        if (next) controller.enqueue(next)
        else controller.close()
      },
      cancel() {
        isCancelled = true
      },
    })
    return { source: toSource(stream), isReleased: () => until(() => isCancelled).then(() => true) }
  },
  events: few,
  isBounded: true,
})
describeSource('a SourceHandler', {
  make() {
    const polled = handler(few)
    return { source: toSource(polled), isReleased: () => polled.isClosed }
  },
  events: few,
  isBounded: true,
})
describeSource('an interval', {
  make: () => ({ source: toSource(interval(1, n => ({ n }), { count: few.length })) }),
  // Ticks are skipped while a push waits, so only their first are compared.
  events: few.slice(0, 1),
  isBounded: false,
})
describeSource('an EventTarget', { make: () => ({ source: eventTargetSource() }), events: few, isBounded: true })
describeSource('NDJSON', { make: () => ({ source: ndjsonSource(ndjson, ofN) }), events: few, isBounded: true })
describeSource('NDJSON in pieces', {
  make: () => ({ source: ndjsonSource(Array.from(ndjson), ofN) }),
  events: few,
  isBounded: true,
})
describeSource('CSV from a stream', {
  make() {
    let isCancelled = false
    const pieces = ['n\n', ...few.map(({ n }) => `${n}\n`)].map(text => new TextEncoder().encode(text))
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = pieces.shift()
        if (next) controller.enqueue(next)
        else controller.close()
      },
      cancel() {
        isCancelled = true
      },
    })
    return { source: csvSource(stream, ofN), isReleased: () => until(() => isCancelled).then(() => true) }
  },
  events: few,
  isBounded: true,
})

describe('what toSource takes', () => {
  test('a Source goes through it unchanged in what it does', async () => {
    const intake = new TestIntake<{ n: number }>()
    await toSource(toSource(few)).run(intake)
    expect(intake.events).toEqual(few)
  })

  test.each([['text'], [undefined], [null], [7], [{}], [() => few]])('%o is refused', input => {
    expect(() => toSource(input as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test.each([
    [{ subscribe: () => {} }, 'fromObservable()'],
    [new EventTarget(), 'fromEventTarget()'],
    [new EventEmitter(), "fromEmitter() of 'eventflux/node'"],
  ])('%o is pointed to what makes a source of it', (input, adapter) => {
    expect(() => toSource(input as never)).toThrow(`${adapter} makes one of an `)
  })

  test('an iterable that throws has handed over what it gave before', async () => {
    const intake = new TestIntake<{ n: number }>()
    const broken = function* () {
      yield* few
      throw new Error('the wire is cut')
    }
    await expect(toSource(broken()).run(intake)).rejects.toThrow('the wire is cut')
    expect(intake.events).toEqual(few)
  })

  test.each([
    ['an iterable', Symbol.iterator, 1_024],
    ['an async iterable', Symbol.asyncIterator, 1],
  ])('%s that is left behind may throw in its return()', async (_, key, taken) => {
    const returned: string[] = []
    const endless = {
      [key]: () => ({
        next: () => ({ done: false, value: { n: 0 } }),
        return() {
          returned.push('return()')
          throw new Error('the wire will not let go')
        },
      }),
    } as unknown as Iterable<{ n: number }>
    const stopped: TestIntake<{ n: number }> = new TestIntake({ pause: async () => stopped.controller.abort() })
    await toSource(endless).run(stopped)
    expect(stopped.events).toHaveLength(taken)
    await toSource(endless).run(new TestIntake({ result: () => ({ ok: false, reason: 'closed' }) }))
    expect(returned).toEqual(['return()', 'return()'])
  })

  test('an async iterator may answer without a promise, as for await allows', async () => {
    const intake = new TestIntake<{ n: number }>()
    const input = { [Symbol.asyncIterator]: () => few[Symbol.iterator]() }
    await toSource(input as unknown as AsyncIterable<{ n: number }>).run(intake)
    expect(intake.events).toEqual(few)
  })

  test('what fails inside reaches the job as SOURCE_FAILED with its cause', async () => {
    const cause = new Error('the wire is cut')
    function* broken() {
      yield* few
      throw cause
    }
    async function* brokenLater() {
      yield* few
      throw cause
    }
    const stream = new ReadableStream({
      pull() {
        throw cause
      },
    })
    const sources = [toSource(broken()), toSource(brokenLater()), toSource(stream, { name: 'wire' })]
    for (const source of sources) {
      const failed = expect.objectContaining({ code: 'SOURCE_FAILED', cause, at: source.metadata.name })
      await expect(source.run(new TestIntake())).rejects.toEqual(failed)
    }
  })

  test('a source that fails to give its metadata fails as SOURCE_FAILED, and a job of it does not start', async () => {
    const cause = new Error('nobody knows')
    const broken: SourceHandler<{ n: number }> = {
      done: false,
      receive() {
        throw new Error('the wire is cut')
      },
      metadata() {
        throw cause
      },
    }
    await expect(pipeline(ofN).run({ source: broken })).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause })
    const missing = { ...broken, metadata: () => undefined } as unknown as typeof broken
    await expect(pipeline(ofN).run({ source: missing })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    await expect(toSource(broken).run(new TestIntake())).rejects.toThrow('source "source" failed: the wire is cut')
  })

  test('a closed queue ends a source; a full one that drops does not', async () => {
    const dropping = new TestIntake({ result: () => ({ ok: false, reason: 'full' }) })
    await toSource(numbers).run(dropping)
    expect(dropping.events).toHaveLength(3000)
    const closing = new TestIntake({ result: () => ({ ok: false, reason: 'closed' }) })
    await toSource(numbers).run(closing)
    await toSource(new Set(numbers)).run(closing)
    await toSource(handler(few)).run(closing)
    expect(closing.pushes).toBe(3)
  })

  test('an async iterable that never yields is left behind when the job stops', async () => {
    const intake = new TestIntake()
    const never: AsyncIterable<unknown> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }
    const running = toSource(never).run(intake)
    intake.controller.abort()
    await running
    expect(intake.events).toEqual([])
  })

  test('offsets tell how far reading has come', async () => {
    const array = toSource(numbers)
    const csv = csvSource('n\n1\n22\n', ofN)
    const intake = new TestIntake()
    await array.run(intake)
    await csv.run(intake as TestIntake<never>)
    expect(array.metadata).toMatchObject({ offset: 3000, replayable: true, bounded: true })
    expect(csv.metadata).toMatchObject({ offset: 7, kind: 'csv', replayable: true, schema: ofN })
  })
})

describe('a SourceHandler', () => {
  test('is left alone for idleMs of the job clock when it has nothing', async () => {
    const clock = new VirtualClock()
    let polls = 0
    const idle: SourceHandler<number> = {
      done: false,
      receive: () => void polls++,
      metadata: () => ({ name: 'idle', kind: 'test', replayable: false, bounded: false }),
    }
    const intake = new TestIntake<number>({ clock })
    const running = toSource(idle, { idleMs: 100 }).run(intake)
    const turns = () => new Promise(resolve => setImmediate(resolve))
    await turns()
    expect(polls).toBe(1)
    clock.advance(99)
    await turns()
    expect(polls).toBe(1)
    clock.advance(1)
    await turns()
    expect(polls).toBe(2)
    intake.controller.abort()
    await running
    clock.advance(1000)
    await turns()
    expect(polls).toBe(2)
  })

  test.each(['receive', 'receiveBatch'])('that throws in %s has handed over what it gave before', async method => {
    const left = few.slice()
    const receive = (): { n: number } => {
      const next = left.shift()
      if (next === undefined) throw new Error('the wire is cut')
      return next
    }
    const broken: SourceHandler<{ n: number }> = {
      done: false,
      receive,
      ...(method === 'receiveBatch' && {
        receiveBatch(into) {
          for (;;) into.push(receive())
        },
      }),
      metadata: () => ({ name: 'broken', kind: 'test', replayable: false, bounded: true }),
    }
    const intake = new TestIntake<{ n: number }>()
    await expect(toSource(broken).run(intake)).rejects.toMatchObject({ code: 'SOURCE_FAILED', at: 'broken' })
    expect(intake.events).toEqual(few)
  })

  test('may hand over many at once', async () => {
    const left = numbers.slice()
    const asked: number[] = []
    const batched: SourceHandler<{ n: number }> = {
      get done() {
        return left.length === 0
      },
      receive() {
        throw new Error('receiveBatch is there')
      },
      receiveBatch(into, max) {
        asked.push(max)
        const taken = left.splice(0, 700)
        into.push(...taken)
        return taken.length
      },
      metadata: () => ({ name: 'batched', kind: 'test', replayable: false, bounded: true }),
    }
    const intake = new TestIntake<{ n: number }>()
    await toSource(batched).run(intake)
    expect(intake.events).toEqual(numbers)
    expect(intake.pushes).toBe(5)
    expect(asked.every(max => max === 1024)).toBe(true)
  })
})

describe('sources of bytes', () => {
  test('broken lines go to reject, the others on', async () => {
    const intake = new TestIntake<never>()
    await ndjsonSource('{"n":1}\n{"n":"x"}\nnope\n{"n":2}\n', ofN).run(intake)
    expect(intake.events).toEqual([{ n: 1 }, { n: 2 }])
    expect(intake.rejected.map(error => [error.code, error.at])).toEqual([
      ['DECODE_FAILED', 'line 2'],
      ['DECODE_FAILED', 'line 3'],
    ])
  })

  test('take the schema of the job when they have none, and say so when there is none', async () => {
    const intake = new TestIntake<never>({ schema: ofN })
    await csvSource('n\n1\n').run(intake)
    expect(intake.events).toEqual([{ n: 1 }])
    await expect(csvSource('n\n1\n').run(new TestIntake())).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('a function opens its input anew for every run', async () => {
    const source = csvSource(() => ['n\n', '1\n2\n'], ofN)
    const intake = new TestIntake<never>()
    await source.run(intake)
    await source.run(intake)
    expect(intake.events).toEqual([{ n: 1 }, { n: 2 }, { n: 1 }, { n: 2 }])
  })

  test('a piece that is no bytes ends the source', async () => {
    const intake = new TestIntake<never>()
    await expect(csvSource([7 as never], ofN).run(intake)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    await expect(csvSource(7 as never, ofN).run(intake)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('a large document is decoded in slices between which the event loop turns', async () => {
    const document = `n\n${Array.from({ length: 200_000 }, (_, n) => `${n}\n`).join('')}`
    const intake = new TestIntake<{ n: number }>()
    let turns = 0
    let isOver = false
    const turn = (): void => {
      turns++
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    await (csvSource(document, ofN) as Source<unknown> as Source<{ n: number }>).run(intake)
    isOver = true
    expect(intake.events).toHaveLength(200_000)
    expect(intake.events.every(({ n }, index) => n === index)).toBe(true)
    expect(turns).toBeGreaterThan(10)
  })
})
