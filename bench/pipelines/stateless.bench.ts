import { f64, pipeline, type ResultBatch, schema } from '../../src/index.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { seededRandom } from '../harness/random.ts'
import { compareInRounds } from '../harness/rounds.ts'

const BLOCK_ROWS = 16_384
const numbers = schema({ value: f64() })

/** Adds up what came out: what every contestant does with its results. */
class Total {
  rows = 0
  sum = 0

  readonly take = (length: number, values: ArrayLike<number>): void => {
    let sum = 0
    for (let i = 0; i < length; i++) sum += values[i]!
    this.rows += length
    this.sum += sum
  }
}

/** The same work with results written out as columns, which is what a pipeline hands on. */
function columnLoop(block: Float64Array, out: Float64Array): number {
  let kept = 0
  for (let i = 0; i < block.length; i++) {
    const value = block[i]!
    out[kept] = value * 1.08
    kept += +(value > 0.25) | 0
  }
  return kept
}

/** Nothing written out: filter, map and sum in one loop. */
function fusedLoop(block: Float64Array, total: Total): void {
  let { rows, sum } = total
  for (let i = 0; i < block.length; i++) {
    const value = block[i]!
    if (value > 0.25) {
      rows++
      sum += value * 1.08
    }
  }
  total.rows = rows
  total.sum = sum
}

function start(total: Total) {
  return pipeline(numbers, { engine: 'wasm', metrics: false })
    .filter(e => e.value.gt(0.25))
    .project(e => ({ scaled: e.value.mul(1.08) }))
    .run({
      onBatch: (batch: ResultBatch) => total.take(batch.length, batch.column('scaled') as Float64Array),
    })
}

group('filter-map', 'one f64 column, filter and map, no state: a case a plain loop wins', async ({ quick, record }) => {
  const rows = quick ? 200_000 : 5_000_000
  const random = seededRandom(7)
  const values = Float64Array.from({ length: rows }, () => random())
  const blocks = Array.from({ length: Math.ceil(rows / BLOCK_ROWS) }, (_, i) =>
    values.subarray(i * BLOCK_ROWS, (i + 1) * BLOCK_ROWS),
  )
  const out = new Float64Array(BLOCK_ROWS)
  const fused = (total: Total) => {
    for (const block of blocks) fusedLoop(block, total)
  }
  const columns = (total: Total) => {
    for (const block of blocks) total.take(columnLoop(block, out), out)
  }
  const engine = async (job: Awaited<ReturnType<typeof start>>) => {
    for (const value of blocks) {
      const result = job.pushColumns({ value })
      if (result !== true && (await result) !== true) throw new Error('Rows were refused')
    }
    await job.drain()
  }

  const [a, b, c] = [new Total(), new Total(), new Total()]
  fused(a)
  columns(b)
  await engine(await start(c))
  for (const total of [b, c]) {
    check(total.rows === a.rows, `${total.rows} rows, not ${a.rows}`)
    check(Math.abs(total.sum - a.sum) < 1e-9 * a.sum, `the sum ${total.sum}, not ${a.sum}`)
  }

  const contestants = [
    { name: 'plain loop', prepare: () => () => fused(new Total()) },
    { name: 'loop writing columns', prepare: () => () => columns(new Total()) },
    {
      name: 'eventflux',
      async prepare() {
        const job = await start(new Total())
        return () => engine(job)
      },
    },
  ]
  const baselines = ['plain loop', 'loop writing columns']
  const times = { warmups: quick ? 1 : 8, rounds: quick ? 3 : 15 }
  record(await compareInRounds({ contestants, baselines, amount: rows / 1e6, unit: 'M events/s', ...times }))
})
