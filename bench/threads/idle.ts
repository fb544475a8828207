// npm run idle -- [--seconds 5] [--rows 1000]
//
// What workers cost when nothing comes, and how soon they are there when something does. The processor time of all threads of a
// job on two workers without rows, as a share of one processor. Then rows one by one, some milliseconds apart: through two
// stages, from the push to a function on the first worker, from there to one on the second, and from there to the sink, each of
// which is one wake-up; and with keys dealt out, where each row makes a window fire, from the push to the result in the sink.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { count, f64, i32, pipeline, schema, timestamp, tumbling } from 'eventflux'

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rows: { type: 'string', default: '1000' } },
})
const ROWS = Number(options.rows)
const PAUSE_MS = 4
/** As many as it takes until the workers' code is compiled: a matter of a second or two for a stream that runs for days. */
const WARM_ROWS = 5_000

/** The clock of the stamps. */
const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Whoever waits for what comes out of a job next. */
class Exit<Row> {
  #arrived: (row: Row) => void = () => {}
  readonly sink = (row: Row): void => this.#arrived(row)
  readonly next = (): Promise<Row> =>
    new Promise(resolve => {
      this.#arrived = resolve
    })
}

/** Measures each of a number of rows, one after the other, when code is compiled. */
async function eachRow(measure: () => Promise<void>, afterWarmUp = async (): Promise<void> => {}): Promise<void> {
  for (let row = 0; row < WARM_ROWS; row++) await measure()
  await afterWarmUp()
  for (let row = 0; row < ROWS; row++) {
    await pause(PAUSE_MS)
    await measure()
  }
}

function print(what: string, milliseconds: readonly number[]): void {
  const sorted = milliseconds.slice(-ROWS).sort((a, b) => a - b)
  const at = (share: number): string => sorted[Math.floor(sorted.length * share)]!.toFixed(2)
  console.log(`${what}, ms: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}`)
}

console.log(`${cpus().length} processors, Node ${process.versions.node}`)

const keyed = new Exit<unknown>()
const shards = await pipeline(schema({ time: timestamp(), key: i32() }))
  .eventTime('time')
  .keyBy('key')
  .window(tumbling('1s'))
  .aggregate(() => ({ rows: count() }))
  .run({ workers: 2, sink: keyed.sink })
if (shards.mode.kind !== 'shards') throw new Error(`the job runs on one thread: ${shards.mode.reason}`)
const results: number[] = []
let time = 0
shards.push({ time, key: 0 })
await eachRow(
  async () => {
    const result = keyed.next()
    const start = performance.now()
    time += 1_000
    shards.push({ time, key: time % 7 })
    await result
    results.push(performance.now() - start)
  },
  async () => {
    await pause(500)
    const before = process.cpuUsage()
    const from = performance.now()
    await pause(Number(options.seconds) * 1_000)
    const { user, system } = process.cpuUsage(before)
    const idle = (user + system) / 1_000 / (performance.now() - from)
    console.log(`idle: ${(idle * 100).toFixed(2)} % of a processor`)
  },
)
await shards.stop({ drain: false })

const module = new URL('./stamps.mjs', import.meta.url).href
const staged = new Exit<{ readonly first: number; readonly second: number }>()
const stages = await pipeline(schema({ n: i32() }))
  .mapRows(schema({ n: i32(), first: f64() }), { module, export: 'atFirst' })
  .stage()
  .mapRows(schema({ n: i32(), first: f64(), second: f64() }), { module, export: 'atSecond' })
  .run({ sink: staged.sink })
if (stages.mode.kind !== 'stages') throw new Error('the stages have no threads')
const [there, onwards, back]: number[][] = [[], [], []]
await eachRow(async () => {
  const out = staged.next()
  const start = nowMs()
  stages.push({ n: 1 })
  const { first, second } = await out
  there!.push(first - start)
  onwards!.push(second - first)
  back!.push(nowMs() - second)
})
await stages.stop({ drain: false })

print('a wake-up, from a push to the first stage', there!)
print('a wake-up, from there to the second', onwards!)
print('a wake-up, from there to the sink', back!)
print('two, from a push to the result of a window by keys', results)
