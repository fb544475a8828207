import type { EventfluxErrorCode } from '../errors.ts'
import type { JobCounts } from '../runtime/job-counts.ts'
import { type Duration, durationMs } from '../time/duration.ts'
import { MAIN, type StoryRun } from './story-run.ts'

/** A row that is expected: in place of a value there may be a function that says whether what came is right. */
export type ExpectedRow<Row> = { readonly [K in keyof Row]: Row[K] | ((value: Row[K]) => boolean) }

/** A step of a story, as it was told. */
export interface StoryStep {
  readonly run: (run: StoryRun) => void | Promise<void>
  /** Made where the step was told, so that what goes wrong in it points there. */
  readonly told: Error
  readonly isEnd: boolean
}

const WHOLE = { isPartial: false, isOrdered: true } as const

/**
 * What happens to a pipeline, step by step, and what is expected of it: see `testPipeline`. Steps may be chained or
 * told one by one.
 *
 * An expectation of rows speaks of those that came since the one before it. It comes with all of an output or none: at
 * the end of a story no row may be left of an output it expects anything of.
 *
 * @example
 * ```ts
 * await testPipeline(highs, story => {
 *   story.pushAt(500, { time: 0, symbol: 'ACME', price: 10 })
 *   story.advance('5s').expectNothing()
 *   story.end().expectPartial({ symbol: 'ACME', high: 10 })
 *   story.expectCounts({ numLateRecordsDropped: 0 })
 * })
 * ```
 */
export class PipelineStory<In, Out> {
  /** @internal */
  readonly steps: StoryStep[] = []

  /** Events arrive, now, in this order. */
  push(...events: readonly In[]): this {
    return this.#act(this.push, job => job.push(events))
  }

  /** The clock moves to this instant (milliseconds since the epoch), then events arrive. */
  pushAt(timeMs: number, ...events: readonly In[]): this {
    return this.#act(this.pushAt, async job => {
      await job.advanceTo(timeMs)
      await job.push(events)
    })
  }

  /** Time passes: timers that fall due on the way fire at their instants. */
  advance(duration: Duration): this {
    const ms = durationMs(duration, 'advance')
    return this.#act(this.advance, job => job.advanceTo(job.nowMs + ms))
  }

  /** Time passes up to an instant, in milliseconds since the epoch; it never goes back. */
  advanceTo(timeMs: number): this {
    return this.#act(this.advanceTo, job => job.advanceTo(timeMs))
  }

  /** The input ends: all windows close. A story without this step leaves the input open. */
  end(): this {
    return this.#act(this.end, job => job.end(), true)
  }

  /** These rows came out, in this order, and no others. */
  expect(...rows: readonly ExpectedRow<Out>[]): this {
    return this.#then(this.expect, run => run.expectRows(MAIN, rows, WHOLE))
  }

  /** No row came out. */
  expectNothing(): this {
    return this.#then(this.expectNothing, run => run.expectRows(MAIN, [], WHOLE))
  }

  /** As `expect`, but only the columns that are named are looked at. */
  expectPartial(...rows: readonly Partial<ExpectedRow<Out>>[]): this {
    return this.#then(this.expectPartial, run => run.expectRows(MAIN, rows, { ...WHOLE, isPartial: true }))
  }

  /** As `expect`, in whatever order. */
  expectInAnyOrder(...rows: readonly ExpectedRow<Out>[]): this {
    return this.#then(this.expectInAnyOrder, run => run.expectRows(MAIN, rows, { ...WHOLE, isOrdered: false }))
  }

  /** These rows came out of a branch made with `tee`, or of a window's late rows, by the name of the sink. */
  expectBranch(name: string, ...rows: readonly Readonly<Record<string, unknown>>[]): this {
    return this.#then(this.expectBranch, run => run.expectRows(name, rows, WHOLE))
  }

  /** Some counters since the beginning: `numLateRecordsDropped`, `filtered`, `invalid`, … */
  expectCounts(counts: Readonly<Partial<JobCounts>>): this {
    return this.#then(this.expectCounts, run => run.expectCounts(counts))
  }

  /**
   * An event was thrown back, or the job failed, with this code. Must stand before anything else happens. Rows of the step
   * in which a job fails are not looked at: how many there are depends on batches.
   */
  expectError(code: EventfluxErrorCode): this {
    return this.#then(this.expectError, run => run.expectError(code))
  }

  /** Hands over the rows that came, to be looked at by other means. Called once per run of the story. */
  check(look: (rows: readonly Out[]) => void): this {
    return this.#then(this.check, run => look(run.takeRows(MAIN) as readonly Out[]))
  }

  #act(by: unknown, action: Parameters<StoryRun['act']>[0], isEnd = false): this {
    return this.#then(by, run => run.act(action), isEnd)
  }

  #then(by: unknown, run: StoryStep['run'], isEnd = false): this {
    this.steps.push({ run, told: errorAt(by), isEnd })
    return this
  }
}

/** An error that points to where `by` was called. */
function errorAt(by: unknown): Error {
  const error = new Error()
  // Not every runtime has it; the others point a line or two further in.
  const { captureStackTrace } = Error as { captureStackTrace?: (error: Error, by: unknown) => void }
  captureStackTrace?.(error, by)
  return error
}
