import { count, f64, hopping, i32, max, pipeline, type ResultBatch, schema, sum, timestamp } from '../../src/index.ts'
import { check, isClose } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { seededRandom } from '../harness/random.ts'
import { compareInRounds } from '../harness/rounds.ts'

const BLOCK_ROWS = 16_384
const KEYS = 10
const EVENTS_PER_MS = 50
const events = schema({ time: timestamp(), key: i32(), value: f64() })

interface Columns {
  readonly time: Float64Array
  readonly key: Int32Array
  readonly value: Float64Array
}

/** What all results together come to. */
interface Totals {
  rows: number
  count: number
  sum: number
  max: number
}

const totals = (): Totals => ({ rows: 0, count: 0, sum: 0, max: 0 })

function add(into: Totals, batch: ResultBatch): void {
  const [counts, sums, greatest] = (['n', 'total', 'high'] as const).map(name => batch.column(name) as Float64Array)
  for (let i = 0; i < batch.length; i++) {
    into.count += counts![i]!
    into.sum += sums![i]!
    into.max += greatest![i]!
  }
  into.rows += batch.length
}

function start(sizeMs: number, slideMs: number, into: Totals) {
  return pipeline(events, { engine: 'wasm', metrics: false })
    .eventTime('time')
    .keyBy('key')
    .window(hopping(sizeMs, slideMs))
    .aggregate(e => ({ n: count(), total: sum(e.value), high: max(e.value) }))
    .run({ onBatch: batch => add(into, batch) })
}

async function push(job: Awaited<ReturnType<typeof start>>, blocks: readonly Columns[]): Promise<void> {
  for (const { time, key, value } of blocks) {
    const result = job.pushColumns({ time, key, value })
    if (result !== true && (await result) !== true) throw new Error('Rows were refused')
  }
  await job.drain()
}

/** The plainest way: every event into each of its windows, in order of time. */
function everyWindow({ time, key, value }: Columns, sizeMs: number, slideMs: number, into: Totals): void {
  const open = new Map<number, Float64Array>()
  let nextEnd = Number.NEGATIVE_INFINITY
  const close = (start: number, windows: Float64Array): void => {
    for (let k = 0; k < KEYS; k++) {
      if (windows[k * 3] === 0) continue
      into.rows++
      into.count += windows[k * 3]!
      into.sum += windows[k * 3 + 1]!
      into.max += windows[k * 3 + 2]!
    }
    open.delete(start)
  }
  for (let i = 0; i < time.length; i++) {
    const t = time[i]!
    if (t >= nextEnd) {
      for (const [start, windows] of open) if (start + sizeMs <= t) close(start, windows)
      nextEnd = Math.floor((t - sizeMs) / slideMs) * slideMs + slideMs + sizeMs
    }
    for (let start = Math.floor(t / slideMs) * slideMs; start > t - sizeMs; start -= slideMs) {
      let windows = open.get(start)
      if (windows === undefined) open.set(start, (windows = new Float64Array(KEYS * 3)))
      const at = key[i]! * 3
      windows[at]!++
      windows[at + 1]! += value[i]!
      if (value[i]! > windows[at + 2]!) windows[at + 2] = value[i]!
    }
  }
  for (const [start, windows] of open) close(start, windows)
}

const description = `columns in, ${KEYS} keys, windows of 50 s, ${EVENTS_PER_MS} events a ms, count/sum/max: how the slide matters`

group('slide', description, async ({ quick, record }) => {
  const rows = quick ? 500_000 : 5_000_000
  const sizeMs = quick ? 5_000 : 50_000
  const random = seededRandom(11)
  const columns: Columns = {
    time: Float64Array.from({ length: rows }, (_, i) => Math.floor(i / EVENTS_PER_MS)),
    key: Int32Array.from({ length: rows }, () => Math.floor(random() * KEYS)),
    value: Float64Array.from({ length: rows }, () => random()),
  }
  const blocks = Array.from({ length: Math.ceil(rows / BLOCK_ROWS) }, (_, i) => {
    const [from, to] = [i * BLOCK_ROWS, (i + 1) * BLOCK_ROWS]
    const { time, key, value } = columns
    return { time: time.subarray(from, to), key: key.subarray(from, to), value: value.subarray(from, to) }
  })

  for (const parts of [1, 2, 10]) {
    const [wanted, found] = [totals(), totals()]
    everyWindow(columns, sizeMs, sizeMs / parts, wanted)
    await push(await start(sizeMs, sizeMs / parts, found), blocks)
    check(found.rows === wanted.rows && found.count === wanted.count, `${found.rows} rows, not ${wanted.rows}`)
    check(isClose(found.sum, wanted.sum, 1e-9) && isClose(found.max, wanted.max, 1e-9), 'sums and extremes')
  }

  const sliding = (name: string, slideMs: number, atLeast?: number) => ({
    name,
    async prepare() {
      const job = await start(sizeMs, slideMs, totals())
      return () => push(job, blocks)
    },
    ...(atLeast !== undefined && { targets: [{ of: 'ratio' as const, atLeast }] }),
  })
  const contestants = [
    sliding('slide = size', sizeMs),
    sliding('slide = size / 2', sizeMs / 2, 0.8),
    sliding('slide = size / 10', sizeMs / 10, 0.8),
    sliding('slide = size / 100', sizeMs / 100, 0.8),
    sliding('slide = size / 1000', sizeMs / 1_000, 0.5),
    sliding('slide = 3/100 size', (sizeMs * 3) / 100, 0.8),
    {
      name: 'loop: each event into 10 windows',
      prepare: () => () => everyWindow(columns, sizeMs, sizeMs / 10, totals()),
    },
  ]
  const times = { warmups: quick ? 1 : 8, rounds: quick ? 3 : 9 }
  const baselines = ['slide = size']
  record(await compareInRounds({ contestants, baselines, amount: rows / 1e6, unit: 'M events/s', ...times }))
})
