import { optionInvalid } from '../errors.ts'
import { expectArgument, isFunction } from '../options.ts'
import type { Pipeline } from '../pipeline.ts'
import type { RunOptions } from '../runtime/run-options.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { SchemaFields } from '../schema/schema.ts'
import { checkPipeline } from './check-pipeline.ts'
import { formatRow } from './format-value.ts'
import { PipelineStory, type StoryStep } from './pipeline-story.ts'
import { isSameValue } from './row-difference.ts'
import { type Manner, type Startable, SteppedJob } from './stepped-job.ts'
import { type StoryOutcome, StoryRun } from './story-run.ts'

/** How a story is run. */
export interface TestPipelineOptions {
  /** The engines to run it on. Default: both, or the one the pipeline is configured for. */
  readonly engines?: readonly ('wasm' | 'js')[]
  /** The sizes of batches to run it with. Default: 1, 2, 7, and the pipeline's own `maxBatch`. */
  readonly batchSizes?: readonly number[]
  /** What the clock shows at the beginning, in milliseconds since the epoch. Default 0. */
  readonly startMs?: number
  /** The error policies of the run. */
  readonly errors?: RunOptions<never, never>['errors']
}

/**
 * Tests a pipeline by a story: events that arrive, time that passes on a virtual clock, rows that are expected. The story
 * runs once on each engine with each size of batches, and everything that comes out must be the same each time. Needs no
 * test framework, and works in each.
 *
 * Functions of the pipeline (`mapRows`, …) serve all runs: what they remember must not change their answers.
 *
 * @throws Error that says which row and column differ, and points to the step of the story.
 *
 * @example
 * ```ts
 * const highs = pipeline(quotes)
 *   .eventTime('time')
 *   .keyBy('symbol')
 *   .window(tumbling('1m'))
 *   .aggregate(e => ({ high: max(e.price) }))
 *
 * await testPipeline(highs, story =>
 *   story
 *     .push({ time: 1_000, symbol: 'ACME', price: 10 }, { time: 2_000, symbol: 'ACME', price: 12 })
 *     .expectNothing()
 *     .push({ time: 60_000, symbol: 'ACME', price: 11 })
 *     .expect({ windowStart: 0, windowEnd: 60_000, symbol: 'ACME', high: 12 })
 *     .end()
 *     .expectPartial({ high: 11 }),
 * )
 * ```
 */
export async function testPipeline<F extends SchemaFields, T extends string | undefined, S extends SchemaFields>(
  pipeline: Pipeline<F, T, S>,
  tell: (story: PipelineStory<InsertRowOf<S>, ResultRowOf<F>>) => unknown,
  options: TestPipelineOptions = {},
): Promise<void> {
  checkPipeline('testPipeline', pipeline)
  expectArgument('testPipeline', tell, isFunction, 'a function that tells a story')
  const story = new PipelineStory<InsertRowOf<S>, ResultRowOf<F>>()
  tell(story)
  let first: [Manner, StoryOutcome] | undefined
  for (const manner of mannersOf(pipeline.config, options)) {
    const outcome = await runStory(pipeline, story.steps, manner, options)
    if (first === undefined) first = [manner, outcome]
    else expectSame(first, [manner, outcome])
  }
}

function mannersOf(
  config: Pipeline['config'],
  { engines = config.engine === 'auto' ? ['wasm', 'js'] : [config.engine], batchSizes }: TestPipelineOptions,
): Manner[] {
  const sizes = [...new Set(batchSizes ?? [1, 2, 7, config.maxBatch])]
  if (sizes.length === 0 || engines.length === 0)
    throw optionInvalid('A story runs on at least one engine, with at least one size of batches', { at: 'batchSizes' })
  return engines.flatMap(engine => sizes.map(batchSize => ({ engine, batchSize })))
}

async function runStory(
  pipeline: Startable,
  steps: readonly StoryStep[],
  manner: Manner,
  { startMs = 0, errors }: TestPipelineOptions,
): Promise<StoryOutcome> {
  const job = await SteppedJob.start(pipeline, manner, { startMs, errors })
  const run = new StoryRun(job)
  try {
    for (const [i, step] of steps.entries())
      await pointed(step, () => step.run(run), `step ${i + 1} of the story, ${nameOf(manner)}`)
    const last = steps.at(-1)
    const finish = (): StoryOutcome => run.finish(steps.some(step => step.isEnd))
    return last === undefined ? finish() : await pointed(last, finish, `the end of the story, ${nameOf(manner)}`)
  } finally {
    await job.abandon()
  }
}

/** What goes wrong says where in the story it was, and its stack leads to the line that told the step. */
async function pointed<V>({ told }: StoryStep, act: () => V | Promise<V>, where: string): Promise<V> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    error.message = `${error.message}\n\nin ${where}`
    const frames = told.stack?.indexOf('\n    at ') ?? -1
    if (frames >= 0) error.stack = `${error.name}: ${error.message}${told.stack!.slice(frames)}`
    throw error
  }
}

function expectSame([one, a]: [Manner, StoryOutcome], [other, b]: [Manner, StoryOutcome]): void {
  const differ = (what: string, left: unknown, right: unknown): never => {
    throw new Error(
      `The answer depends on how the pipeline runs: ${what}\n  - ${nameOf(one)}: ${formatRow(left)}\n  + ${nameOf(other)}: ${formatRow(right)}`,
    )
  }
  for (const [output, rows] of a.rows) {
    const others = b.rows.get(output)!
    const name = output === undefined ? 'row' : `row of the branch ${JSON.stringify(output)}`
    for (let at = 0; at < Math.max(rows.length, others.length); at++)
      if (!isSameValue(rows[at], others[at], Object.is)) differ(`${name} ${at}`, rows[at], others[at])
  }
  if (a.late !== b.late) differ('late rows', a.late, b.late)
}

const nameOf = ({ engine, batchSize }: Manner): string => `on ${engine} with batches of at most ${batchSize}`

/**
 * An expected number up to a tolerance, relative to it where it is greater than 1: for sums and means of fractions.
 *
 * @example
 * ```ts
 * await testPipeline(highs, story =>
 *   story.push({ time: 0, symbol: 'ACME', price: 0.1 + 0.2 }).end().expectPartial({ high: near(0.3) }),
 * )
 * ```
 */
export function near(expected: number, tolerance = 1e-9): (value: number | null) => boolean {
  const isNear = (value: number | null): boolean =>
    value !== null && Math.abs(value - expected) <= tolerance * Math.max(Math.abs(expected), 1)
  return Object.assign(isNear, { toString: () => `near ${expected}` })
}
