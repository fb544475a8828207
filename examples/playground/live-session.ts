import type { BackpressureStrategy, Job, MetricsSnapshot, ResultBatch } from 'eventflux'
import { type QueryName, queries } from './queries.ts'
import { TradeMaker } from './trade-maker.ts'

export interface Settings {
  readonly query: QueryName
  readonly engine: 'wasm' | 'js'
  readonly strategy: BackpressureStrategy & string
  readonly workers: number
}

const TICK_MS = 10
const BLOCK_ROWS = 16_384
const BUFFER_ROWS = 65_536
/** What may be owed after a pause of the page, in seconds of the rate. */
const MOST_OWED_S = 0.25
const KEPT_ROWS = 8

/** A job that is fed at a rate, until it is stopped. */
export class LiveSession {
  readonly job: Job<never, never>
  /** The latest results, as text, the newest first. */
  readonly results: string[][] = []
  readonly names: readonly string[]
  /** Events a second. */
  rate = 0
  /** Milliseconds the reader takes for a batch. */
  readerMs = 0
  /** Trades the producer would have sent but for the queue it waited for. */
  heldBack = 0
  readonly #maker = new TradeMaker(BLOCK_ROWS)
  readonly #timer: ReturnType<typeof setInterval>
  #snapshot: MetricsSnapshot | undefined
  #owed = 0
  #last = performance.now()
  #isWaiting = false

  private constructor(job: Job<never, never>, names: readonly string[]) {
    this.job = job
    this.names = names
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  static async start({ query, engine, strategy, workers }: Settings): Promise<LiveSession> {
    const pipeline = queries[query].make({ engine, backpressure: strategy, bufferSize: BUFFER_ROWS })
    let session: LiveSession | undefined
    const job = await pipeline.run({
      ...(workers > 0 ? { workers } : {}),
      onBatch: batch => session?.read(batch),
    })
    session = new LiveSession(
      job as unknown as Job<never, never>,
      pipeline.outputSchema.fields.map(({ name }) => name),
    )
    return session
  }

  metrics(): MetricsSnapshot {
    this.#snapshot = this.job.metrics(this.#snapshot)
    return this.#snapshot
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    // A job that failed has told so already.
    await this.job.stop({ drain: false, timeoutMs: 2_000 }).catch(() => {})
  }

  /** Keeps what is shown, and takes the time it was told to take. */
  read(batch: ResultBatch): void | Promise<void> {
    for (let row = Math.max(0, batch.length - KEPT_ROWS); row < batch.length; row++)
      this.results.unshift(this.names.map(name => cell(batch, name, row)))
    this.results.length = Math.min(this.results.length, KEPT_ROWS)
    if (this.readerMs > 0) return new Promise(resolve => setTimeout(resolve, this.readerMs))
  }

  #tick(): void {
    const now = performance.now()
    this.#owed += (this.rate * (now - this.#last)) / 1_000
    this.#last = now
    const most = this.rate * MOST_OWED_S
    if (this.#owed > most) {
      if (this.#isWaiting) this.heldBack += this.#owed - most
      this.#owed = most
    }
    while (this.#owed >= 1 && !this.#isWaiting) this.#push(Math.min(Math.floor(this.#owed), BLOCK_ROWS))
  }

  #push(rows: number): void {
    const now = Date.now()
    this.#owed -= rows
    const result = this.job.pushColumns(this.#maker.make(rows, now - (rows * 1_000) / this.rate, now))
    if (result === true || !('then' in result)) return
    this.#isWaiting = true
    const go = (): void => {
      this.#isWaiting = false
    }
    result.then(go, go)
  }
}

function cell(batch: ResultBatch, name: string, row: number): string {
  if (!batch.isValid(name, row)) return '–'
  if (name === 'symbol') return batch.text(name, row) ?? '–'
  const value = Number(batch.column(name)[row])
  if (name.startsWith('window')) return timeOfDay(value)
  const digits = Number.isInteger(value) ? 0 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** As the clock on the wall; milliseconds only where there are any. */
function timeOfDay(ms: number): string {
  const time = new Date(ms)
  const fraction = time.getMilliseconds() === 0 ? {} : { fractionalSecondDigits: 3 as const }
  return time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', ...fraction })
}
