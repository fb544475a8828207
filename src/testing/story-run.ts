import { EventfluxError, type EventfluxErrorCode, messageOf } from '../errors.ts'
import type { JobCounts } from '../runtime/job-counts.ts'
import { formatRow } from './format-value.ts'
import { type Matching, rowDifference } from './row-difference.ts'
import type { SteppedJob } from './stepped-job.ts'

/** The output of the pipeline itself, among those of its branches. */
export const MAIN = undefined

/** What came out in the end: what may not depend on how the story was run. */
export interface StoryOutcome {
  readonly rows: ReadonlyMap<string | undefined, readonly unknown[]>
  readonly codes: readonly string[]
  readonly late: number
}

/** One run of a story: what it did so far, held against what the story expects. Throws Errors to be read. */
export class StoryRun {
  readonly #job: SteppedJob
  /** Rows of each output that an expectation has dealt with. */
  readonly #taken = new Map<string | undefined, number>()
  readonly #codes: string[] = []

  constructor(job: SteppedJob) {
    this.#job = job
  }

  /** Does something; an error that the story should have expected by now comes first. */
  async act(action: (job: SteppedJob) => Promise<void>): Promise<void> {
    this.#refuseErrors()
    const before = new Map([...this.#job.outputs].map(([name, rows]) => [name, rows.length]))
    const { hasFailed } = this.#job
    await action(this.#job)
    if (hasFailed || !this.#job.hasFailed) return
    // How far a batch came before it failed depends on its size: rows of the step that failed are no answer.
    for (const [name, rows] of this.#job.outputs) rows.length = before.get(name)!
  }

  expectRows(output: string | undefined, expected: readonly unknown[], matching: Matching): void {
    const difference = rowDifference(expected, this.takeRows(output), matching)
    if (difference === undefined) return
    throw new Error(`The rows${of(output)} differ (- expected, + came):\n\n${difference}${this.#pendingErrors()}`)
  }

  /** The rows of an output since the last expectation about it. */
  takeRows(output: string | undefined): readonly unknown[] {
    const rows = this.#job.outputs.get(output)
    if (rows === undefined) {
      const names = [...this.#job.outputs.keys()].filter(name => name !== MAIN)
      throw new Error(`There is no branch ${JSON.stringify(output)}; the branches are ${names.join(', ') || 'none'}`)
    }
    const from = this.#taken.get(output) ?? 0
    this.#taken.set(output, rows.length)
    return rows.slice(from)
  }

  expectCounts(expected: Readonly<Partial<JobCounts>>): void {
    const counts: Readonly<Record<string, unknown>> = { ...this.#job.counts() }
    const wrong = Object.entries(expected).filter(([name, count]) => counts[name] !== count)
    if (wrong.length === 0) return
    const lines = wrong.map(([name, count]) => `    ${name}: expected ${count}, is ${counts[name] ?? 'no count'}`)
    throw new Error(`The counts differ:\n\n${lines.join('\n')}${this.#pendingErrors()}`)
  }

  expectError(code: EventfluxErrorCode): void {
    const { errors } = this.#job
    const at = errors.findIndex(error => codeOf(error) === code)
    if (at < 0)
      throw new Error(
        `Expected an error ${code}, but ${errors.length > 0 ? 'others came' : 'none came'}${this.#pendingErrors()}`,
      )
    errors.splice(at, 1)
    this.#codes.push(code)
  }

  /** The story is over: an output it expects anything of must have been expected whole. */
  finish(isEnded: boolean): StoryOutcome {
    this.#refuseErrors()
    if (isEnded && this.#job.isEnding)
      throw new Error(
        'The input has ended, but not the job: something in it waits for the clock. Advance it behind end()',
      )
    for (const [output, taken] of this.#taken) {
      const rest = this.#job.outputs.get(output)!.slice(taken)
      if (rest.length === 0) continue
      const rows = rest.map(row => `  + ${formatRow(row)}`).join('\n')
      throw new Error(`At the end there are rows${of(output)} that the story does not expect:\n\n${rows}`)
    }
    return { rows: this.#job.outputs, codes: this.#codes, late: this.#job.counts().numLateRecordsDropped }
  }

  #refuseErrors(): void {
    const [error] = this.#job.errors
    if (error !== undefined)
      throw new Error(`An error came that the story does not expect: ${codeOf(error)} ${messageOf(error)}`, {
        cause: error,
      })
  }

  #pendingErrors(): string {
    const { errors } = this.#job
    return errors.length === 0
      ? ''
      : `\n\nErrors that came:\n${errors.map(error => `    ${codeOf(error)} ${messageOf(error)}`).join('\n')}`
  }
}

const of = (output: string | undefined): string => (output === MAIN ? '' : ` of the branch ${JSON.stringify(output)}`)
const codeOf = (error: unknown): string => (error instanceof EventfluxError ? error.code : 'Error')
