import { createRequire } from 'node:module'
import type { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { count, pipeline, tumbling } from '../../src/index.ts'
import { events } from './events.ts'
import { alive, started, watchWorkers } from './started-workers.ts'

watchWorkers()

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }

const plan = pipeline(events)
  .eventTime('time')
  .keyBy('name')
  .window(tumbling('1s'))
  .aggregate(() => ({ rows: count() }))

it('a thread the system has no room for makes run() fail, with those that were started before it gone', async () => {
  const Watched = threads.Worker
  threads.Worker = class extends Watched {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (started.length === 1) throw new Error('no room for a thread')
      super(...args)
    }
  }
  await expect(plan.run({ workers: 2, sink: [] })).rejects.toMatchObject({
    code: 'STAGE_FAILED',
    at: 'worker 2 of 2',
    message: 'worker 2 of 2 could not be started: no room for a thread',
    cause: new Error('no room for a thread'),
  })
  expect([started.length, alive.size]).toEqual([1, 0])
})

it('memory of a worker that can not be seen from here makes run() fail, with all workers gone', async () => {
  const { instantiate } = WebAssembly
  const refuse = async (
    code: WebAssembly.Module,
    imports: { readonly env: { readonly memory: WebAssembly.Memory } },
  ) => {
    if (imports.env.memory.buffer instanceof SharedArrayBuffer) throw new RangeError('out of memory')
    return instantiate(code, imports)
  }
  WebAssembly.instantiate = refuse as never
  try {
    await expect(plan.run({ workers: 2, sink: [] })).rejects.toThrow('out of memory')
  } finally {
    WebAssembly.instantiate = instantiate
  }
  expect([started.length, alive.size]).toEqual([2, 0])
})
