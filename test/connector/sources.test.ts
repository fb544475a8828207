import { describe, expect, test } from 'vitest'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import { interval } from '../../src/connector/interval-source.ts'
import { fromEventTarget } from '../../src/connector/listener-source.ts'
import type { Source, SourceHandler } from '../../src/connector/source.ts'
import { toSource } from '../../src/connector/to-source.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { RecordingIntake, until } from './recording-intake.ts'
import { describeSource } from './source-conformance.ts'

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
    const intake = new RecordingIntake<{ n: number }>()
    await toSource(toSource(few)).run(intake)
    expect(intake.events).toEqual(few)
  })

  test.each([['text'], [undefined], [null], [7], [{}], [() => few]])('%o is refused', input => {
    expect(() => toSource(input as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
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
      await expect(source.run(new RecordingIntake())).rejects.toEqual(failed)
    }
  })

  test('a closed queue ends a source; a full one that drops does not', async () => {
    const dropping = new RecordingIntake({ result: () => ({ ok: false, reason: 'full' }) })
    await toSource(numbers).run(dropping)
    expect(dropping.events).toHaveLength(3000)
    const closing = new RecordingIntake({ result: () => ({ ok: false, reason: 'closed' }) })
    await toSource(numbers).run(closing)
    await toSource(new Set(numbers)).run(closing)
    await toSource(handler(few)).run(closing)
    expect(closing.pushes).toBe(3)
  })

  test('an async iterable that never yields is left behind when the job stops', async () => {
    const intake = new RecordingIntake()
    const never: AsyncIterable<unknown> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }
    const running = toSource(never).run(intake)
    intake.controller.abort()
    await running
    expect(intake.events).toEqual([])
  })

  test('offsets tell how far reading has come', async () => {
    const array = toSource(numbers)
    const csv = csvSource('n\n1\n22\n', ofN)
    const intake = new RecordingIntake()
    await array.run(intake)
    await csv.run(intake as RecordingIntake<never>)
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
    const intake = new RecordingIntake<number>({ clock })
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
    const intake = new RecordingIntake<{ n: number }>()
    await toSource(batched).run(intake)
    expect(intake.events).toEqual(numbers)
    expect(intake.pushes).toBe(5)
    expect(asked.every(max => max === 1024)).toBe(true)
  })
})

