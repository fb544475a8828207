import type { IntakeResult, Source, SourceIntake } from '../connector/source.ts'
import { type SourceLike, toSource } from '../connector/to-source.ts'
import { EventfluxError } from '../errors.ts'
import type { Job, JobSummary } from '../job.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import { expectArgument, isFunction } from '../options.ts'
import type { Pipeline } from '../pipeline.ts'
import type { FieldSpec } from '../plan/logical-node.ts'
import type { PushOptions } from '../runtime/admission/admission.ts'
import type { BatchResult, PushResult } from '../runtime/admission/push-result.ts'
import type { LendOptions } from '../runtime/loan.ts'
import type { InsertRowOf } from '../schema/row-types.ts'
import type { SchemaFields } from '../schema/schema.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { blockRows } from './block-rows.ts'
import { checkPipeline } from './check-pipeline.ts'
import { writeEntry, writeEvent, writeHeader } from './recording-format.ts'

/** The ways into a job, as a `Job` has them, each event written down. */
export interface RecordedInput<In> {
  push(event: In, options?: PushOptions): PushResult | Promise<PushResult>
  tryPush(event: In): boolean
  pushMany(events: readonly In[], options?: PushOptions): BatchResult | Promise<BatchResult>
  pushColumns(columns: ColumnBlock, options?: PushOptions): BatchResult | Promise<BatchResult>
  lendColumns(columns: ColumnBlock, options?: LendOptions): BatchResult | Promise<BatchResult>
  /** Ends all input, and the job with it. */
  drain(): Promise<JobSummary>
}

/** What was offered at once, and what became of it. */
interface Offer {
  readonly input: string
  /** The text of each event, or undefined for one that doesn't fit the schema; or of something that isn't one. */
  readonly contents: readonly (string | undefined)[]
  /** How many of them were taken, in their order; undefined while that is not known. */
  taken: number | undefined
  atMs: number
}

/**
 * Writes down what comes into a job: see `record`.
 *
 * @example
 * ```ts
 * const lines: string[] = []
 * const recorder = record(highs, line => lines.push(line))
 * const source = recorder.source([{ time: 0, symbol: 'ACME', price: 10, size: 1 }])
 * const recorded = await highs.run({ source, sink: row => console.log(row) })
 * ```
 */
export class Recorder<In> {
  readonly #columns: readonly FieldSpec[]
  readonly #write: (line: string) => unknown
  readonly #clock: Clock
  /** Every input, and whether it is still open. */
  readonly #inputs = new Map<string, boolean>()
  /** In the order of offering. Those at its head wait for their results, and the others behind them. */
  readonly #offers: Offer[] = []
  #atMs: number

