import { expect, it } from 'vitest'
import { count, i32, pipeline, schema, timestamp, tumbling } from '../../src/index.ts'
import { alive, watchWorkers } from './started-workers.ts'

watchWorkers()

const MODULE = new URL('./thrown-elsewhere.mjs', import.meta.url).href
const numbers = schema({ time: timestamp(), n: i32() })

it.each([
  [
    1,
    'its own',
    expect.objectContaining({
      name: 'OfItsOwn',
      message: 'its own',
      code: 'E_ITS_OWN',
      path: ['a', 1],
      stack: expect.stringContaining('thrown-elsewhere.mjs'),
      cause: expect.objectContaining({ name: 'RangeError', message: 'a range', cause: 'the root' }),
    }),
  ],
  [2, '[object Object]', { reason: 'no error' }],
  [3, '() => {}', '() => {}'],
])(
  'an error on a worker has the row and the cause of one on this thread, as far as they can be sent: %d',
  async (n, message, cause) => {
    const job = await pipeline(numbers)
      .filter(e => e.n.ge(0))
      .stage()
      .filterRows({ module: MODULE, export: 'throws' }, { name: 'thrower' })
      .run({ sink: [] })
    expect(job.mode.kind).toBe('stages')
    await job.pushMany([
      { time: 0, n: 0 },
      { time: 1, n },
    ])
    const error = await job.done.then(undefined, failure => failure)
    const { code, at, value } = error
    expect({ code, at, value, message: error.message, cause: error.cause }).toEqual({
      code: 'STAGE_FAILED',
      at: 'thrower',
      value: { time: 1, n },
      message: `"thrower" failed on a row: ${message}`,
      cause,
    })
  },
)

it('timers of functions go on while a worker has rows all the time', async () => {
  let kept = 0
  const job = await pipeline(numbers, { bufferSize: 512, maxBatch: 16 })
    .filter(e => e.n.ge(0))
    .stage()
    .filterRows({ module: MODULE, export: 'isBehindTimer' }, { name: 'isBehindTimer' })
    .run({ sink: () => void kept++ })
  await job.pushMany(Array.from({ length: 400 }, (_, n) => ({ time: n, n })))
  await job.drain()
  expect(kept).toBeGreaterThan(100)
})

it('a listener of new starts that throws ends the job, and is named', async () => {
  const job = await pipeline(numbers)
    .eventTime('time')
    .keyBy('n')
    .window(tumbling('1s'))
    .aggregate(() => ({ rows: count() }))
    .run({
      workers: 1,
      sink: [],
      restart: {
        onRestart() {
          throw new Error('no more')
        },
      },
    })
  await [...alive][0]!.terminate()
  const cause = new Error('no more')
  await expect(job.done).rejects.toMatchObject({ code: 'STAGE_FAILED', message: 'onRestart threw: no more', cause })
  expect(job.counts().restarts).toBe(0)
})
