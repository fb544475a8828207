// npm run idle -- [--seconds 5] [--rows 1000]
//
// What workers cost when nothing comes, and how soon they are there when something does: the processor time of all threads of a
// job on two workers without rows, as a share of one processor; then rows one by one, some milliseconds apart, each of which
// makes a window fire: from the push to the result in the sink, which takes two wake-ups. In turns with them a thread that does
// nothing but answer is woken and wakes back: what the machine itself takes for these two.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { count, i32, pipeline, schema, timestamp, tumbling } from 'eventflux'

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rows: { type: 'string', default: '1000' } },
})
const ROWS = Number(options.rows)
const PAUSE_MS = 4
/** As many as it takes until the workers' code is compiled: a matter of a second or two for a stream that runs for days. */
const WARM_ROWS = 5_000

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

const asked = new Int32Array(new SharedArrayBuffer(8))
const answering = new Worker(
  `const asked = require('node:worker_threads').workerData
  for (let n = 0; ; n++) {
    Atomics.wait(asked, 0, n)
    Atomics.store(asked, 1, n + 1)
    Atomics.notify(asked, 1)
  }`,
  { eval: true, workerData: asked },
)
type WaitAsync = (cells: Int32Array, at: number, expected: number) => { readonly value: unknown }
const { waitAsync } = Atomics as unknown as { readonly waitAsync: WaitAsync }

/** Milliseconds from a question to its answer. */
async function answer(): Promise<number> {
  const start = performance.now()
  const n = Atomics.add(asked, 0, 1)
  Atomics.notify(asked, 0)
  await waitAsync(asked, 1, n).value
  return performance.now() - start
}

job.push({ time, key: 0 })
for (let row = 0; row < WARM_ROWS; row++) await latency()

await pause(500)
const before = process.cpuUsage()
const from = performance.now()
await pause(Number(options.seconds) * 1_000)
const { user, system } = process.cpuUsage(before)
const idle = (user + system) / 1_000 / (performance.now() - from)

const latencies: number[] = []
const answers: number[] = []
for (let row = 0; row < ROWS; row++) {
  await pause(PAUSE_MS)
  latencies.push(await latency())
  await pause(PAUSE_MS)
  answers.push(await answer())
}
await Promise.all([job.stop({ drain: false }), answering.terminate()])

function shares(milliseconds: number[]): string {
  milliseconds.sort((a, b) => a - b)
  const at = (share: number): string => milliseconds[Math.floor(milliseconds.length * share)]!.toFixed(2)
  return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}`
}
console.log(`${cpus().length} processors, Node ${process.versions.node}`)
console.log(`idle: ${(idle * 100).toFixed(2)} % of a processor`)
console.log(`from push to result, ms: ${shares(latencies)}`)
console.log(`from a question to a thread that only answers to its answer, ms: ${shares(answers)}`)
