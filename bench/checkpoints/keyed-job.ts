import {
  type CheckpointStore,
  count,
  f64,
  i32,
  type JobCheckpoint,
  max,
  min,
  pipeline,
  schema,
  session,
  sum,
  timestamp,
  tumbling,
  utf8,
} from 'eventflux'

/** What rows are keyed by, and in what windows: long ones of integers or texts, or sessions of integers. */
export type KeyKind = 'integers' | 'texts' | 'sessions'

const BLOCK = 16_384
const LIMITS = { maxKeys: 4_000_000, maxMemory: 4_000_000_000 } as const

const planOf = (kind: KeyKind) =>
  pipeline(schema({ time: timestamp(), key: kind === 'texts' ? utf8() : i32(), value: f64() }), LIMITS)
    .eventTime('time')
    .keyBy('key')
    .window(kind === 'sessions' ? session('10h') : tumbling('10h'))
    .aggregate(e => ({ rows: count(), sum: sum(e.value), least: min(e.value), greatest: max(e.value) }))

type Running = Awaited<ReturnType<ReturnType<typeof planOf>['run']>>

/** How its checkpoints are kept. */
export interface Kept {
  readonly store: CheckpointStore
  readonly fullEvery?: number
  readonly everyEvents?: number
}

/** A job with one window open, which has rows of so many keys. */
export class KeyedJob {
  readonly #job: Running
  readonly #kind: KeyKind
  readonly #keys: number
  #seed = 1

  private constructor(job: Running, kind: KeyKind, keys: number) {
    this.#job = job
    this.#kind = kind
    this.#keys = keys
  }

  static async start(kind: KeyKind, keys: number, kept: Kept): Promise<KeyedJob> {
    const job = new KeyedJob(await planOf(kind).run({ checkpoint: kept }), kind, keys)
    // 7,919 is prime: each key once, in no order.
    await job.#push(keys, i => (i * 7_919) % keys)
    return job
  }

  /** How long it takes until a job stands where a checkpoint was taken, in milliseconds. */
  static async restoreMs(kind: KeyKind, bytes: Uint8Array): Promise<number> {
    const startMs = performance.now()
    const job = await planOf(kind).run({ restore: bytes })
    const tookMs = performance.now() - startMs
    await job.stop({ drain: false })
    return tookMs
  }

  /** How many results a job has that goes on where a checkpoint was taken, and ends. */
  static async resultsAfter(kind: KeyKind, bytes: Uint8Array): Promise<number> {
    let results = 0
    const onBatch = (batch: { readonly length: number }): void => {
      results += batch.length
    }
    const job = await planOf(kind).run({ restore: bytes, onBatch })
    await job.drain()
    return results
  }

  /** A row for each of so many keys, drawn at random. */
  async touch(keys: number): Promise<void> {
    await this.#push(keys, () => Math.floor(this.#random() * this.#keys))
  }

  checkpoint(): Promise<JobCheckpoint> {
    return this.#job.checkpoint()
  }

  async end(): Promise<void> {
    await this.#job.stop({ drain: false })
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) >>> 0
    return this.#seed / 2 ** 32
  }

  async #push(rows: number, keyOf: (row: number) => number): Promise<void> {
    for (let from = 0; from < rows; from += BLOCK) {
      const length = Math.min(BLOCK, rows - from)
      const keys = Array.from({ length }, (_, i) => keyOf(from + i))
      await this.#job.pushColumns({
        time: new Float64Array(length).fill(1_700_000_000_000),
        key: this.#kind === 'texts' ? keys.map(key => `customer ${key}`) : Int32Array.from(keys, key => key * 77 - 1e7),
        value: Float64Array.from(keys, () => this.#random()),
      })
    }
  }
}
