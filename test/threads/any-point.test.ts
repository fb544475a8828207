import { createRequire } from 'node:module'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, count, first, i32, type Job, pipeline, schema, sum, timestamp, tumbling } from '../../src/index.ts'
import { bounded } from '../bounded.ts'
import { events, eventsOf, sorted } from './events.ts'
import { lentRows } from './lent-rows.ts'

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }
const { Worker: Original } = threads
const DIES = 'EVENTFLUX_WRITES_BEFORE_DEATH'
let started = 0
let gone = 0
/** Blocks that were lent and have not been returned. */
let loans = 0
let limits: WorkerOptions['resourceLimits'] = {}

beforeEach(() => {
  started = 0
  gone = 0
  limits = {}
  threads.Worker = class extends Original {
    constructor(script: string | URL, options: WorkerOptions) {
      super(script, { ...options, resourceLimits: limits })
      started++
      this.once('exit', () => gone++)
    }
  }
})
afterEach(() => {
  threads.Worker = Original
  delete process.env[DIES]
  expect([gone, loans]).toEqual([started, 0])
})

const ROWS = eventsOf(400).map(event => ({ ...event, n: event.n % 40 }))
const MODULE = new URL('./dying.mjs', import.meta.url).href
const SLOW = new URL('./row-functions.mjs', import.meta.url).href
const CONFIG = { bufferSize: 128, maxBatch: 16 }
const BLOCK = 40
const numbers = schema({ time: timestamp(), n: i32() })

const start = (fn = 'all') => pipeline(events, CONFIG).filterRows({ module: MODULE, export: fn }, { name: fn })

const LENT = 'batches in turn, of columns that are lent'

/** Jobs whose threads write all there is to write: frames of rows, texts and objects, what is taken, what is on offer. */
const jobs = {
  'shards by key': () =>
    pipeline(events, CONFIG)
      .eventTime('time', { outOfOrderness: '200ms' })
      .filterRows({ module: MODULE, export: 'all' }, { name: 'all' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), first: first(e.tag) })),
  'batches in turn': () =>
    pipeline(events, CONFIG)
      .eventTime('time', { outOfOrderness: '200ms' })
      .filterRows({ module: MODULE, export: 'all' }, { name: 'all' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) })),
  [LENT]: () =>
    pipeline(numbers, CONFIG)
      .eventTime('time', { outOfOrderness: '200ms' })
      .filterRows({ module: MODULE, export: 'all' }, { name: 'all' })
      .keyBy('n')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) })),
  stages: () =>
    start()
      .stage()
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), tags: collect(e.tag) }))
      .stage({ bufferSize: 3 })
      .filterRows({ module: MODULE, export: 'all' }, { name: 'behind' }),
} as const
type Plan = keyof typeof jobs
const PLANS = Object.keys(jobs) as Plan[]

const optionsOf = (name: Plan) =>
  name === 'stages' ? {} : { workers: 2, ...(name === 'shards by key' && { distribution: 'keys' as const }) }

async function pushAll(name: Plan, job: Job<never, never>): Promise<void> {
  const give = name === LENT ? lender(job) : (at: number) => job.pushMany(ROWS.slice(at, at + BLOCK) as never)
  for (let at = 0; at < ROWS.length; at += BLOCK) if ((await give(at)) !== true) return
  await job.drain()
}

/** Lends the rows block by block. */
function lender(job: Job<never, never>) {
  const blocks = job.lendableColumns(numbers, { rows: BLOCK, blocks: ROWS.length / BLOCK })
  return (at: number) => {
    const block = blocks[at / BLOCK]!
    for (let row = 0; row < BLOCK; row++) {
      block.time[row] = ROWS[at + row]!.time
      block.n[row] = ROWS[at + row]!.n
    }
    loans++
    return job.lendColumns(block, { returned: () => void loans-- })
  }
}

const answers = new Map<Plan, string[]>()

/** What a job gives that nothing happens to. */
async function answerOf(name: Plan): Promise<string[]> {
  const known = answers.get(name)
  if (known !== undefined) return known
  const out: object[] = []
  const job = await jobs[name]().run({ sink: (row: object) => void out.push(row), ...optionsOf(name) })
  const lent = await lentRows(() => pushAll(name, job as never))
  expect(lent).toBe(name === LENT ? ROWS.length : 0)
  answers.set(name, sorted(out))
  return sorted(out)
}

const WRITES = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]
/** Points of death: in short every `step`th, from another one on in each of the plans. */
const pointsOf = (turn: number, step: number) => WRITES.filter((_, i) => bounded(i % step === turn % step, true))

