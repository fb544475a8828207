import { describe, expect, it } from 'vitest'
import { count, type Job, pipeline, sum, tumbling } from '../../src/index.ts'
import { bounded } from '../bounded.ts'
import { type Event, events, eventsOf } from './events.ts'
import { alive, started, watchWorkers } from './started-workers.ts'

watchWorkers()

const MODULE = new URL('./row-functions.mjs', import.meta.url).href
const plan = pipeline(events, { bufferSize: 256, maxBatch: 64 })
  .eventTime('time')
  .filterRows({ module: MODULE, export: 'obeys' }, { name: 'obeys' })
  .keyBy('name')
  .window(tumbling('1s'))
  .aggregate(e => ({ rows: count(), sum: sum(e.n) }))

const ROWS = eventsOf(600).map(event => ({ ...event, n: event.n % 40 }))
const ordered = (n: number): Event => ({ ...ROWS[0]!, n })

/** How a job ends, by itself. */
const ending = (job: Job<never, never>) =>
  job.done.then(
    () => undefined,
    cause => cause as { code: string; at: string; message: string },
  )

/** What has become of the rows; they add up. */
function settled(job: Job<never, never>): void {
  const { offered, accepted, delivered, evicted, queued, rejectedClosed } = job.counts()
  expect(accepted).toBe(delivered + evicted + queued)
  expect(offered).toBe(accepted + rejectedClosed)
}

describe('a worker that is lost', () => {
  it.each([
    ['throws in a function', 41, { code: 'STAGE_FAILED', at: 'obeys' }],
    ['exits', 42, { code: 'STAGE_FAILED', message: expect.stringMatching(/^worker [12] of 2 exited with code 7$/) }],
    [
      'throws outside of a turn',
      45,
      { code: 'STAGE_FAILED', message: expect.stringMatching(/^worker [12] of 2 failed: later$/) },
    ],
  ])('because it %s ends the job, and says so', async (_, n, expected) => {
    const job = (await plan.run({ workers: 2, sink: () => {} })) as unknown as Job<never, never>
    await job.pushMany(ROWS as never)
    job.push(ordered(n) as never)
    expect(await ending(job)).toMatchObject(expected)
    expect(job.state).toBe('failed')
    expect(job.push(ROWS[0] as never)).toMatchObject({ ok: false, reason: 'closed' })
    settled(job)
  })

  it('because it is terminated, at any moment, ends the job; nothing hangs', async () => {
    for (const [round, ms] of bounded([0, 2, 6, 14], [0, 2, 4, 6, 8, 10, 12, 14]).entries()) {
      const job = (await plan.run({ workers: 2, sink: () => {} })) as unknown as Job<never, never>
      const victim = started.at(-1 - (round % 2))!
      const pushing = (async () => {
        for (let at = 0; at < ROWS.length; at += 30)
          if ((await job.pushMany(ROWS.slice(at, at + 30) as never)) !== true) return
        await job.drain()
      })().catch(() => {})
      await new Promise(resolve => setTimeout(resolve, ms))
      await victim.terminate()
      const error = await ending(job)
      expect(error?.message ?? 'through before').toMatch(/^(worker [12] of 2 exited with code 1|through before)$/)
      await pushing
      settled(job)
    }
  })

  it('is refused before it begins: a module that is not there', async () => {
    const missing = pipeline(events)
      .eventTime('time')
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(() => ({ rows: count() }))
      .filterRows({ module: MODULE, export: 'missing' }, { name: 'missing' })
    await expect(missing.run({ workers: 2 })).rejects.toMatchObject({ code: 'PLAN_INVALID' })
  })
})

describe('stop()', () => {
  it('ends a job whose worker never returns, in the time it is given, with all workers gone', async () => {
    for (const n of [43, 44]) {
      const job = (await plan.run({ workers: 2, sink: () => {} })) as unknown as Job<never, never>
      await job.pushMany(ROWS.slice(0, 100) as never)
      job.push(ordered(n) as never)
      await expect(job.stop({ timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' })
      expect(alive.size).toBe(0)
      settled(job)
    }
  })

  it('leaves behind what the workers have not taken, and counts it', async () => {
    const job = (await plan.run({ workers: 2, sink: () => {} })) as unknown as Job<never, never>
    await job.pushMany(ROWS.slice(0, 200) as never)
    job.push(ordered(43) as never)
    void job.pushMany(ROWS.slice(0, 300) as never)
    const summary = await job.stop({ drain: false })
    expect(summary.accepted).toBe(summary.delivered + summary.evicted + summary.abandoned)
    expect(summary.abandoned).toBeGreaterThan(0)
  })

  it('waits for a slow sink, which holds up everything before it without loss', async () => {
    const out: unknown[] = []
    const job = await plan.run({
      workers: 2,
      sink: async row => {
        if (out.push(row) % 20 === 0) await new Promise(resolve => setTimeout(resolve, 1))
      },
    })
    for (let at = 0; at < ROWS.length; at += 50) await job.pushMany(ROWS.slice(at, at + 50))
    await job.drain()
    const one: unknown[] = []
    const alone = await plan.run({ sink: row => void one.push(row) })
    await alone.pushMany(ROWS)
    await alone.drain()
    expect(out.length).toBe(one.length)
  })
})
