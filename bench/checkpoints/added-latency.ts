import { count, f64, i32, max, memoryStore, min, pipeline, schema, sum, timestamp, tumbling } from 'eventflux'
import type { LatencySamples } from '../harness/latency.ts'

const EVENTS_PER_SECOND = 20_000

const plan = pipeline(schema({ time: timestamp(), key: i32(), dueMs: f64() }))
  .tee('seen', rows => rows)
  .eventTime('time')
  .keyBy('key')
  .window(tumbling('10h'))
  .aggregate(e => ({ rows: count(), sum: sum(e.dueMs), least: min(e.dueMs), greatest: max(e.dueMs) }))

/**
 * Records from when an event is due until it comes out in front of a window that has so many keys. Events are due at a steady pace,
 * whatever holds the job up: one that waits is late for all that were due meanwhile.
 */
export async function addedLatency(options: {
  readonly keys: number
  readonly seconds: number
  /** How often a checkpoint is taken, in milliseconds; undefined: never. */
  readonly everyMs: number | undefined
  readonly samples: LatencySamples
}): Promise<void> {
  const { keys, seconds, everyMs, samples } = options
  /** Of the first second, code is compiled. */
  const warmUpMs = 1_000
  let startMs = Number.POSITIVE_INFINITY
  const job = await plan.run({
    sinks: {
      seen: (row: { dueMs: number }) => {
        if (row.dueMs >= startMs + warmUpMs) samples.record(performance.now() - row.dueMs)
      },
    },
    ...(everyMs === undefined ? {} : { checkpoint: { store: memoryStore(), everyMs, retain: 1 } }),
  })
  const rowOf = (i: number, dueMs: number) => ({ time: 1_700_000_000_000, key: ((i * 7_919) % keys) * 77, dueMs })
  for (let from = 0; from < keys; from += 10_000)
    await job.pushMany(Array.from({ length: Math.min(10_000, keys - from) }, (_, i) => rowOf(from + i, 0)))
  startMs = performance.now()
  for (let given = 0; given < seconds * EVENTS_PER_SECOND; ) {
    const due = Math.min(seconds * EVENTS_PER_SECOND, ((performance.now() - startMs) * EVENTS_PER_SECOND) / 1_000)
    for (; given < due; given++) await job.push(rowOf(given, startMs + (given * 1_000) / EVENTS_PER_SECOND))
    await new Promise(resolve => setImmediate(resolve))
  }
  await job.stop({ drain: false })
}
