import { describe, expect, it } from 'vitest'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import type { ErrorPolicy, FailedRow } from '../../src/connector/error-policy.ts'
import type { SourceLike } from '../../src/connector/to-source.ts'
import { EventfluxError } from '../../src/errors.ts'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { expectBalanced } from './ledger.harness.ts'

const events = schema({
  time: timestamp(),
  key: utf8(),
  value: i32(),
  price: f64(),
  big: i64().nullable(),
  flag: bool().nullable(),
})
type Event = { time: number; key: string; value: number; price: number; big?: bigint | null; flag?: boolean | null }

const good = (i: number): Event => ({ time: i * 100, key: `k${i % 3}`, value: i, price: i / 4 })
/** Far ahead: taken in, it would close every window. */
const FAR_MS = 8.64e15
const far: Event = { time: FAR_MS, key: 'k0', value: 1, price: 1 }

const throwing = (name: string): unknown => ({
  ...far,
  get [name]() {
    throw new TypeError('no such luck')
  },
})
const liar = new Proxy(far, {
  get(target, name) {
    if (name === 'value') throw new RangeError('trapped')
    return Reflect.get(target, name)
  },
})
const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable(far, {})
  revoke()
  return proxy
})()

/** Events that don't fit, and the field that is to blame. All claim a far time where they can. */
const BAD: readonly (readonly [name: string, event: unknown, at: string | undefined])[] = [
  ['undefined', undefined, undefined],
  ['null', null, undefined],
  ['a number', 7, undefined],
  ['text', 'event', undefined],
  ['a missing field', { time: FAR_MS, key: 'a', value: 1 }, 'price'],
  ['an empty object', {}, 'time'],
  ['NaN as time', { ...far, time: Number.NaN }, 'time'],
  ['Infinity as time', { ...far, time: Number.POSITIVE_INFINITY }, 'time'],
  ['-Infinity as time', { ...far, time: Number.NEGATIVE_INFINITY }, 'time'],
  ['a fractional time', { ...far, time: 1.5 }, 'time'],
  ['2^53 + 1 as time', { ...far, time: 2 ** 53 + 2 }, 'time'],
  ['text as time', { ...far, time: '1970-01-01' }, 'time'],
  ['a Date as time', { ...far, time: new Date(0) }, 'time'],
  ['a bigint as time', { ...far, time: 5n }, 'time'],
  ['null as time', { ...far, time: null }, 'time'],
  ['text as i32', { ...far, value: '1' }, 'value'],
  ['a fractional i32', { ...far, value: 0.5 }, 'value'],
  ['an i32 out of range', { ...far, value: 2 ** 31 }, 'value'],
  ['text as f64', { ...far, price: '1' }, 'price'],
  ['a number as i64', { ...far, big: 5 }, 'big'],
  ['an i64 out of range', { ...far, big: 2n ** 63n }, 'big'],
  ['a number as bool', { ...far, flag: 1 }, 'flag'],
  ['a number as text', { ...far, key: 5 }, 'key'],
  ['an object as text', { ...far, key: { toString: () => 'k0' } }, 'key'],
  ['a megabyte of text', { ...far, key: 'x'.repeat(2 ** 20) }, 'key'],
  ['a getter that throws', throwing('price'), 'price'],
  ['a proxy that throws', liar, 'value'],
  ['a revoked proxy', revoked, 'time'],
  ['fields in the prototype of nothing', JSON.parse('{"__proto__": {"time": 1}, "key": "a"}'), 'time'],
  ['a function', () => far, undefined],
]

/** Counts and sums per window of 1 s and key, of the good events alone. */
function expected(rows: readonly Event[]) {
  const groups = new Map<string, { windowStart: number; key: string; n: number; total: number }>()
  for (const { time, key, value } of rows) {
    const windowStart = Math.floor(time / 1000) * 1000
    const group = groups.get(`${windowStart} ${key}`) ?? { windowStart, key, n: 0, total: 0 }
    group.n++
    group.total += value
    groups.set(`${windowStart} ${key}`, group)
  }
  return [...groups.values()]
}

const byWindow = <R extends { windowStart: number; key: string }>(rows: readonly R[]) =>
  [...rows].sort((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1))

