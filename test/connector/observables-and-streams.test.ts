import { Duplex, Readable } from 'node:stream'
import { pipeline as pump } from 'node:stream/promises'
import { firstValueFrom, from, interval, of as just, map, Subject, take, throwError, toArray } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { fromObservable, toObservable } from '../../src/connector/observable.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import { throughStream, toReadableStream } from '../../src/through-stream.ts'

const numbers = schema({ n: i32() })
const rows = Array.from({ length: 500 }, (_, n) => ({ n }))
const even = pipeline(numbers, { bufferSize: 16 }).filter(e => e.n.mod(2).eq(0))
const evenRows = rows.filter(({ n }) => n % 2 === 0)

describe('an observable as a source', () => {
  test('gives what it emits until it completes, at once or over time', async () => {
    const taken: object[] = []
    await (await even.run({ source: fromObservable(from(rows)), sink: taken })).done
    expect(taken).toEqual(evenRows)
    const later = interval(1).pipe(
      take(4),
      map(n => ({ n })),
    )
    const slowly: object[] = []
    await (await even.run({ source: fromObservable(later), sink: slowly })).done
    expect(slowly).toEqual([{ n: 0 }, { n: 2 }])
  })

  test('fails with its error', async () => {
    const cause = new Error('it broke')
    const job = await even.run({ source: fromObservable(throwError(() => cause)) })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause })
  })

  test('is let go when the job stops', async () => {
    const subject = new Subject<{ n: number }>()
    const job = await even.run({ source: fromObservable(subject), sink: () => {} })
    await until(() => subject.observed)
    await job.stop()
    expect(subject.observed).toBe(false)
  })

  test('may be known by Symbol.observable only, and must be one', async () => {
    const taken: object[] = []
    const foreign = { '@@observable': () => just({ n: 4 }) }
    await (await even.run({ source: fromObservable(foreign as never), sink: taken })).done
    expect(taken).toEqual([{ n: 4 }])
    expect(() => fromObservable({} as never)).toThrow(/no observable/)
  })
})

describe('rows as an observable', () => {
  test('from(job) and from(toObservable(job)) give the rows, and complete', async () => {
    for (const wrap of [false, true]) {
      const job = await even.run({ source: rows })
      const observable = wrap ? from(toObservable(job) as never) : from(job)
      expect(await firstValueFrom(observable.pipe(toArray()))).toEqual(evenRows)
    }
  })

  test('are found in a job by Symbol.observable: an unsubscribed from(job) stops it, and its rows are read once', async () => {
    const job = await even.run({ source: rows, readAhead: 2 })
    expect(job['@@observable']()).toBe(job['@@observable']())
    expect(await firstValueFrom(from(job).pipe(take(3), toArray()))).toEqual(evenRows.slice(0, 3))
    await job.done
    await expect(firstValueFrom(from(job))).rejects.toThrow(/read once/)
    await expect(firstValueFrom(from(await even.run({ source: rows, sink: () => {} })))).rejects.toThrow(/go to a sink/)
  })

  test('are found under the symbol that a polyfill defined', async () => {
    const observable = Symbol('observable')
    Object.defineProperty(Symbol, 'observable', { value: observable, configurable: true })
    try {
      const job = await even.run({ source: rows })
      const found = (job as unknown as Record<symbol, () => object>)[observable]!()
      expect(found).toBe(job['@@observable']())
      const taken: object[] = []
      await (await even.run({ source: fromObservable(job as never), sink: taken })).done
      expect(taken).toEqual(evenRows)
    } finally {
      Reflect.deleteProperty(Symbol, 'observable')
    }
  })

  test('end with the error of the job', async () => {
    const job = await even.run({ source: fromObservable(throwError(() => new Error('it broke'))) })
    const outcome = await new Promise(resolve =>
      toObservable(job).subscribe({ error: resolve, complete: () => resolve('end') }),
    )
    expect(outcome).toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test('stop when nobody wants more, and are read once', async () => {
    const job = await even.run({ source: rows, readAhead: 2 })
    const observable = toObservable(job)
    const seen: object[] = []
    const subscription = observable.subscribe(row => {
      if (seen.push(row) === 3) subscription.unsubscribe()
    })
    await job.done
    expect(seen).toEqual(evenRows.slice(0, 3))
    expect(() => observable.subscribe({})).toThrow(/read once/)
  })
})

describe('streams', () => {
  test('a job is read as a WHATWG stream, and as a Node stream', async () => {
    const web: object[] = []
    for await (const row of toReadableStream(await even.run({ source: rows }))) web.push(row)
    expect(web).toEqual(evenRows)
    expect(await Readable.from(await even.run({ source: rows })).toArray()).toEqual(evenRows)
  })

  test('a pipeline stands between two streams, with backpressure from end to end', async () => {
    const { writable, readable, job } = await throughStream(even, { readAhead: 2 })
    let given = 0
    const events = new ReadableStream<{ n: number }>({
      pull(controller) {
        if (given === rows.length) controller.close()
        else controller.enqueue(rows[given++]!)
      },
    })
    const out = events.pipeThrough({ writable, readable }).getReader()
    expect(await out.read()).toEqual({ done: false, value: { n: 0 } })
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(given).toBeLessThan(100)
    const rest: object[] = []
    for (let next = await out.read(); !next.done; next = await out.read()) rest.push(next.value)
    expect(rest).toEqual(evenRows.slice(1))
    expect((await job.done).accepted).toBe(rows.length)
  })

  test('of Node too', async () => {
    const taken: object[] = []
    await pump(
      Readable.from(rows),
      Duplex.fromWeb((await throughStream(even)) as never, { objectMode: true }),
      async read => {
        for await (const row of read) taken.push(row)
      },
    )
    expect(taken).toEqual(evenRows)
  })

  test('an event that does not fit errors both sides and stops the job', async () => {
    const { writable, readable, job } = await throughStream(even)
    const writer = writable.getWriter()
    writer.closed.catch(() => {})
    await expect(writer.write({ n: 'x' } as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    await expect(readable.getReader().read()).rejects.toMatchObject({ code: 'EVENT_INVALID' })
    await until(() => job.state === 'stopped')
  })

  test('a reader that has enough leaves the job behind', async () => {
    const { readable, job } = await throughStream(even)
    await job.push({ n: 2 })
    const reader = readable.getReader()
    await reader.read()
    await reader.cancel()
    await until(() => job.state === 'stopped')
  })
})
