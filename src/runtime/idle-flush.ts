import type { Clock } from '../time/clock.ts'

/** How long nothing may have reached the sinks before they are asked to make durable what they have. */
const IDLE_MS = 1_000

/** What an idle flush needs of a sink. */
interface FlushableSink {
  readonly rowsOut: number
  /** Whether the sink has anything to flush. */
  readonly canFlush: boolean
  flush(): Promise<void>
}

/** Flushes sinks when the stream pauses, so that a quiet hour doesn't keep the last rows in somebody's buffer. */
export class IdleFlush {
  readonly #clock: Clock
  readonly #sinks: readonly FlushableSink[]
  readonly #failed: (error: unknown) => void
  #flushed = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, sinks: readonly FlushableSink[], failed: (error: unknown) => void) {
    this.#clock = clock
    this.#sinks = sinks.filter(sink => sink.canFlush)
    this.#failed = failed
  }

  /** Nothing is left to do for now. */
  idle(): void {
    const rows = this.#rows()
    if (this.#cancel !== undefined || rows === this.#flushed) return
    this.#cancel = this.#clock.after(IDLE_MS, () => {
      this.#cancel = undefined
      if (this.#rows() === rows) this.#flush(rows)
      else this.idle()
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#flushed = Number.NaN
    this.#cancel = () => {}
  }

  #flush(rows: number): void {
    this.#flushed = rows
    for (const sink of this.#sinks) sink.flush().catch(this.#failed)
  }

  #rows(): number {
    let rows = 0
    for (const sink of this.#sinks) rows += sink.rowsOut
    return rows
  }
}
