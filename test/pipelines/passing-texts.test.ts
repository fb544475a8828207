import { describe, expect, it } from 'vitest'
import { count, max, memoryStore } from '../../src/index.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

const requests = schema({ at: timestamp(), path: utf8(), id: utf8(), agent: utf8().nullable() })
type Request = { at: number; path: string; id: string; agent: string | null }

const ROWS = 5_000
const REQUESTS: readonly Request[] = Array.from({ length: ROWS }, (_, i) => ({
  at: i,
  path: `/${i % 3}`,
  id: `request ${i}`,
  agent: i % 2 === 0 ? null : `agent ${i}`,
}))
const COLUMNS = {
  at: Float64Array.from(REQUESTS, ({ at }) => at),
  path: REQUESTS.map(({ path }) => path),
  id: REQUESTS.map(({ id }) => id),
  agent: {
    codes: Int32Array.from(REQUESTS, (_, i) => (i % 2 === 0 ? -1 : i)),
    dictionary: REQUESTS.map(({ id }) => id),
  },
}

const ENTRIES = {
  push: async (job: { push(row: Request): unknown }) => {
    for (const row of REQUESTS) await job.push(row)
  },
  pushMany: async (job: { pushMany(rows: readonly Request[]): unknown }) => {
    await job.pushMany(REQUESTS)
  },
  pushColumns: async (job: { pushColumns(columns: typeof COLUMNS): unknown }) => {
    await job.pushColumns(COLUMNS)
  },
}

describe.each(['wasm', 'js'] as const)('texts that no step reads, on the %s engine', engine => {
  const counted = () =>
    pipeline(requests, { engine, maxKeys: 8, bufferSize: 1_024 })
      .eventTime('at')
      .keyBy('path')
      .window(tumbling('1h'))
      .aggregate(e => ({ requests: count(), agents: count(e.agent), last: max(e.at) }))

  it.each(Object.entries(ENTRIES))('take no codes, whatever there is of them: %s', async (_, enter) => {
    const rows: object[] = []
    const job = await pipeline(requests, { engine, maxKeys: 8, bufferSize: 1_024 })
      .eventTime('at')
      .keyBy('path')
      .window(tumbling('1h'))
      .aggregate(e => ({ requests: count(), last: max(e.at) }))
      .run({ sink: rows })
    await enter(job as never)
    await job.drain()
    const expected = [0, 1, 2].map(key => {
      const own = REQUESTS.filter(({ path }) => path === `/${key}`)
      return { path: `/${key}`, requests: own.length, last: own.at(-1)!.at }
    })
    expect(rows).toEqual(expected.map(row => expect.objectContaining(row)))
    expect(job.counts().accepted).toBe(ROWS)
  })

  it('are checked like others', async () => {
    const job = await counted().run({ sink: [], errors: { source: 'skip' } })
    const wrong = [{ id: 1 }, { id: null }, { agent: 1 }, { id: 'x'.repeat(65_537) }]
    for (const part of wrong) job.push({ ...REQUESTS[0]!, ...part } as never)
    job.push(REQUESTS[0]!)
    await job.drain()
    expect(job.counts()).toMatchObject({ invalid: wrong.length, accepted: 1 })
  })

  it('are kept where a step does read them', async () => {
    const rows: { requests: number }[] = []
    const job = await pipeline(requests, { engine, bufferSize: 1_024 })
      .eventTime('at')
      .filter(e => e.id.ne('request 7'))
      .window(tumbling('1h'))
      .aggregate(() => ({ requests: count() }))
      .run({ sink: rows })
    await job.pushMany(REQUESTS)
    await job.drain()
    expect(rows).toMatchObject([{ requests: ROWS - 1 }])
  })

  it('are named by explain()', () => {
    expect(counted().explain()).toContain('not kept, since no step reads it: id')
  })
})

describe.each(['wasm', 'js'] as const)('texts that are only passed on, on the %s engine', engine => {
  const passing = () =>
    pipeline(requests, { engine, maxKeys: 8, bufferSize: 512, maxBatch: 100 })
      .filter(e => e.path.ne('/1'))
      .project(e => ({ at: e.at, name: e.id, agent: e.agent, path: e.path }))
      .mapRows(schema({ at: timestamp(), line: utf8() }), row => ({
        at: row.at,
        line: `${row.path} ${row.name} ${row.agent}`,
      }))

  it.each(Object.entries(ENTRIES))('come out as they came in, however many there are: %s', async (entry, enter) => {
    const lines: string[] = []
    const job = await passing().run({ sink: row => void lines.push(row.line) })
    await enter(job as never)
    await job.drain()
    const kept = REQUESTS.filter(({ at }) => at % 3 !== 1)
    const agentOf = ({ at, agent }: Request) => (entry === 'pushColumns' && agent !== null ? `request ${at}` : agent)
    expect(lines).toEqual(kept.map(row => `${row.path} ${row.id} ${agentOf(row)}`))
  })

  it('are given up behind the rows that had them', async () => {
    const job = await passing().run({ sink: () => {} })
    for (let round = 0; round < 20; round++) await job.pushMany(REQUESTS)
    await job.flush()
    const { accepted, offered } = job.counts()
    expect([accepted, offered]).toEqual([20 * ROWS, 20 * ROWS])
    await job.drain()
  })

  it('are no part of a checkpoint', async () => {
    const store = memoryStore()
    const job = await passing().run({ sink: () => {}, checkpoint: { store } })
    await job.pushMany(REQUESTS)
    await job.checkpoint()
    await job.drain()
    const lines: string[] = []
    const next = await passing().run({
      sink: row => void lines.push(row.line),
      checkpoint: { store },
      restore: 'latest',
    })
    await next.push({ at: 0, path: '/', id: 'first', agent: null })
    await next.drain()
    expect(lines).toEqual(['/ first null'])
  })
})

describe('texts that come out', () => {
  it('are read by that', async () => {
    const rows: object[] = []
    const job = await pipeline(schema({ n: i32(), text: utf8() }))
      .filter(e => e.n.gt(0))
      .run({ sink: rows })
    job.push({ n: 1, text: 'kept' })
    await job.drain()
    expect(rows).toEqual([{ n: 1, text: 'kept' }])
    expect(pipeline(schema({ n: i32(), text: utf8() })).explain()).not.toContain('not kept')
  })
})
