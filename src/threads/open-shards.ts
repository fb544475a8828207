import type { ErrorPolicy } from '../connector/error-policy.ts'
import { optionInvalid, show } from '../errors.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import { type ShardPlan, shardPlan } from '../plan/shard-plan.ts'
import type { JobMode } from '../runtime/job-mode.ts'
import { type RunOptions, sourcesOf } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import { EventDrivenClock } from '../time/event-driven-clock.ts'
import type { KernelModule } from '../wasm/kernel-module.ts'
import { threadSupport } from '../wasm/thread-support.ts'
import { ShardLinks } from './shard-links.ts'
import { type ShardListener, shardedChain } from './sharded-chain.ts'
import { spawner } from './spawn.ts'

const MOST_WORKERS = 64

/** Workers that are ready for a plan. */
export class OpenShards {
  readonly links: ShardLinks
  readonly #plan: ShardPlan
  readonly #clock: Clock

  constructor(plan: ShardPlan, links: ShardLinks, clock: Clock) {
    this.links = links
    this.#plan = plan
    this.#clock = clock
  }

  /** What builds the chain of the job. */
  chain(listener: ShardListener): ReturnType<typeof shardedChain> {
    return shardedChain(this.#plan, this.links, listener, this.#clock)
  }

  /** Has the workers begin: the job is there. */
  begin(job: { failed(error: unknown): void }): void {
    this.links.begin(error => job.failed(error))
  }
}

/** What a job runs on. */
export interface ThreadsOfJob {
  readonly mode: JobMode
  readonly shards?: OpenShards
}

/**
 * Starts the workers a job asks for, where it can have any.
 *
 * @throws EventfluxError `OPTION_INVALID`; what keeps a worker from starting.
 */
export async function openShards(
  plan: LogicalPlan,
  parts: {
    readonly options: RunOptions<never, never>
    readonly config: ResolvedConfig
    readonly engine: 'wasm' | 'js'
    readonly module: KernelModule | undefined
    readonly streamClock: Clock
  },
): Promise<ThreadsOfJob> {
  const { options, config, engine, module, streamClock } = parts
  const { runtime } = options
  const asked = options.workers === undefined ? runtime?.workers : options.workers
  if (asked === undefined) return { mode: { kind: 'thread', workers: 0 } }
  const workers = checkWorkers(asked)
  const onOne = (reason: string): ThreadsOfJob => ({ mode: { kind: 'thread', workers: 0, reason } })
  if (streamClock instanceof EventDrivenClock) return onOne('its clock is moved by the rows')
  if (options.checkpoint !== undefined || options.restore !== undefined) return onOne('its checkpoints are taken there')
  const sharded = shardPlan(plan)
  if ('reason' in sharded) return onOne(sharded.reason)
  const stages = sharded.sharded.nodes.flatMap(node => ('fn' in node ? [node.name] : []))
  const errors = (options.errors ?? {}) as Readonly<Record<string, ErrorPolicy>>
  const policyOf = (stage: string): ErrorPolicy => (Object.hasOwn(errors, stage) ? errors[stage]! : 'fail')
  const waiting = stages.find(stage => typeof policyOf(stage) !== 'string')
  if (waiting !== undefined) return onOne(`the error policy of ${show(waiting)} is neither 'fail' nor 'skip'`)
  const { usable, reason } = runtime?.info.threads ?? threadSupport()
  if (!usable) return onOne(reason!)
  const sources = sourcesOf(options).length
  const links = await ShardLinks.open({
    plan: sharded,
    workers,
    config,
    engine,
    module: engine === 'wasm' ? await module!.compile() : undefined,
    inputs: sources === 0 ? 0 : sources + 1,
    skips: stages.filter(stage => policyOf(stage) === 'skip'),
    nowMs: streamClock.now(),
    spawn: await spawner(runtime?.worker),
  })
  return { mode: { kind: 'shards', workers }, shards: new OpenShards(sharded, links, streamClock) }
}

function checkWorkers(workers: unknown): number {
  if (Number.isInteger(workers) && (workers as number) >= 1 && (workers as number) <= MOST_WORKERS)
    return workers as number
  throw optionInvalid(`workers is an integer from 1 to ${MOST_WORKERS}, not ${show(workers)}`, {
    value: workers,
    at: 'workers',
  })
}
