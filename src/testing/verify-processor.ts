import type { Processor } from '../connector/processor.ts'
import { expectArgument, has } from '../options.ts'
import type { TimestampColumn } from '../pipeline/pipeline-fields.ts'
import { pipelineOn } from '../pipeline/start-pipeline.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import { type HarnessOptions, type HarnessReport, verifyPipeline } from './operator-harness.ts'

/** A processor of one's own, and what goes through it. */
export interface ProcessorSubject<F extends SchemaFields, G extends SchemaFields> {
  readonly input: Schema<F>
  readonly output: Schema<G>
  /** Makes a fresh instance, as the function given to `process` does. */
  readonly make: () => Processor<ResultRowOf<F>, InsertRowOf<G>>
  readonly rows: readonly InsertRowOf<F>[]
  /** The column watermarks follow, for a processor with `onWatermark`. Default: there is one at the end only. */
  readonly eventTime?: TimestampColumn<F>
}

/**
 * Runs a processor in every way that must make no difference, as `verifyPipeline` does a pipeline: a snapshot behind every
 * row that is restored into a fresh instance, by way of bytes; batches of any size; a downstream that is full every other
 * call. What came out is returned, for assertions of your own.
 *
 * @throws EventfluxError `HARNESS_FAILED` when what it keeps isn't all in its `snapshot`, or its output depends on more
 * than its rows and their times; `CHECKPOINT_UNSUPPORTED` when it keeps what has no bytes.
 *
 * @example
 * ```ts
 * const row = schema({ n: i32() })
 * const running = (): Processor<{ n: number }, { n: number }> => {
 *   let total = 0
 *   return {
 *     process: ({ n }, emit) => emit({ n: (total += n) }),
 *     snapshot: () => total,
 *     restore: state => { total = state as number },
 *   }
 * }
 * const { rows } = verifyProcessor({ input: row, output: row, make: running, rows: [{ n: 1 }, { n: 2 }] })
 * console.log(rows) // [{ n: 1 }, { n: 3 }]
 * ```
 */
export function verifyProcessor<F extends SchemaFields, G extends SchemaFields>(
  subject: ProcessorSubject<F, G>,
  options: Omit<HarnessOptions<InsertRowOf<F>>, 'engines'> = {},
): HarnessReport<ResultRowOf<G>> {
  expectArgument('verifyProcessor', subject, has('make'), 'what is tried: { input, output, make, rows }')
  const { input, output, make, rows, eventTime } = subject
  const source = pipelineOn({ kernels: undefined, openWorkers: undefined })(input)
  const timed = eventTime === undefined ? source : source.eventTime(eventTime as never)
  return verifyPipeline(timed.process(output, make as never), rows as never, {
    ...(options as object),
    // No kernel is called: either engine does.
    engines: ['js'],
  }) as never
}
