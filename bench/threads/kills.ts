// npm run kills -- [--kills 1000] [--within 1000] [--lent]
//
// Terminates a worker of a running job at a random moment, again and again, and runs the job anew: each loss is noticed within
// a second, every worker is gone, the counts add up, and the job run anew gives the answer it gives undisturbed. Rows are pushed
// as objects, or with --lent in columns that are lent: each loan is returned, once, and written over then.

import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { count, f64, type Job, pipeline, schema, sum, timestamp, tumbling, utf8 } from 'eventflux'

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    within: { type: 'string', default: '1000' },
    lent: { type: 'boolean', default: false },
  },
})
/** Milliseconds in which a loss is to be noticed: more on a machine that has other things to do. */
const WITHIN_MS = Number(options.within)
const KILLS = Number(options.kills)

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }
let workers: Worker[] = []
let alive = 0
threads.Worker = class extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args)
    workers.push(this)
    alive++
    this.once('exit', () => alive--)
  }
}

const readings = schema({ time: timestamp(), key: utf8(), value: f64() })
const plan = pipeline(readings, { bufferSize: 1_024, maxBatch: 256 })
  .eventTime('time')
  .keyBy('key')
  .window(tumbling('1s'))
  .aggregate(e => ({ rows: count(), sum: sum(e.value) }))
const keys = Array.from({ length: 97 }, (_, i) => `key ${i}`)
const rows = Array.from({ length: 6_144 }, (_, i) => ({ time: i * 3, key: keys[(i * 31) % 97]!, value: i % 13 }))
/** Rows that go in at once: half a batch. */
const BLOCK = 128

type Running = Job<(typeof rows)[number], unknown>
/** Gives a job the rows from one on. Whether it took them. */
type Feed = (at: number) => Promise<boolean>

const pushed =
  (job: Running): Feed =>
  async at =>
    (await job.pushMany(rows.slice(at, at + BLOCK))) === true

let loans = 0
let outlived = 0
let returns = 0
/** The same in columns that are lent. Who gets them back writes over them: what is returned too early makes another answer. */
function lent(job: Running): Feed {
  const free = job.lendableColumns(readings, { rows: BLOCK, blocks: 24 })
  return async at => {
    while (free.length === 0) {
      if (job.state !== 'running') return false
      await new Promise(resolve => setImmediate(resolve))
    }
    const block = free.pop()!
    for (let row = 0; row < BLOCK; row++) {
      const { time, value } = rows[at + row]!
      block.time[row] = time
      block.key[row] = ((at + row) * 31) % 97
      block.value[row] = value
    }
    let isBack = false
    const taken = job.lendColumns(
      { time: block.time, key: { codes: block.key, dictionary: keys }, value: block.value },
      {
        returned() {
          if (isBack) throw new Error('a loan was returned twice')
          isBack = true
          returns++
          block.time.fill(Number.NaN)
          block.key.fill(-1)
          block.value.fill(Number.NaN)
          free.push(block)
        },
      },
    )
    loans++
    const result = await taken
    // What was copied is back as soon as it is in.
    await undefined
    if (!isBack) outlived++
    return result === true
  }
}
const feeding = options.lent ? lent : pushed

/** What is true of every job that has ended. */
function checkEnded(job: Running): void {
  if (alive > 0) throw new Error(`${alive} workers are left`)
  const { accepted, delivered, evicted, queued } = job.counts()
  if (accepted !== delivered + evicted + queued) throw new Error('the counts do not add up')
  if (returns !== loans) throw new Error(`${loans - returns} loans were not returned`)
}

/** Milliseconds from a kill to the end of its job, the most so far. */
let slowestMs = 0

/** Runs the job; with `killAfterMs`, a worker is terminated then. The sorted results, or undefined when it failed. */
async function attempt(killAfterMs?: number): Promise<string | undefined> {
  workers = []
  const out: string[] = []
  const job = await plan.run({ workers: 2, sink: row => void out.push(JSON.stringify(row)) })
  let killedAt: number | undefined
  if (killAfterMs !== undefined) {
    const victim = workers[Math.floor(Math.random() * workers.length)]!
    setTimeout(() => {
      killedAt = performance.now()
      void victim.terminate()
    }, killAfterMs)
  }
  const feed = feeding(job)
  try {
    for (let at = 0; at < rows.length; at += BLOCK) {
      if (!(await feed(at))) break
      if (at % (4 * BLOCK) === 0) await new Promise(resolve => setImmediate(resolve))
    }
    await job.drain()
  } catch (error) {
    if (killedAt === undefined) throw error
    const ms = performance.now() - killedAt
    slowestMs = Math.max(slowestMs, ms)
    if (ms > WITHIN_MS) throw new Error(`a lost worker was noticed after ${ms.toFixed(0)} ms`, { cause: error })
  }
  checkEnded(job)
  return job.state === 'stopped' ? out.sort().join('\n') : undefined
}

/** The same with workers that are started anew: the kills go on until the end, and the job gives the answer all the same. */
async function restarted(kills: number): Promise<number> {
  workers = []
  const out: string[] = []
  const job = await plan.run({
    workers: 2,
    sink: row => void out.push(JSON.stringify(row)),
    restart: { attempts: kills, logBytes: 16_384 },
  })
  const feed = feeding(job)
  let killed = 0
  for (let at = 0; at < rows.length; at += BLOCK) {
    await feed(at)
    if (killed < kills && at > (killed * rows.length) / kills) {
      killed++
      const [victim] = workers.splice(-1 - Math.floor(Math.random() * 2), 1)
      setTimeout(() => void victim?.terminate(), Math.random() * 10)
      await new Promise(resolve => setTimeout(resolve, Math.random() * 30))
    }
  }
  const { restarts, accepted, delivered } = await job.drain()
  if (out.sort().join('\n') !== expected) throw new Error('another answer after a new start')
  if (accepted !== rows.length || delivered !== rows.length) throw new Error('rows are missing')
  checkEnded(job)
  return restarts
}

const expected = await attempt()
let lost = 0
for (let kill = 0; kill < KILLS / 2; kill++) {
  const disturbed = await attempt(Math.random() * 40)
  if (disturbed === undefined) lost++
  else if (disturbed !== expected) throw new Error('another answer')
  if (kill % 10 === 0 && (await attempt()) !== expected) throw new Error('another answer after a loss')
}
console.log(`${KILLS / 2} kills, ${lost} of them before the end: always noticed, nothing left, the same answer`)
console.log(`the slowest was noticed after ${slowestMs.toFixed(0)} ms`)
if (options.lent)
  console.log(`${loans} loans, ${outlived} of them of rows that workers read where they stood: all returned once`)
let restarts = 0
for (let kill = 0; kill < KILLS / 2; kill += 10) restarts += await restarted(10)
console.log(`${KILLS / 2} kills with restart, ${restarts} new starts: the same answer and counts, nothing left`)
