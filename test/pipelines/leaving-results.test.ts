import { Readable } from 'node:stream'
import { firstValueFrom, from, take, toArray } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import { toReadableStream } from '../../src/through-stream.ts'

const numbers = schema({ n: i32() })
const three = [{ n: 0 }, { n: 1 }, { n: 2 }]

/** Events without an end, and whether who reads them has let go. */
function endless() {
  const source = { isLeft: false, events: readings() }
  async function* readings() {
    try {
      for (let n = 0; ; n++) {
        yield { n }
        await new Promise(resolve => setImmediate(resolve))
      }
    } finally {
      source.isLeft = true
    }
  }
  return source
}

type Read = (job: Job<{ n: number }, { n: number }>) => Promise<unknown>
const readThree: Record<string, Read> = {
  async break(job) {
    const rows: object[] = []
    for await (const row of job) if (rows.push(row) === 3) break
    return rows
  },
  async 'an error in the loop'(job) {
    const rows: object[] = []
    const read = async () => {
      for await (const row of job) if (rows.push(row) === 3) throw new Error('enough')
    }
    await expect(read()).rejects.toThrow('enough')
    return rows
  },
  'a Node stream that is destroyed': async job => Readable.from(job).take(3).toArray(),
  async 'a WHATWG stream that is cancelled'(job) {
    const rows: object[] = []
    for await (const row of toReadableStream(job)) if (rows.push(row) === 3) break
    return rows
  },
  'an observable that is unsubscribed': job => firstValueFrom(from(job).pipe(take(3), toArray())),
}

describe('a reader that has seen enough', () => {
  test.each(Object.entries(readThree))('stops the job and lets go of its source: %s', async (_, read) => {
    const source = endless()
    const job = await pipeline(numbers).run({ source: source.events })
    expect(await read(job)).toEqual(three)
    await job.done
    await until(() => source.isLeft)
    expect(job.state).toBe('stopped')
    expect(job.push({ n: 1 })).toEqual({ ok: false, reason: 'closed' })
  })

  test('has the job stopped when its loop is left', async () => {
    const source = endless()
    const job = await pipeline(numbers).run({ source: source.events })
    for await (const _ of job) break
    expect(job.state).toBe('stopped')
  })

  test('is not told what stopping failed on: done tells it', async () => {
    const close = () => {
      throw new Error('it would not close')
    }
    const source = { receive: () => ({ n: 0 }), done: false, close }
    const metadata = () => ({ name: 'odd', kind: 'handler', replayable: false, bounded: false })
    const job = await pipeline(numbers, { bufferSize: 4 }).run({ source: { ...source, metadata } })
    for await (const _ of job) break
    await job.done.catch(error => expect(error.code).toBe('SOURCE_FAILED'))
  })

  test('leaves the job to the sinks of its branches', async () => {
    const evens: object[] = []
    const job = await pipeline(numbers)
      .tee('even', rows => rows.filter(e => e.n.mod(2).eq(0)))
      .run({ sinks: { even: evens } })
    job.pushMany(three)
    for await (const _ of job) break
    expect(await job.push({ n: 4 })).toBe(true)
    await job.drain()
    expect(evens).toEqual([{ n: 0 }, { n: 2 }, { n: 4 }])
  })
})
