import { f64, type PipelineConfig, pipeline, type ResultBatch, schema, utf8 } from '../../src/index.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { LatencySamples } from '../harness/latency.ts'

const KEYS = Array.from({ length: 1_000 }, (_, i) => `key-${i}`)
/** When an event was to be pushed, on the clock of `performance.now()`. */
const events = schema({ dueMs: f64(), key: utf8(), value: f64() })

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * Pushes events one by one when they are due, and records how long after that each result row is with the sink. Measured from
 * when an event was due, not from when its turn came: a pause delays all that was due meanwhile, and each of them counts.
 */
async function atRate(eventsPerSecond: number, count: number, config: PipelineConfig): Promise<LatencySamples> {
  const samples = new LatencySamples(count)
  const onBatch = (batch: ResultBatch): void => {
    const nowMs = performance.now()
    const due = batch.column('dueMs') as Float64Array
    for (let i = 0; i < batch.length; i++) samples.record(nowMs - due[i]!)
  }
  const job = await pipeline(events, config)
    .filter(e => e.value.ge(0.5))
    .project(e => ({ dueMs: e.dueMs, key: e.key, scaled: e.value.mul(1.08) }))
    .run({ onBatch })
  const event = { dueMs: 0, key: '', value: 0 }
  const startMs = performance.now()
  for (let next = 0; next < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1_000) * eventsPerSecond))
    for (; next < due; next++) {
      event.dueMs = startMs + (next / eventsPerSecond) * 1_000
      event.key = KEYS[next % KEYS.length]!
      event.value = next & 1
      const result = job.push(event)
      if (result !== true && (await result) !== true) throw new Error('An event was refused')
    }
    await turn()
  }
  await job.drain()
  check(samples.count === Math.floor(count / 2), `${samples.count} rows of ${count} events`)
  return samples
}

group('at-a-rate', 'from when an event is due to the sink: filter and project, one push an event', async context => {
  const seconds = context.quick ? 0.2 : 5
  for (const [name, rate] of [
    ['10,000 events/s', 1e4],
    ['100,000 events/s', 1e5],
    ['1,000,000 events/s', 1e6],
  ] as const) {
    const samples = await atRate(rate, rate * seconds, { engine: 'wasm' })
    context.recordLatencies([samples.figure(name, Math.floor(samples.count / 5))])
  }
})