async function start(options: { policy?: ErrorPolicy; source?: SourceLike<never>; engine?: 'wasm' | 'js' }) {
  const rows: { windowStart: number; windowEnd: number; key: string; n: number; total: number }[] = []
  const job = await pipeline(events, { engine: options.engine ?? 'js' })
    .eventTime('time')
    .keyBy('key')
    .window(tumbling('1s'))
    .aggregate(e => ({ n: count(), total: sum(e.value) }))
    .run({
      sink: row => void rows.push(row as never),
      ...(options.policy && { errors: { source: options.policy } }),
      ...(options.source && { source: options.source as never }),
    })
  const result = () => byWindow(rows).map(({ windowStart, key, n, total }) => ({ windowStart, key, n, total }))
  return { job, rows, result }
}

const invalid = (at: string | undefined) => expect.objectContaining({ code: 'EVENT_INVALID', at })

describe.each(['wasm', 'js'] as const)('a bad event on the %s engine', engine => {
  it.each(BAD)('%s: is thrown back to who pushed it, and the job goes on', async (_, bad, at) => {
    const { job, result } = await start({ engine })
    const events = Array.from({ length: 25 }, (_, i) => good(i))
    for (const event of events.slice(0, 10)) job.push(event)
    await job.flush()
    const before = job.metrics().currentInputWatermark
    expect(() => job.push(bad as Event)).toThrow(invalid(at))
    expect(() => job.tryPush(bad as Event)).toThrow(invalid(at))
    expect(() => job.pushMany([events[10]!, events[11]!, bad as Event, good(99)])).toThrow(invalid(at))
    await job.flush()
    // The two before it went in; no far time moved the watermark, no window fired early.
    expect(job.metrics().currentInputWatermark).toBe(before + 200)
    expect(job.counts()).toMatchObject({ offered: 15, accepted: 12, invalid: 3 })
    expect(job.pushMany(events.slice(12))).toBe(true)
    await job.drain()
    expect(result()).toEqual(byWindow(expected(events)))
    expectBalanced(job)
  })
})

describe('bad events under a policy', () => {
  const events = Array.from({ length: 60 }, (_, i) => good(i))
  const mixed = events.flatMap((event, i) => (i % 2 === 0 ? [event, BAD[(i / 2) % BAD.length]![1]] : [event]))

  it.each(['push', 'pushMany', 'source', 'async source'] as const)(
    'are skipped and counted, by %s, later events unaffected',
    async way => {
      const asyncEvents = async function* () {
        // A generator awaits what it yields, which asks it for `then`: a revoked proxy fails the generator itself.
        for (const event of mixed) yield (event === revoked ? {} : event) as Event
      }
      const source = way === 'source' ? mixed : way === 'async source' ? asyncEvents() : undefined
      const { job, result } = await start({ policy: 'skip', ...(source && { source: source as never }) })
      if (way === 'push') for (const event of mixed) expect(job.push(event as Event)).toBe(true)
      if (way === 'pushMany') expect(job.pushMany(mixed as Event[])).toBe(true)
      const summary = source ? await job.done : await job.drain()
      expect(summary).toMatchObject({ offered: 90, accepted: 60, invalid: 30, failed: 30, skipped: 30 })
      expect(result()).toEqual(byWindow(expected(events)))
    },
  )

  it('are in a slow dead letter sink before the job is done, and fail it when they are not taken', async () => {
    let letters = 0
    const later = () => new Promise(resolve => setTimeout(resolve, 5))
    const take = async () => {
      await later()
      letters++
    }
    const taken = await start({ policy: { kind: 'deadLetter', sink: take }, source: mixed as never })
    expect(await taken.job.done).toMatchObject({ invalid: 30, failed: 30, deadLettered: 30 })
    expect(letters).toBe(30)
    const refuse = () => later().then(() => Promise.reject(new Error('full')))
    const { job } = await start({ policy: { kind: 'deadLetter', sink: refuse }, source: mixed as never })
    await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED', cause: new Error('full') })
  })

  it('reach the dead letter sink with the event, the stage and the cause', async () => {
    const letters: FailedRow[] = []
    const policy: ErrorPolicy = { kind: 'deadLetter', sink: failed => void letters.push(failed) }
    const { job, result } = await start({ policy })
    job.pushMany(mixed as Event[])
    const summary = await job.drain()
    expect(summary).toMatchObject({ invalid: 30, deadLettered: 30, failed: 30 })
    expect(letters.every(({ row }, i) => Object.is(row, BAD[i]![1]))).toBe(true)
    for (const [i, { stage, attempt, cause }] of letters.entries()) {
      expect(stage).toBe('source')
      expect(attempt).toBe(1)
      expect(cause).toEqual(invalid(BAD[i]![2]))
    }
    expect(result()).toEqual(byWindow(expected(events)))
  })

  it('end the job when the dead letter sink itself fails', async () => {
    const policy: ErrorPolicy = { kind: 'deadLetter', sink: async () => Promise.reject(new Error('full')) }
    const { job } = await start({ policy })
    job.push({} as Event)
    await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(job.state).toBe('failed')
  })

  it('cannot reach a prototype, whatever they are called', async () => {
    const { job, result } = await start({ policy: 'skip' })
    const poisoned = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}')
    job.push({ ...good(1), ...poisoned })
    job.push(Object.assign(Object.create(null), good(2)))
    job.push(poisoned)
    await job.drain()
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(result()).toEqual(byWindow(expected([good(1), good(2)])))
  })

  it('a getter that pushes is refused, and leaves the rows around it whole', async () => {
    const { job, result } = await start({ policy: 'skip' })
    const inner: unknown[] = []
    const nested = {
      ...good(3),
      get value() {
        inner.push(job.push(good(7)))
        return 3
      },
    }
    job.push(good(1))
    job.push(nested)
    job.push(good(2))
    await job.drain()
    expect(inner.length).toBe(1)
    expect(job.counts().invalid).toBe(1)
    expect(result()).toEqual(byWindow(expected([good(1), good(3), good(2)])))
  })
})