describe('an interval', () => {
  test('ticks at start + k·ms of the job clock', () => {
    const clock = new VirtualClock(1000)
    const intake = new RecordingIntake<readonly [number, number]>({ clock })
    void interval(100, tick => [tick, clock.now()] as const).run(intake)
    clock.advance(350)
    expect(intake.events).toEqual([
      [0, 1100],
      [1, 1200],
      [2, 1300],
    ])
    intake.controller.abort()
    clock.advance(1000)
    expect(intake.events).toHaveLength(3)
  })

  test('skips ticks while a push waits, and keeps the numbers of the others', async () => {
    const clock = new VirtualClock(0)
    let free: () => void = () => {}
    const pause = () => new Promise<void>(resolve => (free = resolve))
    const intake = new RecordingIntake<number>({ clock, pause })
    const running = interval(10, tick => tick, { count: 5 }).run(intake)
    clock.advance(30)
    free()
    await until(() => intake.events.length === 1)
    clock.advance(10)
    free()
    await until(() => intake.events.length === 2)
    clock.advance(10)
    free()
    await running
    expect(intake.events).toEqual([0, 3, 4])
    expect(intake.overruns).toBe(0)
  })

  test('ends with its count, pushes nothing for undefined, and fails with its function', async () => {
    const clock = new VirtualClock(0)
    const intake = new RecordingIntake<number>({ clock })
    const running = interval(10, tick => (tick % 2 ? tick : undefined), { count: 4 }).run(intake)
    clock.advance(1000)
    await running
    expect(intake.events).toEqual([1, 3])
    const broken = interval(10, () => {
      throw new Error('no reading')
    })
    const failing = toSource(broken).run(new RecordingIntake({ clock }))
    clock.advance(10)
    await expect(failing).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(() => interval(0, () => 1)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(() => interval(Number.NaN, () => 1)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('an EventTarget', () => {
  test('listens only while it runs, and drops what map drops', async () => {
    const target = new EventTarget()
    const source = fromEventTarget(target, 'n', (e: CustomEvent<number>) => (e.detail > 1 ? e.detail : undefined))
    const intake = new RecordingIntake<number>()
    const fire = (detail: number) => target.dispatchEvent(new CustomEvent('n', { detail }))
    fire(5)
    const running = source.run(intake)
    for (const n of [1, 2, 3]) fire(n)
    intake.controller.abort()
    await running
    fire(6)
    expect(intake.events).toEqual([2, 3])
  })

  test('keeps maxWaiting events while a push waits and counts the rest', async () => {
    let free: () => void = () => {}
    const intake = new RecordingIntake<number>({ pause: () => new Promise<void>(resolve => (free = resolve)) })
    const target = new EventTarget()
    const source = fromEventTarget(target, 'n', (e: CustomEvent<number>) => e.detail, { maxWaiting: 3, endOn: 'end' })
    const running = source.run(intake)
    for (let detail = 0; detail < 10; detail++) target.dispatchEvent(new CustomEvent('n', { detail }))
    target.dispatchEvent(new Event('end'))
    free()
    await until(() => intake.pushes === 2)
    free()
    await running
    expect(intake.events).toEqual([0, 1, 2, 3])
    expect(intake.rejected.map(error => [error.code, error.value])).toEqual(
      [4, 5, 6, 7, 8, 9].map(n => ['BACKPRESSURE', n]),
    )
    expect(intake.overruns).toBe(0)
  })

  test('fails when map throws, and stops listening', async () => {
    const target = new EventTarget()
    let calls = 0
    const source = fromEventTarget(target, 'n', () => {
      calls++
      throw new Error('what is this')
    })
    const running = source.run(new RecordingIntake())
    target.dispatchEvent(new Event('n'))
    target.dispatchEvent(new Event('n'))
    await expect(running).rejects.toThrow('what is this')
    expect(calls).toBe(1)
  })
})

describe('sources of bytes', () => {
  test('broken lines go to reject, the others on', async () => {
    const intake = new RecordingIntake<never>()
    await ndjsonSource('{"n":1}\n{"n":"x"}\nnope\n{"n":2}\n', ofN).run(intake)
    expect(intake.events).toEqual([{ n: 1 }, { n: 2 }])
    expect(intake.rejected.map(error => [error.code, error.at])).toEqual([
      ['DECODE_FAILED', 'line 2'],
      ['DECODE_FAILED', 'line 3'],
    ])
  })

  test('take the schema of the job when they have none, and say so when there is none', async () => {
    const intake = new RecordingIntake<never>({ schema: ofN })
    await csvSource('n\n1\n').run(intake)
    expect(intake.events).toEqual([{ n: 1 }])
    await expect(csvSource('n\n1\n').run(new RecordingIntake())).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('a function opens its input anew for every run', async () => {
    const source = csvSource(() => ['n\n', '1\n2\n'], ofN)
    const intake = new RecordingIntake<never>()
    await source.run(intake)
    await source.run(intake)
    expect(intake.events).toEqual([{ n: 1 }, { n: 2 }, { n: 1 }, { n: 2 }])
  })

  test('a piece that is no bytes ends the source', async () => {
    const intake = new RecordingIntake<never>()
    await expect(csvSource([7 as never], ofN).run(intake)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    await expect(csvSource(7 as never, ofN).run(intake)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('a large document is decoded in slices between which the event loop turns', async () => {
    const document = `n\n${Array.from({ length: 200_000 }, (_, n) => `${n}\n`).join('')}`
    const intake = new RecordingIntake<{ n: number }>()
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
