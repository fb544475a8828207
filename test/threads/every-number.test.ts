import { beforeAll, describe, expect, it } from 'vitest'
import { count, max, min, type PipelineConfig, pipeline, sum, tumbling } from '../../src/index.ts'
import { takingTurns } from '../bounded.ts'
import { events, eventsOf, sorted } from './events.ts'

const ROWS = eventsOf(300)
const WORKERS = [1, 2, 4, 8]
const BATCHES = [1, 7, 64, 4_096]

const plan = (config: PipelineConfig) =>
  pipeline(events, config)
    .eventTime('time', { outOfOrderness: '200ms' })
    .filter(e => e.n.gt(3))
    .keyBy('name', 'tag')
    .window(tumbling('500ms'))
    .aggregate(e => ({ rows: count(), sum: sum(e.n), least: min(e.x), most: max(e.n) }))

async function run(config: PipelineConfig, options: object = {}) {
  const out: object[] = []
  const job = await plan(config).run({ sink: (row: object) => void out.push(row), ...options })
  await job.pushMany(ROWS)
  const summary = await job.drain()
  return { rows: sorted(out), summary, mode: job.mode }
}

describe('the rows and counts of one thread', () => {
  let one: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    one = await run({ engine: 'js' })
    expect(one.rows.length).toBeGreaterThan(100)
    expect(one.summary.numLateRecordsDropped).toBeGreaterThan(0)
  })

  it.each(WORKERS.map((workers, turn) => [workers, turn] as const))(
    'come from rows dealt out by batches and by keys to %d, in batches of 1, 7, 64 and 4,096',
    async (workers, turn) => {
      // In short: every two of workers, batches, engine and distribution.
      for (const [size, maxBatch] of BATCHES.entries())
        for (const distribution of takingTurns(turn + size, ['batches', 'keys'])) {
          const engine = (turn + (size >> 1)) % 2 === 0 ? 'wasm' : 'js'
          const asks = distribution === 'keys' ? { distribution } : {}
          const { rows, summary, mode } = await run({ maxBatch, engine }, { workers, ...asks })
          expect(mode).toEqual({ kind: 'shards', workers, distribution })
          expect([maxBatch, rows]).toEqual([maxBatch, one.rows])
          expect([maxBatch, summary]).toEqual([maxBatch, one.summary])
        }
    },
  )
})
