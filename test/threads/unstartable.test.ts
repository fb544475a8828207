import { createRequire } from 'node:module'
import type { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { count, pipeline, tumbling } from '../../src/index.ts'
import { events } from './events.ts'
import { alive, started, watchWorkers } from './started-workers.ts'

watchWorkers()

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }

it('a thread the system has no room for makes run() fail, with those that were started before it gone', async () => {
  const Watched = threads.Worker
  threads.Worker = class extends Watched {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (started.length === 1) throw new Error('no room for a thread')
      super(...args)
    }
  }
  const plan = pipeline(events)
    .eventTime('time')
    .keyBy('name')
    .window(tumbling('1s'))
    .aggregate(() => ({ rows: count() }))
  await expect(plan.run({ workers: 2, sink: [] })).rejects.toMatchObject({
    code: 'STAGE_FAILED',
    at: 'worker 2 of 2',
    message: 'worker 2 of 2 could not be started: no room for a thread',
    cause: new Error('no room for a thread'),
  })
  expect([started.length, alive.size]).toEqual([1, 0])
})
