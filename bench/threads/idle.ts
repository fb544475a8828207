// npm run idle -- [--seconds 5] [--rows 1000]
//
// What workers cost when nothing comes, and how soon they are there when something does: the processor time of all threads of a
// job on two workers without rows, as a share of one processor; then rows one by one, some milliseconds apart, each of which
// makes a window fire: from the push to the result in the sink.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { count, i32, pipeline, schema, timestamp, tumbling } from 'eventflux'

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rows: { type: 'string', default: '1000' } },
})
const ROWS = Number(options.rows)
const PAUSE_MS = 4

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const readings = schema({ time: timestamp(), key: i32() })
let arrived = (): void => {}
const job = await pipeline(readings)
  .eventTime('time')
  .keyBy('key')
  .window(tumbling('1s'))
  .aggregate(() => ({ rows: count() }))
  .run({ workers: 2, sink: () => arrived() })
if (job.mode.kind !== 'shards') throw new Error(`the job runs on one thread: ${job.mode.reason}`)

let time = 0
/** Milliseconds from a push to the result of the window before. */
async function latency(): Promise<number> {
  const result = new Promise<void>(resolve => {
    arrived = resolve
  })
  const start = performance.now()
  time += 1_000
  job.push({ time, key: time % 7 })
  await result
  return performance.now() - start
}

job.push({ time, key: 0 })
for (let row = 0; row < 300; row++) await latency()

await pause(500)
const before = process.cpuUsage()
const from = performance.now()
await pause(Number(options.seconds) * 1_000)
const { user, system } = process.cpuUsage(before)
const idle = (user + system) / 1_000 / (performance.now() - from)

const latencies: number[] = []
for (let row = 0; row < ROWS; row++) {
  await pause(PAUSE_MS)
  latencies.push(await latency())
}
await job.stop({ drain: false })

latencies.sort((a, b) => a - b)
const at = (share: number): string => latencies[Math.floor(latencies.length * share)]!.toFixed(2)
console.log(`${cpus().length} processors, Node ${process.versions.node}`)
console.log(`idle: ${(idle * 100).toFixed(2)} % of a processor`)
console.log(`from push to result, ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}`)
