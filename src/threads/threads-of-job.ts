import { optionInvalid, show } from '../errors.ts'
import { checkWorkers } from '../kernels/create-runtime.ts'
import type { Chain, ChainParts } from '../operators/chain.ts'
import type { InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import type { LogicalNode, LogicalPlan } from '../plan/logical-node.ts'
import { optimise } from '../plan/optimise.ts'
import { partitioningOf } from '../plan/partitioning.ts'
import type { ResultOrder, TotalOrder } from '../plan/total-order.ts'
import type { JobMode } from '../runtime/job-mode.ts'
import type { RestartPolicy, RunOptions } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import type { KernelModule } from '../wasm/kernel-module.ts'
import { threadSupport } from '../wasm/thread-support.ts'
import type { ThreadListener } from './lookout.ts'
import { refuseLossyLinks } from './stage-links.ts'
import { workersHere } from './workers-here.ts'

/** What a job runs on. */
interface ThreadsOfJob {
  readonly mode: JobMode
  /** The plan as it runs. */
  readonly plan: LogicalPlan
  readonly threads?: ReadyWorkers
  /** Columns that results are put in order by, where that is done on this thread. */
  readonly order?: TotalOrder | undefined
}

/** Workers that are ready. */
export interface ReadyWorkers {
  /** What builds the chain of the job. */
  chain(
    listener: ThreadListener,
  ): (nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts) => Chain
  /** Has the workers begin: the job is there. */
  begin(job: { failed(error: unknown): void }, chain: Chain): void
  close(): Promise<void>
}

/** What decides on which threads a job runs. */
export interface ThreadsParts {
  readonly options: RunOptions<never, never>
  readonly config: ResolvedConfig
  readonly engine: 'wasm' | 'js'
  readonly module: KernelModule | undefined
  readonly clock: Clock
  readonly streamClock: Clock
}

/** The steps of a stage: from one up to another. */
export interface Stage {
  readonly from: number
  readonly to: number
}

/** What is asked for: some workers, or one for each of several stages. */
interface AskedWorkers {
  readonly stages: readonly Stage[]
  readonly workers: number | undefined
  readonly order: ResultOrder
}

/** Starts the workers of a job, or says why it has none. Entries for where there are no threads come without it. */
export type OpenWorkers = (plan: LogicalPlan, asked: AskedWorkers, parts: ThreadsParts) => Promise<ThreadsOfJob>

/**
 * On which threads a job runs. Most run on this one, so that what workers need is behind `open`.
 *
 * @throws EventfluxError `OPTION_INVALID`; what keeps a worker from starting.
 */
export async function threadsOfJob(
  plan: LogicalPlan,
  parts: ThreadsParts,
  open: OpenWorkers | undefined,
): Promise<ThreadsOfJob> {
  const { runtime, restart } = parts.options
  checkRestart(restart)
  const stages = stagesOf(plan)
  if (stages.length > 1) refuseWorkers(parts.options.workers)
  if (restart !== undefined) refuseLossyLinks(plan)
  const asked = parts.options.workers === undefined ? runtime?.workers : parts.options.workers
  const workers = stages.length > 1 ? undefined : asked === 'auto' ? await workersHere() : checkWorkers(asked)
  const order = checkOrder(parts.options.order)
  if (workers === undefined && stages.length === 1) return onOneThread(plan, order, undefined)
  if (open !== undefined) return open(plan, { stages, workers, order }, parts)
  const { reason = 'this entry of eventflux is for where there are no threads' } =
    runtime?.info.threads ?? threadSupport()
  return onOneThread(plan, order, reason)
}

/** @param reason Why, where workers were asked for. */
export function onOneThread(plan: LogicalPlan, order: ResultOrder, reason: string | undefined): ThreadsOfJob {
  const running = optimise(plan)
  const isOrdered = order === 'global' && stagesOf(plan).length === 1
  const partitioning = isOrdered ? partitioningOf(running, order) : undefined
  return {
    mode: { kind: 'thread', workers: 0, ...(reason === undefined ? {} : { reason }) },
    plan: running,
    order: partitioning && 'before' in partitioning ? partitioning.order : undefined,
  }
}

function stagesOf({ nodes, stages = [] }: LogicalPlan): readonly Stage[] {
  const starts = [0, ...stages]
  return starts.map((from, i) => ({ from, to: starts[i + 1] ?? nodes.length }))
}

function checkRestart(policy: RestartPolicy | undefined): void {
  for (const [name, least] of [
    ['attempts', 1],
    ['delayMs', 0],
    ['logBytes', 1],
  ] as const) {
    const value = policy?.[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least))
      throw optionInvalid(`restart.${name} is a whole number of at least ${least}, not ${show(value)}`, {
        value,
        at: 'restart',
      })
  }
}

function checkOrder(order: unknown): ResultOrder {
  if (order === undefined) return 'key'
  if (order === 'key' || order === 'global' || order === 'none') return order
  throw optionInvalid(`order is 'key', 'global' or 'none', not ${show(order)}`, { value: order, at: 'order' })
}

function refuseWorkers(workers: unknown): void {
  if (workers === undefined) return
  throw optionInvalid('a pipeline with stages has a worker for each of them: leave out workers', { at: 'workers' })
}