describe('workers that end before any of their writes to shared memory, between claim and publish too', () => {
  it.each(PLANS)('make their job fail, with every thread gone: %s', async name => {
    const expected = await answerOf(name)
    const points = pointsOf(PLANS.indexOf(name), 4)
    let failed = 0
    for (const writes of points) {
      process.env[DIES] = String(writes)
      const out: object[] = []
      const job = await jobs[name]()
        .run({ sink: (row: object) => void out.push(row), ...optionsOf(name) })
        .catch(error => {
          // Not even ready.
          expect(error).toMatchObject({
            code: 'STAGE_FAILED',
            message: expect.stringMatching(/ of \d exited with code 7$/),
          })
          return undefined
        })
      delete process.env[DIES]
      if (job === undefined) {
        failed++
        continue
      }
      const ended = job.done.then(
        () => undefined,
        error => error,
      )
      await pushAll(name, job as never).catch(() => {})
      const error = await ended
      if (error === undefined) expect(sorted(out)).toEqual(expected)
      else {
        failed++
        expect(error).toMatchObject({
          code: 'STAGE_FAILED',
          message: expect.stringMatching(/ of \d exited with code 7$/),
        })
        const { offered, accepted, delivered, queued, rejectedClosed } = job.counts()
        expect([accepted - delivered - queued, offered - accepted - rejectedClosed]).toEqual([0, 0])
      }
    }
    expect(failed).toBeGreaterThan(points.length / 2)
  })

  it.each(['shards by key', 'stages'] as const)('or are started anew, and give the same rows: %s', async name => {
    const expected = await answerOf(name)
    const points = pointsOf(name === 'stages' ? 0 : 1, 4).filter(each => each > 1)
    let restarts = 0
    for (const writes of points) {
      process.env[DIES] = String(writes)
      const out: object[] = []
      const job = await jobs[name]()
        .run({
          sink: (row: object) => void out.push(row),
          ...optionsOf(name),
          restart: { attempts: 20, logBytes: 2_048 },
        })
        .catch(() => undefined)
      delete process.env[DIES]
      if (job === undefined) continue
      await pushAll(name, job as never)
      expect(sorted(out)).toEqual(expected)
      restarts += job.counts().restarts
    }
    expect(restarts).toBeGreaterThan(points.length / 2)
  })
})

describe('a worker that runs out of memory', () => {
  it('in its heap makes the job fail, and is named', async () => {
    limits = { maxOldGenerationSizeMb: 48 }
    const job = await start('hoards')
      .stage()
      .filter(e => e.flag)
      .run({ sink: [] })
    const ended = expect(job.done).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(/^stage 1 of 2 /),
    })
    job.push({ ...ROWS[0]!, n: 41 })
    await ended
  })

  it('in what it may use of linear memory makes the job fail, and says what is full', async () => {
    const job = await pipeline(events, { ...CONFIG, maxMemory: 2 ** 21 })
      .eventTime('time')
      .keyBy('big')
      .window(tumbling('1d'))
      .aggregate(e => ({ rows: count(), all: collect(e.name) }))
      .run({ workers: 2, distribution: 'keys', sink: [] })
    const ended = expect(job.done).rejects.toMatchObject({ code: 'STATE_FULL' })
    for (let i = 0; i < 400; i++)
      if ((await job.pushMany(ROWS.map((row, j) => ({ ...row, time: j, big: BigInt(i * 400 + j) })))) !== true) break
    await job.drain().catch(() => {})
    await ended
  })
})

it('the thread that runs the job never blocks, however full everything is', async () => {
  const { wait } = Atomics
  let waits = 0
  Atomics.wait = ((...args: Parameters<typeof wait>) => {
    waits++
    return wait(...args)
  }) as typeof wait
  try {
    let out = 0
    const job = await pipeline(events, CONFIG)
      .filterRows({ module: SLOW, export: 'slow' }, { name: 'slow' })
      .stage({ bufferSize: 3 })
      .filter(e => e.n.ge(0))
      .run({
        sink: async () => {
          if (++out % 100 === 0) await new Promise(resolve => setTimeout(resolve, 1))
        },
      })
    const rows = eventsOf(2_500)
    const pushes = rows.map(row => job.push(row))
    expect(pushes.some(each => each !== true)).toBe(true)
    await Promise.all(pushes)
    await job.drain()
    expect(out).toBe(rows.length)
  } finally {
    Atomics.wait = wait
  }
  expect(waits).toBe(0)
})