  /** @internal Use `record()`. */
  constructor(columns: readonly FieldSpec[], write: (line: string) => unknown, clock: Clock) {
    this.#columns = columns
    this.#write = write
    this.#clock = clock
    this.#atMs = clock.now()
    write(writeHeader({ startMs: this.#atMs, columns }))
  }

  /** The source to run the job with, in place of `input`. */
  source(input: SourceLike<In>, name?: string): Source<In> {
    const source = toSource(input)
    return {
      get metadata() {
        return source.metadata
      },
      run: async intake => {
        const as = this.#opened(name ?? source.metadata.name)
        await source.run(this.#recording(as, intake))
        if (!intake.signal.aborted) this.#ended(as)
      },
      close: () => source.close?.(),
    }
  }

  /** The way into the job in place of its own `push…` and `drain`. */
  job(job: Job<In>, name = 'push'): RecordedInput<In> {
    const as = this.#opened(name)
    return {
      push: (event, options) => this.#offer(as, [event], () => job.push(event, options)),
      tryPush: event => {
        let isIn = false
        this.#offer(as, [event], () => {
          isIn = job.tryPush(event)
          return isIn || NOT_TAKEN
        })
        return isIn
      },
      pushMany: (events, options) => this.#offer(as, events, () => job.pushMany(events, options)),
      pushColumns: (columns, options) =>
        this.#offer(as, this.#rowsOf(columns), () => job.pushColumns(columns, options)),
      lendColumns: (columns, options) =>
        this.#offer(as, this.#rowsOf(columns), () => job.lendColumns(columns, options)),
      drain: () => {
        for (const input of this.#inputs.keys()) this.#ended(input)
        return job.drain()
      },
    }
  }

  #recording(as: string, intake: SourceIntake<In>): SourceIntake<In> {
    return {
      push: event => this.#offer(as, [event], () => intake.push(event)),
      pushMany: events => this.#offer(as, events, () => intake.pushMany(events)),
      pushColumns: columns => this.#offer(as, this.#rowsOf(columns), () => intake.pushColumns(columns)),
      reject: error => {
        const room = intake.reject(error)
        this.#settle(this.#begin(as, [invalid(error.message)]), 1)
        return room
      },
      signal: intake.signal,
      clock: intake.clock,
      ...(intake.schema && { schema: intake.schema }),
    }
  }

  /** Pushes events, and writes down those that are taken. */
  #offer<R extends IntakeResult>(as: string, events: readonly unknown[], push: () => R | Promise<R>): R | Promise<R> {
    const offer = this.#begin(
      as,
      events.map(event => {
        const text = writeEvent(this.#columns, event)
        return text && `"event":${text}`
      }),
    )
    const settle = (result: R): R => {
      this.#settle(offer, takenOf(result, events.length))
      return result
    }
    const settleFailure = (error: unknown): never => {
      // Events before one that is thrown back are in; a block that is refused as a whole has none. Whatever else is thrown
      // fails the job, by these events.
      const isThrownBack = error instanceof EventfluxError && error.code === 'EVENT_INVALID'
      this.#settle(offer, isThrownBack ? Math.max(0, offer.contents.indexOf(undefined)) : events.length)
      throw error
    }
    try {
      const result = push()
      return result instanceof Promise ? result.then(settle, settleFailure) : settle(result)
    } catch (error) {
      return settleFailure(error)
    }
  }

  #rowsOf(columns: ColumnBlock): readonly Record<string, unknown>[] {
    let rows: Record<string, unknown>[]
    try {
      const known = this.#columns.filter(({ name }) => Object.hasOwn(columns, name))
      rows = blockRows(Object.fromEntries(known.map(({ name }) => [name, columns[name]!])))
    } catch {
      // What is wrong with it, the job says better.
      return []
    }
    // Truth may come as bytes.
    for (const { name, type } of this.#columns)
      if (type === 'bool') for (const row of rows) if (row[name] === 0 || row[name] === 1) row[name] = row[name] === 1
    return rows
  }

  #opened(name: string): string {
    let as = name
    for (let n = 2; this.#inputs.has(as); n++) as = `${name} ${n}`
    this.#inputs.set(as, true)
    this.#mark(as, 'open')
    return as
  }

  #ended(as: string): void {
    if (this.#inputs.get(as)) this.#mark(as, 'ended')
    this.#inputs.set(as, false)
  }

  #mark(as: string, is: 'open' | 'ended'): void {
    this.#settle(this.#begin(as, [`"is":"${is}"`]), 1)
  }

  #begin(input: string, contents: readonly (string | undefined)[]): Offer {
    const offer: Offer = { input, contents, taken: undefined, atMs: 0 }
    this.#offers.push(offer)
    return offer
  }

  #settle(offer: Offer, taken: number): void {
    offer.taken = taken
    offer.atMs = this.#clock.now()
    for (let head = this.#offers[0]; head?.taken !== undefined; head = this.#offers[0]) {
      this.#offers.shift()
      this.#atMs = Math.max(this.#atMs, head.atMs)
      for (const content of head.contents.slice(0, head.taken))
        this.#write(writeEntry(this.#atMs, head.input, content ?? invalid("an event that doesn't fit the schema")))
    }
  }
}

const NOT_TAKEN = { ok: false, reason: 'full' } as const

const invalid = (why: string): string => `"invalid":${JSON.stringify(why)}`

function takenOf(result: IntakeResult | BatchResult, offered: number): number {
  if (result === true) return offered
  return 'accepted' in result ? result.accepted : 0
}

/**
 * Writes down what comes into a job, with the instants at which it came, so that `replay` can run it again: events that
 * were taken, in order, from each source and push, and their ends. Events that were refused or thrown back are left out.
 *
 * @param write Takes the lines, without line ends, of JSON that holds every value of the schema exactly.
 * @param options `clock`: the clock the job runs on. Default: the runtime's.
 *
 * @example
 * ```ts
 * const lines: string[] = []
 * const recorder = record(highs, line => lines.push(line))
 * const input = recorder.job(job)
 * input.push({ time: 1_700_000_000_000, symbol: 'ACME', price: 10.5, size: 3 })
 * await input.drain()
 * const { rows } = await replay(highs, lines)
 * ```
 */
export function record<F extends SchemaFields, T extends string | undefined, S extends SchemaFields>(
  pipeline: Pipeline<F, T, S>,
  write: (line: string) => unknown,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Recorder<InsertRowOf<S>> {
  checkPipeline('record', pipeline)
  expectArgument('record', write, isFunction, 'a function that writes a line')
  return new Recorder(pipeline.plan.source, write, clock)
}
