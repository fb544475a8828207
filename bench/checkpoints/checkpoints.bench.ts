import { type CheckpointStore, memoryStore } from 'eventflux'
import { check } from '../harness/check.ts'
import type { Figure, Target } from '../harness/figure.ts'
import { group } from '../harness/group.ts'
import { LatencySamples, type LatencyTarget } from '../harness/latency.ts'
import { spreadOf } from '../harness/statistics.ts'
import { addedLatency } from './added-latency.ts'
import { KeyedJob, type KeyKind } from './keyed-job.ts'

const CASES: readonly (readonly [KeyKind, keys: number])[] = [
  ['integers', 1_000],
  ['integers', 20_000],
  ['integers', 100_000],
  ['integers', 330_000],
  ['integers', 1_000_000],
  ['integers', 2_000_000],
  ['texts', 100_000],
  ['texts', 250_000],
  ['texts', 1_600_000],
  ['sessions', 220_000],
]
/** Keys of a state of 16 MB, by kind. */
const AT_16_MB: readonly (readonly [KeyKind, keys: number])[] = [
  ['integers', 330_000],
  ['texts', 250_000],
  ['sessions', 220_000],
]
const QUICK_SHARE = 20

const megabytes = (bytes: Uint8Array): number => bytes.length / 1e6
const nameOf = (keys: number, kind: KeyKind, bytes: Uint8Array): string =>
  `${keys.toLocaleString('en')} ${kind}, ${megabytes(bytes).toFixed(1)} MB`

group(
  'taking',
  'count, sum, min, max by key: rows wait, then the checkpoint becomes durable (in memory)',
  async context => {
    const rounds = context.quick ? 2 : 9
    for (const [kind, all] of CASES) {
      const keys = context.quick ? Math.max(1_000, all / QUICK_SHARE) : all
      const job = await KeyedJob.start(kind, keys, { store: memoryStore() })
      const [pauses, durations] = [new LatencySamples(rounds), new LatencySamples(rounds)]
      let bytes: Uint8Array = new Uint8Array()
      for (let round = 0; round < rounds; round++) {
        await job.touch(keys / 10)
        const checkpoint = await job.checkpoint()
        pauses.record(checkpoint.pauseMs)
        durations.record(checkpoint.durationMs)
        bytes = checkpoint.bytes
      }
      await job.end()
      const name = nameOf(keys, kind, bytes)
      context.recordLatencies([pauses.figure(`${name}: rows wait`, 0), durations.figure(`${name}: until durable`, 0)])
    }
  },
)

/** A rate, and what it is held against. */
function figureOf(name: string, unit: string, values: readonly number[], targets: readonly Target[]): Figure {
  const spread = spreadOf(values)
  const reached = spread.median
  return { name, unit, ...spread, targets: targets.map(each => ({ ...each, reached, met: reached >= each.atLeast })) }
}

group('restoring', 'from the bytes of a checkpoint to a job that takes rows', async context => {
  for (const [kind, all] of CASES.filter(([, keys]) => keys >= 200_000)) {
    const keys = context.quick ? all / QUICK_SHARE : all
    const job = await KeyedJob.start(kind, keys, { store: memoryStore() })
    const { bytes } = await job.checkpoint()
    await job.end()
    const results = await KeyedJob.resultsAfter(kind, bytes)
    check(results === keys, `${results} results of ${keys} keys`)
    const rates: number[] = []
    for (let round = 0; round < (context.quick ? 1 : 7); round++) {
      globalThis.gc?.()
      rates.push(megabytes(bytes) / ((await KeyedJob.restoreMs(kind, bytes)) / 1_000))
    }
    context.record([figureOf(nameOf(keys, kind, bytes), 'MB/s', rates, [{ of: 'value', atLeast: 100 }])])
  }
})

group(
  'changes',
  'checkpoints behind rows of 1 % of the keys: how many of them have the bytes of a whole one',
  async context => {
    for (const [kind, all] of AT_16_MB) {
      const keys = context.quick ? all / QUICK_SHARE : all
      const store = new WatchedStore()
      const job = await KeyedJob.start(kind, keys, { store, fullEvery: 1_000, everyEvents: keys / 100 })
      const { bytes } = await job.checkpoint()
      const shares: number[] = []
      // The first holds changes to none, as every one that is asked for; those behind it hold changes to the one before.
      for (let round = 0; round < 4; round++) {
        const kept = store.next()
        await job.touch(keys / 100)
        await kept
        if (round > 0) shares.push(bytes.length / store.lastBytes)
      }
      await job.end()
      context.record([figureOf(nameOf(keys, kind, bytes), 'to a whole one', shares, [{ of: 'value', atLeast: 10 }])])
    }
  },
)

group('latency', 'from when an event is due until it comes out, in front of a state of 16 MB', async context => {
  const seconds = context.quick ? 2 : 20
  const [alone, kept] = [new LatencySamples(40 * 20_000), new LatencySamples(40 * 20_000)]
  for (let round = 0; round < 2; round++) {
    for (const [samples, everyMs] of [
      [alone, undefined],
      [kept, 1_000],
    ] as const)
      await addedLatency({ keys: context.quick ? 16_500 : 330_000, seconds, everyMs, samples })
  }
  const without = alone.figure('no checkpoints', 0)
  const added: LatencyTarget = { of: 'p99', atMost: 20_000, above: without }
  context.recordLatencies([without, kept.figure('one a second', 0, [added])])
})

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
