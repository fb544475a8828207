import type { Source, SourceIntake } from '../connector/source.ts'
import { EventfluxError } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import type { BatchResult, PushResult } from './admission/push-result.ts'
import type { SourceEdge } from './source-edge.ts'

/** What the intakes of all sources are made of. */
interface IntakeParts {
  readonly edge: SourceEdge
  readonly clock: Clock
  readonly schema: Schema
}

/** What the sources of a job are run with. */
interface SourceRunParts extends IntakeParts {
  /** The source of that number has given all its events, and not just because it had to stop. */
  readonly onEnd: (source: number) => void
}

/** The sources of a job, each with an intake of its own into the same edge. */
export class SourceIntakes {
  /** Resolves when every source has ended, one way or the other, and is closed. */
  readonly closed: Promise<void>
  readonly #sources: readonly Source[]
  readonly #parts: SourceRunParts
  /** One for each source: on a single one the listeners of many sources would look like a leak to the runtime. */
  readonly #aborts: readonly AbortController[]
  #isStopped = false
  #haveClosed!: () => void

  constructor(sources: readonly Source[], parts: SourceRunParts) {
    this.#sources = sources
    this.#parts = parts
    this.#aborts = sources.map(() => new AbortController())
    this.closed = new Promise(resolve => {
      this.#haveClosed = resolve
    })
  }

  /**
   * Resolves when every source has ended; rejects when one failed. The first events may be in, and may have ended the job,
   * when it returns.
   */
  run(): Promise<unknown> {
    const runs = this.#sources.map((source, i) => this.#run(source, i))
    void Promise.allSettled(runs).then(this.#haveClosed)
    return Promise.all(runs)
  }

  /** Tells every source that nobody wants more of it. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    let reason: unknown
    for (const abort of this.#aborts) {
      abort.abort(reason)
      reason = abort.signal.reason
    }
  }

  async #run(source: Source, input: number): Promise<void> {
    try {
      await source.run(new EdgeIntake({ ...this.#parts, signal: this.#aborts[input]!.signal, input }))
      if (!this.#isStopped) this.#parts.onEnd(input)
    } catch (error) {
      await closeFailed(source, error)
      throw error
    }
    await source.close?.()
  }
}

/** Closes a source that failed: what it failed on is what is told, and what closing fails on stands beside it. */
async function closeFailed(source: Source, failure: unknown): Promise<void> {
  try {
    await source.close?.()
  } catch (error) {
    if (failure instanceof EventfluxError) failure.suppressed.push(error)
  }
}

class EdgeIntake implements SourceIntake {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly schema: Schema
  readonly #edge: SourceEdge
  /** The number of the source. */
  readonly #input: number

  constructor(parts: IntakeParts & { readonly signal: AbortSignal; readonly input: number }) {
    this.signal = parts.signal
    this.clock = parts.clock
    this.schema = parts.schema
    this.#edge = parts.edge
    this.#input = parts.input
  }

  push(event: unknown): ReturnType<SourceEdge['push']> {
    return this.#counted(this.#edge.push(event, undefined, this.#input))
  }

  pushMany(events: readonly unknown[]): ReturnType<SourceEdge['pushMany']> {
    return this.#counted(this.#edge.pushMany(events, undefined, this.#input))
  }

  pushColumns(columns: ColumnBlock): ReturnType<SourceEdge['pushColumns']> {
    return this.#counted(this.#edge.pushColumns(columns, undefined, this.#input))
  }

  reject(error: EventfluxError): void | Promise<void> {
    return this.#edge.reject(error)
  }

  /** Rows the strategy refused are not given again; those that came too late for this run are. */
  #counted<R extends PushResult | BatchResult>(result: R | Promise<R>): R | Promise<R> {
    if (result === true) return result
    if (result instanceof Promise) {
      result.then(
        settled => void this.#counted(settled),
        () => {},
      )
    } else this.#refused(result as Exclude<PushResult | BatchResult, true>)
    return result
  }

  #refused(result: Exclude<PushResult | BatchResult, true>): void {
    if (result.reason === 'closed' || result.reason === 'aborted') return
    this.#edge.refused(this.#input, 'rejected' in result ? result.rejected : 1)
  }
}
