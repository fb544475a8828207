import type { Source, SourceIntake } from '../connector/source.ts'
import { eventInvalid } from '../errors.ts'
import type { Pipeline } from '../pipeline.ts'
import type { JobCounts } from '../runtime/job-counts.ts'
import type { RunOptions } from '../runtime/run-options.ts'
import type { ResultRowOf } from '../schema/row-types.ts'
import type { SchemaFields } from '../schema/schema.ts'
import { checkPipeline } from './check-pipeline.ts'
import { type Entry, RecordingReader } from './recording-format.ts'
import { SteppedJob } from './stepped-job.ts'

/** How a recording is run again. */
export interface ReplayOptions {
  /** Default: the pipeline's. */
  readonly engine?: 'wasm' | 'js'
  /** Most rows of a batch. Default: the pipeline's `maxBatch`. */
  readonly batchSize?: number
  /** The error policies of the run: what was passed over when it was recorded needs the same policy again. */
  readonly errors?: RunOptions<never, never>['errors']
}

/** What came out. */
export interface Replayed<Row> {
  readonly rows: readonly Row[]
  /** By the name of the branch. */
  readonly branches: Readonly<Record<string, readonly unknown[]>>
  readonly counts: JobCounts
}

/**
 * Runs a recording again, on a virtual clock: everything comes in the order and at the instants at which it was recorded,
 * and the same comes out, to the bit. When all inputs have ended, the job is drained; otherwise it is left as it is.
 *
 * @param recording Its text, or its lines. It is read whole before anything runs.
 * @throws EventfluxError `DECODE_FAILED` for a recording that can't be read, with the line in `at`; what fails the job.
 *
 * @example
 * ```ts
 * const lines: string[] = []
 * const recorder = record(highs, line => lines.push(line))
 * const source = recorder.source([{ time: 0, symbol: 'ACME', price: 10, size: 1 }])
 * await (await highs.run({ source, sink: [] })).done
 * const { rows } = await replay(highs, lines)
 * rows[0]?.high // 10
 * ```
 */
export async function replay<F extends SchemaFields, T extends string | undefined, S extends SchemaFields>(
  pipeline: Pipeline<F, T, S>,
  recording: string | Iterable<string> | AsyncIterable<string>,
  options: ReplayOptions = {},
): Promise<Replayed<ResultRowOf<F>>> {
  checkPipeline('replay', pipeline)
  const { plan, config } = pipeline
  const { engine = config.engine, batchSize = config.maxBatch, errors } = options
  const reader = new RecordingReader(plan.source)
  const entries: Entry[] = []
  for await (const line of typeof recording === 'string' ? recording.split('\n') : recording) {
    const entry = reader.read(line)
    if (entry !== undefined) entries.push(entry)
  }
  const inputs = new Map([...reader.inputs.keys()].map(name => [name, new ReplayedInput(name)]))
  const job = await SteppedJob.start(
    pipeline,
    { engine, batchSize },
    { startMs: reader.finish(), sources: [...inputs.values()], errors },
  )
  try {
    for (const entry of entries) {
      if (entry.at > job.nowMs) await job.advanceTo(entry.at)
      inputs.get(entry.input)!.take(entry)
    }
    await job.settle()
    if (entries.length > 0 && [...reader.inputs.values()].every(isOpen => !isOpen)) await job.finish()
    if (job.hasFailed) throw job.errors.at(-1)
    const { outputs } = job
    return {
      rows: outputs.get(undefined) as ResultRowOf<F>[],
      branches: Object.fromEntries([...outputs].filter(([name]) => name !== undefined)),
      counts: job.counts(),
    }
  } finally {
    await job.abandon()
  }
}

/** An input of a recording, as a source of the job. */
class ReplayedInput implements Source<never> {
  readonly metadata
  #intake!: SourceIntake
  #end!: () => void

  constructor(name: string) {
    this.metadata = { name, kind: 'recording', replayable: true, bounded: true }
  }

  run(intake: SourceIntake): Promise<void> {
    this.#intake = intake
    return new Promise(resolve => {
      this.#end = resolve
      intake.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** Order is kept without waiting: a push behind one that waits for room waits too. */
  take(entry: Entry): void {
    if ('event' in entry) {
      const pushed = this.#intake.push(entry.event)
      // What fails it while it waits fails the job.
      if (pushed instanceof Promise) pushed.catch(() => {})
    } else if ('invalid' in entry) this.#intake.reject(eventInvalid(entry.invalid))
    else if (entry.is === 'ended') this.#end()
  }
}
