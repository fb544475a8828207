// npm run checkpoints [-- --quick]
//
// What checkpoints cost, on windows of real keys: how long rows wait and how long it takes until one is durable, by size of
// the state and number of keys; what that does to the latency of events; restoring; and what holds only changes. Best and
// median of a few each: on a machine that does other things, the best is what the work takes.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type CheckpointStore, memoryStore } from 'eventflux'
import { addedLatency } from './added-latency.ts'
import { KeyedJob, type KeyKind } from './keyed-job.ts'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const ROUNDS = options.quick ? 2 : 9
const scaled = (keys: number): number => (options.quick ? Math.max(1_000, keys / 20) : keys)

const CASES: readonly (readonly [KeyKind, keys: number])[] = [
  ['integers', 1_000],
  ['integers', 20_000],
  ['integers', 100_000],
  ['integers', 330_000],
  ['integers', 1_000_000],
  ['integers', 2_000_000],
  ['texts', 1_000],
  ['texts', 100_000],
  ['texts', 250_000],
  ['texts', 1_000_000],
  ['sessions', 100_000],
  ['sessions', 220_000],
]

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0)
const best = (values: readonly number[]): number => Math.min(...values)
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const both = (values: readonly number[]): string => `${ms(best(values))} / ${ms(median(values))}`

async function sizes(): Promise<void> {
  console.log('\nkeys            | bytes    | rows wait, ms | durable after, ms | restored in, ms   (best / median)')
  for (const [kind, keys] of CASES) {
    const job = await KeyedJob.start(kind, scaled(keys), { store: memoryStore() })
    const pauses: number[] = []
    const durations: number[] = []
    let bytes: Uint8Array = new Uint8Array()
    for (let round = 0; round < ROUNDS; round++) {
      await job.touch(scaled(keys) / 10)
      const checkpoint = await job.checkpoint()
      pauses.push(checkpoint.pauseMs)
      durations.push(checkpoint.durationMs)
      bytes = checkpoint.bytes
    }
    await job.end()
    const restores: number[] = []
    for (let round = 0; round < 3; round++) restores.push(await KeyedJob.restoreMs(kind, bytes))
    const size = `${(bytes.length / 1e6).toFixed(2)} MB`
    console.log(
      `${`${scaled(keys)} ${kind}`.padEnd(16)}| ${size.padEnd(9)}| ${both(pauses).padEnd(14)}| ${both(durations).padEnd(18)}| ${both(restores)}`,
    )
  }
}

async function changes(): Promise<void> {
  console.log('\nkeys            | whole    | 1 % of keys changed | share')
  for (const [kind, keys] of [
    ['integers', 330_000],
    ['texts', 250_000],
    ['sessions', 220_000],
  ] as const) {
    const store = new WatchedStore()
    const touched = scaled(keys) / 100
    const job = await KeyedJob.start(kind, scaled(keys), { store, fullEvery: 1_000, everyEvents: touched })
    const { bytes } = await job.checkpoint()
    const whole = bytes.length
    // The first holds changes to none, as every one that is asked for; the second holds those to the first.
    for (let i = 0; i < 2; i++) {
      const kept = store.next()
      await job.touch(touched)
      await kept
    }
    const changed = store.lastBytes
    await job.end()
    const share = ((100 * changed) / whole).toFixed(1)
    console.log(
      `${`${scaled(keys)} ${kind}`.padEnd(16)}| ${(whole / 1e6).toFixed(1)} MB  | ${(changed / 1e6).toFixed(2)} MB             | ${share} %`,
    )
  }
}

async function latency(): Promise<void> {
  const seconds = options.quick ? 2 : 20
  console.log('\nlatency of events, ms     p50     p99   p99.9     max')
  for (const everyMs of [undefined, 1_000, undefined, 1_000]) {
    const figure = await addedLatency({ keys: scaled(330_000), seconds, everyMs })
    const name = everyMs === undefined ? 'no checkpoints' : 'one a second'
    const shown = [figure.p50, figure.p99, figure.p999, figure.max].map(each => (each / 1_000).toFixed(2).padStart(8))
    console.log(`${name.padEnd(20)}${shown.join('')}`)
  }
}

/** Tells of every checkpoint that it keeps. */
class WatchedStore implements CheckpointStore {
  readonly name = 'watched'
  readonly #store = memoryStore()
  lastBytes = 0
  #kept: () => void = () => {}

  /** Resolves with the next checkpoint. */
  next(): Promise<void> {
    return new Promise(resolve => {
      this.#kept = resolve
    })
  }

  list(): Promise<readonly number[]> {
    return this.#store.list()
  }

  get(id: number): Promise<Uint8Array | undefined> {
    return this.#store.get(id)
  }

  async put(id: number, bytes: Uint8Array): Promise<void> {
    await this.#store.put(id, bytes)
    this.lastBytes = bytes.length
    this.#kept()
  }

  delete(id: number): Promise<void> {
    return this.#store.delete(id)
  }
}

console.log(`${cpus().length} processors, ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`)
await sizes()
await changes()
await latency()
