import type { CheckpointStore, EventfluxError, Job, JobSummary, Pipeline } from 'eventflux'
import { fileStore } from 'eventflux/node'
import type { RunCommand } from './arguments.ts'
import { BrokenLines } from './broken-lines.ts'
import { hintOf } from './failure-hint.ts'
import { Input } from './input.ts'
import { loadPlan } from './load-plan.ts'
import { branchOutput, checkPlaces, outputOf } from './output.ts'
import { Progress } from './progress.ts'
import { reportOf } from './report.ts'
import { UsageError } from './usage-error.ts'

/** From one checkpoint to the next. */
const CHECKPOINT_MS = 5_000

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** Carries out `eventflux run`; gives the exit code. */
export async function run(command: RunCommand): Promise<number> {
  const pipeline = await loadPlan(command)
  if (command.explain) {
    process.stdout.write(`${pipeline.explain()}\n`)
    return 0
  }
  await checkPlaces(command)
  const input = await Input.open(command)
  const store = command.checkpoint === undefined ? undefined : fileStore(command.checkpoint)
  const goesOn = store !== undefined && (await checkpointsIn(store)) > 0
  const broken = new BrokenLines(command.onError, goesOn)
  const job = await start(pipeline, command, input, broken, { store, goesOn })
  const progress = showsProgress(command) ? new Progress(job, input) : undefined
  const interruption = onInterruption(job, () => progress?.stop())
  let summary: JobSummary | undefined
  try {
    summary = await job.done
    await broken.close()
  } catch (error) {
    progress?.stop()
    if (isReaderGone(error)) return 0
    process.stderr.write(`eventflux: ${(error as Error).message}${hintOf(error, command)}\n`)
    return 1
  } finally {
    progress?.stop()
    interruption.forget()
  }
  if (command.metrics) process.stderr.write(reportOf(job))
  if (!command.quiet) tell(summary, broken, interruption.code, command.checkpoint)
  return interruption.code ?? 0
}

/** @throws UsageError when the directory can't be used. */
async function checkpointsIn(store: CheckpointStore): Promise<number> {
  try {
    return (await store.list()).length
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** @throws UsageError when the plan wants something of the command that it doesn't give. */
async function start(
  pipeline: Pipeline,
  command: RunCommand,
  input: Input,
  broken: BrokenLines,
  { store, goesOn }: { readonly store: CheckpointStore | undefined; readonly goesOn: boolean },
): Promise<Job<unknown, unknown>> {
  try {
    return await pipeline.run({
      source: input.source,
      sink: outputOf(command, pipeline.outputSchema.fields, goesOn) as never,
      sinks: Object.fromEntries([...command.branches].map(([name, path]) => [name, branchOutput(path, goesOn)])),
      errors: { source: broken.policy },
      ...(store ? { checkpoint: { store, everyMs: CHECKPOINT_MS }, restore: 'latest' as const } : {}),
    })
  } catch (error) {
    const { code, message, at } = error as EventfluxError
    if (code?.startsWith('CHECKPOINT_'))
      throw new UsageError(
        `what ${command.checkpoint} holds can't be gone on from (another directory begins anew): ${message}`,
      )
    throw new UsageError(at === 'sinks' ? `${message}; here that is --branch NAME=FILE` : message)
  }
}

/**
 * The first signal takes what was read to its end, the second stops at once, though nobody takes the output.
 *
 * @param tidy leaves the terminal as it was.
 */
function onInterruption(job: Job<unknown, unknown>, tidy: () => void): { code: number | undefined; forget(): void } {
  const state = {
    code: undefined as number | undefined,
    forget() {
      for (const [signal, listener] of listeners) process.off(signal, listener)
    },
  }
  const listeners = Object.entries(SIGNALS).map(([signal, code]) => {
    const listener = (): void => {
      const isSecond = state.code !== undefined
      state.code = code
      if (isSecond) {
        tidy()
        process.exit(code)
      }
      // What it fails on is told by `done`.
      job.stop().catch(() => {})
    }
    process.on(signal, listener)
    return [signal, listener] as const
  })
  return state
}

/** Rows that go to the same terminal leave no room for a bar. */
function showsProgress({ quiet, output, format }: RunCommand): boolean {
  if (quiet || !process.stderr.isTTY) return false
  return output !== undefined || !process.stdout.isTTY || format === undefined || format === 'table'
}

/** Whether whoever read the output has gone away, as `| head` does. */
function isReaderGone(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ((cause as NodeJS.ErrnoException).code === 'EPIPE') return true
  return false
}

function tell(
  { delivered, numLateRecordsDropped }: JobSummary,
  broken: BrokenLines,
  interrupted: number | undefined,
  kept: string | undefined,
): void {
  const rows = (count: number): string => count.toLocaleString('en')
  if (broken.count > 0) {
    const lines = broken.count === 1 ? 'broken line was' : 'broken lines were'
    process.stderr.write(`eventflux: ${rows(broken.count)} ${lines} passed over; the first: ${broken.first}\n`)
  }
  if (numLateRecordsDropped > 0) {
    const [late, were] = numLateRecordsDropped === 1 ? ['row', 'was'] : ['rows', 'were']
    process.stderr.write(
      `eventflux: ${rows(numLateRecordsDropped)} late ${late} of ${rows(delivered)} ${were} dropped: the watermark had passed their windows\n`,
    )
  }
  if (interrupted !== undefined)
    process.stderr.write(
      `eventflux: interrupted after ${rows(delivered)} rows; ${kept === undefined ? 'all windows were closed' : `open windows are in ${kept}, and the same command goes on`}\n`,
    )
}
