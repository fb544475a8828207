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
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly schema: Schema
}

/** Runs the sources of a job, each with an intake of its own into the same edge. */
export class SourceIntakes {
  /** Resolves when every source has ended; rejects when one failed. */
  readonly done: Promise<void>
  /** Resolves when every source has ended, one way or the other, and is closed. */
  readonly closed: Promise<void>

  constructor(
    sources: readonly Source[],
    parts: IntakeParts & {
      /** The source of that number has given all its events, and not just because it had to stop. */
      readonly onEnd: (source: number) => void
    },
  ) {
    // A signal for each source: on a single one the listeners of many sources would look like a leak to the runtime.
    const aborts = sources.map(() => new AbortController())
    const { signal } = parts
    const abortAll = () => {
      for (const abort of aborts) abort.abort(signal.reason)
    }
    signal.addEventListener('abort', abortAll, { once: true })
    const runs = sources.map(async (source, i) => {
      try {
        await source.run(new EdgeIntake({ ...parts, signal: aborts[i]!.signal, input: i }))
        if (!signal.aborted) parts.onEnd(i)
      } catch (error) {
        await closeFailed(source, error)
        throw error
      }
      await source.close?.()
    })
    this.done = Promise.all(runs).then(() => {})
    this.closed = Promise.allSettled(runs).then(() => {})
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

  constructor(parts: IntakeParts & { readonly input: number }) {
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