describe('bad columns', () => {
  const block = (rows: number, from = 0) => {
    const all = Array.from({ length: rows }, (_, i) => good(from + i))
    return {
      time: Float64Array.from(all, ({ time }) => time),
      key: all.map(({ key }) => key),
      value: Int32Array.from(all, ({ value }) => value),
      price: all.map(({ price }) => price),
    }
  }

  it.each([
    ['a missing column', { ...block(4), time: undefined }],
    ['columns of two lengths', { ...block(4), price: [1, 2, 3] }],
    ['a number for a column', { ...block(4), price: 5 }],
    ['an object for a column', { ...block(4), price: { length: 4 } }],
    ['bigints for a time', { ...block(4), time: new BigInt64Array(4) }],
    ['codes without a dictionary', { ...block(4), key: { codes: new Int32Array(4) } }],
    ['no block', null],
    ['a list of rows', [good(1)]],
  ])('%s: the block is refused whole, and the job goes on', async (_, bad) => {
    const { job, result } = await start({})
    job.pushColumns(block(10))
    expect(() => job.pushColumns(bad as never)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }))
    job.pushColumns(block(10, 10))
    await job.drain()
    expect(job.counts()).toMatchObject({ accepted: 20 })
    expectBalanced(job)
    expect(result()).toEqual(byWindow(expected(Array.from({ length: 20 }, (_, i) => good(i)))))
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53 + 2, -(2 ** 53) - 2])(
    'a time of %d in a block costs its row alone',
    async time => {
      const { job, result } = await start({ policy: 'skip' })
      const bad = block(50)
      for (const row of [0, 17, 49]) bad.time[row] = time
      expect(job.pushColumns(bad)).toBe(true)
      await job.drain()
      expect(job.counts()).toMatchObject({ offered: 50, accepted: 47, invalid: 3, skipped: 3 })
      const rest = Array.from({ length: 50 }, (_, i) => good(i)).filter((_, i) => ![0, 17, 49].includes(i))
      expect(result()).toEqual(byWindow(expected(rest)))
    },
  )

  it('a far time in a row that another column spoils moves no watermark', async () => {
    const { job } = await start({ policy: 'skip' })
    const bad = { ...block(10), value: Array.from({ length: 10 }, (_, i) => (i === 4 ? 0.5 : i)) }
    bad.time[4] = FAR_MS
    job.pushColumns(bad)
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(899)
    expect(job.counts()).toMatchObject({ accepted: 9, invalid: 1, numLateRecordsDropped: 0 })
    await job.drain()
  })
})

describe('broken lines', () => {
  const rows = Array.from({ length: 40 }, (_, i) => good(i))
  const ndjson = rows.map(row => JSON.stringify(row))
  const BROKEN_JSON = ['{"time":', 'null', '[]', '{"time":"x","key":"a","value":1,"price":1}', '\u0000', '{}}']
  const brokenNdjson = ndjson.flatMap((line, i) =>
    i % 4 === 1 ? [line, BROKEN_JSON[i % BROKEN_JSON.length]!] : [line],
  )
  const csv = rows.map(({ time, key, value, price }) => `${time},${key},${value},${price}`)
  const BROKEN_CSV = ['1,2', '1.5,a,1,1', 'x,a,1,1', '1,"a"b,1,1', `${FAR_MS},a,0.5,1`]
  const brokenCsv = csv.flatMap((line, i) => (i % 4 === 1 ? [line, BROKEN_CSV[i % BROKEN_CSV.length]!] : [line]))
  const csvText = ['time,key,value,price', ...brokenCsv].join('\n')

  it.each([
    ['NDJSON', () => ndjsonSource(brokenNdjson.join('\n'))],
    ['CSV', () => csvSource(csvText)],
  ] as const)('of %s are counted, named by their number, and cost their row alone', async (_, source) => {
    const letters: FailedRow[] = []
    const { job, result } = await start({
      policy: { kind: 'deadLetter', sink: failed => void letters.push(failed) },
      source: source() as never,
    })
    const summary = await job.done
    expect(summary).toMatchObject({ accepted: 40, delivered: 40, invalid: 10, deadLettered: 10 })
    expect(letters.every(({ cause }) => cause instanceof EventfluxError && /\d/.test(cause.at ?? ''))).toBe(true)
    expect(result()).toEqual(byWindow(expected(rows)))
  })

  it('end the job by default, with the number of the line', async () => {
    const { job } = await start({ source: ndjsonSource(brokenNdjson.join('\n')) as never })
    const error = await job.done.then(
      () => undefined,
      error => error as EventfluxError,
    )
    expect(error).toBeInstanceOf(EventfluxError)
    expect(`${error!.message} ${error!.at}`).toMatch(/line 3/)
  })
})

describe('a source that fails midway', () => {
  const rows = Array.from({ length: 3000 }, (_, i) => good(i))
  const broken = new Error('connection lost')
  const SOURCES: Record<string, () => unknown> = {
    'a generator': function* () {
      yield* rows
      throw broken
    },
    'an async generator': async function* () {
      yield* rows.slice(0, 10)
      throw broken
    },
    'a stream': () => {
      let at = 0
      return new ReadableStream({
        pull(controller) {
          if (at === 10) controller.error(broken)
          else controller.enqueue(rows[at++])
        },
      })
    },
    'a handler': () => {
      let at = 0
      return {
        done: false,
        receive() {
          if (at === 10) throw broken
          return rows[at++]
        },
        metadata: () => ({ name: 'handler', kind: 'handler', replayable: false, bounded: true }),
      }
    },
    'a run function': () => ({
      metadata: { name: 'own', kind: 'own', replayable: false, bounded: true },
      async run(intake: { push(event: unknown): unknown }) {
        for (const row of rows.slice(0, 10)) intake.push(row)
        await Promise.resolve()
        throw broken
      },
    }),
  }

  it.each(Object.keys(SOURCES))('ends the job with SOURCE_FAILED and the cause: %s', async name => {
    const made = SOURCES[name]!()
    const { job } = await start({ source: made as never })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: broken })
    expect(job.state).toBe('failed')
    expect(job.push(good(1))).toEqual({ ok: false, reason: 'closed' })
    await expect(job.drain()).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expectBalanced(job)
  })

  it('stops the other sources too', async () => {
    let stopped = false
    const endless = {
      metadata: { name: 'endless', kind: 'own', replayable: false, bounded: false },
      run: (intake: { signal: AbortSignal }) =>
        new Promise<void>(resolve => {
          intake.signal.addEventListener('abort', () => {
            stopped = true
            resolve()
          })
        }),
    }
    const job = await pipeline(events, { engine: 'js' }).run({
      sources: [endless as never, SOURCES['an async generator']!() as never],
      sink: () => {},
    })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(stopped).toBe(true)
  })
})
