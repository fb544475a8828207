import type { ErrorPolicy } from '../connector/error-policy.ts'
import { show } from '../errors.ts'
import type { Chain } from '../operators/chain.ts'
import { shardsLayout, stagesLayout } from '../operators/state-parts.ts'
import { timeBehind } from '../operators/time-of-rows.ts'
import { comesByEnds } from '../plan/behind-shards.ts'
import { type Dealing, dealingOf } from '../plan/dealing.ts'
import { functionsCalled } from '../plan/load-functions.ts'
import type { LogicalNode, LogicalPlan, WindowAggregateNode } from '../plan/logical-node.ts'
import { optimise } from '../plan/optimise.ts'
import { type Partitioning, partitioningOf, withoutFunctions } from '../plan/partitioning.ts'
import { fieldSpecs, scopesOf, sourceScope } from '../plan/plan-scope.ts'
import { orderedSteps, type ResultOrder } from '../plan/total-order.ts'
import { sourcesOf, takesIds } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import { EventDrivenClock } from '../time/event-driven-clock.ts'
import { threadSupport } from '../wasm/thread-support.ts'
import { type DealtPlan, dealtChain } from './dealt-chain.ts'
import { FrameRing, frameRingMemory } from './frame-ring.ts'
import type { ThreadListener } from './lookout.ts'
import { recordColumns, ringBytes, widestResult } from './ring-sizes.ts'
import { spawner } from './spawn.ts'
import { linkBefore, stageName } from './stage-links.ts'
import { type ThreadPlan, threadedChain } from './threaded-chain.ts'
import { type OpenWorkers, onOneThread, type ReadyWorkers, type Stage, type ThreadsParts } from './threads-of-job.ts'
import { WakeUps } from './wake-ups.ts'
import type { WorkerJob } from './worker-job.ts'
import { inputWithin, seenFromHere } from './worker-memory.ts'
import { WorkerPool } from './worker-pool.ts'

/**
 * What of a ring is worth waking a worker for: there is more to come, and one that has caught up sleeps again.
 */
const WORTH_WAKING = 1 / 32
/**
 * The same where batches are dealt out, and enough for one worker before others get any: a batch or two, at some nanoseconds a
 * row. Functions of users may take any time: each batch of these goes to whoever has least to do, at once.
 */
const ENOUGH = 1 / 8

/** Batches a worker may have that are lent to it, and those it gets in a row; one where functions of users may take any time. */
const MOST_LENT = 32
const LENT_RUN = 16

/** Workers that are ready, and what they do. */
class OpenThreads implements ReadyWorkers {
  readonly #plan: ThreadPlan | DealtPlan
  readonly #clock: Clock

  constructor(plan: ThreadPlan | DealtPlan, clock: Clock) {
    this.#plan = plan
    this.#clock = clock
  }

  chain(listener: ThreadListener): ReturnType<typeof threadedChain> {
    if ('rings' in this.#plan) return dealtChain(this.#plan, listener, this.#clock)
    return threadedChain(this.#plan, listener, this.#clock)
  }

  begin(job: { failed(error: unknown): void }, chain: Chain): void {
    this.#plan.pool.begin(error => {
      const fatal = chain.elsewhere === undefined ? error : chain.elsewhere.lost(error)
      if (fatal !== undefined) job.failed(fatal)
    })
  }

  close(): Promise<void> {
    return this.#plan.pool.close()
  }
}

/** Why workers don't share a job, or not in some way. */
interface Refusal {
  readonly reason: string
}

/** How workers share a job. By keys: why not by batches, where that was not to be left out. */
type Sharing =
  | { readonly by: 'stages' }
  | { readonly by: 'batches'; readonly dealing: Dealing }
  | { readonly by: 'keys'; readonly partitioning: Partitioning; readonly reason?: string }

/** @throws what keeps a worker from starting. */
export const openWorkers: OpenWorkers = async (plan, { stages, workers, order: resultOrder }, parts) => {
  const { runtime } = parts.options
  // The steps of a stage stay where they were put.
  const running = stages.length > 1 ? plan : optimise(plan)
  const sharing = sharingOf(running, stages, resultOrder, parts)
  if (!('by' in sharing)) return onOneThread(plan, resultOrder, sharing.reason)
  const { reason } = reasonOf(running, stages, parts) ?? runtime?.info.threads ?? threadSupport()
  if (reason !== undefined) return onOneThread(plan, resultOrder, reason)
  const asks = resultOrder === 'key' ? {} : { order: resultOrder }
  const open = (threads: ThreadPlan | DealtPlan): OpenThreads => new OpenThreads(threads, parts.streamClock)
  switch (sharing.by) {
    case 'stages':
      return {
        mode: { kind: 'stages', workers: stages.length },
        plan: running,
        threads: open(await openStages(running, stages, parts)),
      }
    case 'batches':
      return {
        mode: { kind: 'shards', workers: workers!, distribution: 'batches', ...asks },
        plan: running,
        threads: open(await openDealt(running, workers!, sharing.dealing, parts)),
      }
    case 'keys': {
      const { partitioning, by, ...notByBatches } = sharing
      return {
        mode: { kind: 'shards', workers: workers!, distribution: by, ...asks, ...notByBatches },
        plan: running,
        threads: open(await openShards(running, workers!, partitioning, parts)),
      }
    }
  }
}

function sharingOf(
  plan: LogicalPlan,
  stages: readonly Stage[],
  order: ResultOrder,
  parts: ThreadsParts,
): Sharing | Refusal {
  if (stages.length > 1) return withoutFunctions(plan) ?? { by: 'stages' }
  const dealing = batchesOf(plan, order, parts)
  if (dealing !== undefined && 'window' in dealing) return { by: 'batches', dealing }
  const partitioning = partitioningOf(plan, order)
  return 'reason' in partitioning ? partitioning : { by: 'keys', partitioning, ...dealing }
}

/** Whether batches can be dealt out; if not, why, unless it is not to be. */
function batchesOf(plan: LogicalPlan, order: ResultOrder, parts: ThreadsParts): Dealing | Refusal | undefined {
  const { options } = parts
  if (options.distribution === 'keys') return undefined
  if (order === 'global') return { reason: 'results are numbered by the rows of all keys' }
  if (options.restart !== undefined) return { reason: 'lost workers are started anew' }
  const dealing = dealingOf(plan, sourcesOf(options).length > 0)
  if ('window' in dealing && isKeyed(plan, dealing) && goesByIds(parts))
    return { reason: 'rows have ids, which go by the order of results' }
  return dealing
}

/** Whether rows come in one order because somebody gets their ids. */
const goesByIds = ({ options }: ThreadsParts): boolean => options.order !== 'none' && takesIds(options)

const isKeyed = ({ nodes }: LogicalPlan, { window }: Dealing): boolean =>
  (nodes[window] as WindowAggregateNode).keys.length > 0

/** Why a job can't have workers, whatever its keys. */
function reasonOf(plan: LogicalPlan, stages: readonly Stage[], parts: ThreadsParts): Refusal | undefined {
  if (parts.streamClock instanceof EventDrivenClock) return { reason: 'its clock is moved by the rows' }
  const waiting = functionsOf(plan.nodes).find(stage => typeof policyOf(stage, parts) !== 'string')
  if (waiting !== undefined) return { reason: `the error policy of ${show(waiting)} is neither 'fail' nor 'skip'` }
  const time = plan.nodes.findIndex(({ op }) => op === 'eventTime')
  if (sourcesOf(parts.options).length > 1 && time >= stages[0]!.to)
    return { reason: 'the event time is set in a stage that does not see which source a row comes from' }
  return undefined
}

function functionsOf(nodes: readonly LogicalNode[]): readonly string[] {
  return nodes.flatMap(node => (node.op === 'tee' ? functionsOf(node.plan) : 'fn' in node ? [node.name] : []))
}

function policyOf(stage: string, { options }: ThreadsParts): ErrorPolicy {
  const errors = (options.errors ?? {}) as Readonly<Record<string, ErrorPolicy>>
  return Object.hasOwn(errors, stage) ? errors[stage]! : 'fail'
}

/** What all workers of a job are told. */
async function commonOf(nodes: readonly LogicalNode[], parts: ThreadsParts) {
  const { config, engine, module, streamClock } = parts
  return {
    engine,
    module: engine === 'wasm' ? await module!.compile() : undefined,
    maxBatch: Math.min(config.maxBatch, config.bufferSize),
    maxKeys: config.maxKeys,
    maxMemory: config.maxMemory,
    skips: functionsOf(nodes).filter(stage => policyOf(stage, parts) === 'skip'),
    nowMs: streamClock.now(),
    isTimed: config.metrics !== false,
  }
}

/** Inputs rows come in by; 0: one. */
const inputsOf = ({ options }: ThreadsParts): number => {
  const sources = sourcesOf(options).length
  return sources === 0 ? 0 : sources + 1
}

async function openShards(
  plan: LogicalPlan,
  count: number,
  partitioning: Partitioning,
  parts: ThreadsParts,
): Promise<ThreadPlan> {
  const { source, nodes } = plan
  const { end, order } = partitioning
  const isBehind = end < nodes.length
  const isByEnds = (isBehind || (order === undefined && goesByIds(parts))) && comesByEnds(plan, end)
  const steps = (order === undefined ? nodes : orderedSteps(nodes, order)).slice(0, end)
  const common = await commonOf(steps, parts)
  const input = frameRingMemory(ringBytes(parts.config, source, inputsOf(parts)), count)
  const outputBytes = ringBytes(parts.config, widestResult(nodes.slice(0, end), sourceScope(plan)))
  const jobs = Array.from({ length: count }, (_, index) => {
    const job: WorkerJob = {
      ...common,
      source,
      nodes: steps,
      time: undefined,
      partition: { ...partitioning, shard: { index, count } },
      half: undefined,
      within: undefined,
      inputs: inputsOf(parts),
      input,
      consumer: index,
      consumers: count,
      output: frameRingMemory(outputBytes, 1),
      ...LAST,
      isOrdered: isBehind || isByEnds || order !== undefined,
    }
    return { name: `worker ${index + 1} of ${count}`, job }
  })
  const pool = await WorkerPool.open(jobs, await spawner(parts.options.runtime?.worker))
  const stage = { workers: pool.workers, from: 0, to: end, dealtBefore: partitioning.before }
  return {
    pool,
    input: new FrameRing(input, count, new WakeUps(WORTH_WAKING)),
    layout: shardsLayout(count),
    links: [],
    ...restartsOf(parts),
    order,
    isByEnds,
    stages: [stage],
  }
}

async function openDealt(
  plan: LogicalPlan,
  count: number,
  { window }: Dealing,
  parts: ThreadsParts,
): Promise<DealtPlan> {
  const nodes = plan.nodes.slice(0, window + 1)
  const scope = scopesOf(nodes, sourceScope(plan))[window]!
  const outputBytes = ringBytes(parts.config, recordColumns(plan.nodes[window] as WindowAggregateNode, scope))
  const common = await commonOf(nodes, parts)
  const jobs = Array.from({ length: count }, (_, index) => {
    const job: WorkerJob = {
      ...common,
      source: plan.source,
      nodes,
      time: undefined,
      partition: undefined,
      half: { step: window, mostTexts: Math.floor(parts.config.maxKeys / count / 2) },
      inputs: inputsOf(parts),
      ...inputWithin(ringBytes(parts.config, plan.source, inputsOf(parts)), parts.engine, parts.config.maxMemory),
      consumer: 0,
      consumers: 1,
      output: frameRingMemory(outputBytes, 1),
      ...LAST,
      isOrdered: window + 1 < plan.nodes.length,
    }
    return { name: `worker ${index + 1} of ${count}`, job }
  })
  const pool = await WorkerPool.open(jobs, await spawner(parts.options.runtime?.worker))
  const places = await Promise.all(
    jobs.map(({ job }, worker) => seenFromHere(job.within, pool.workers[worker]!.shape.kernels)),
  ).catch(async error => {
    await pool.close()
    throw error
  })
  const hasFunctions = functionsOf(nodes).length > 0 || nodes.some(node => functionsCalled(node).size > 0)
  const wakeUps = new WakeUps(hasFunctions ? WORTH_WAKING : ENOUGH)
  return {
    pool,
    shares: {
      enough: hasFunctions ? 0 : ENOUGH,
      mostLent: (hasFunctions ? 2 : MOST_LENT) * common.maxBatch,
      run: (hasFunctions ? 1 : LENT_RUN) * common.maxBatch,
    },
    places,
    rings: jobs.map(({ job }) => new FrameRing(job.input, 1, wakeUps, job.within?.place)),
    window,
    fields: fieldSpecs(scope.schema),
  }
}

async function openStages(plan: LogicalPlan, stages: readonly Stage[], parts: ThreadsParts): Promise<ThreadPlan> {
  const { nodes } = plan
  const common = await commonOf(nodes, parts)
  const scopes = scopesOf(nodes, sourceScope(plan))
  const sources = stages.map(({ from }) => fieldSpecs(scopes[from]!.schema))
  const inputs = sources.map((source, i) =>
    frameRingMemory(ringBytes(parts.config, source, i === 0 ? inputsOf(parts) : 0), 1),
  )
  const links = stages.map(({ from }, i) => linkBefore(plan, from, i, stages.length, parts.config))
  const jobs = stages.map(({ from, to }, i) => {
    const job: WorkerJob = {
      ...common,
      source: sources[i]!,
      nodes: nodes.slice(from, to),
      time: timeBehind(nodes.slice(0, from)),
      partition: undefined,
      half: undefined,
      within: undefined,
      inputs: i === 0 ? inputsOf(parts) : 0,
      input: inputs[i]!,
      consumer: 0,
      consumers: 1,
      output: frameRingMemory(ringBytes(parts.config, widestResult(nodes.slice(from, to), scopes[from]!)), 1),
      next: inputs[i + 1],
      link: links[i + 1],
      before: links[i] && inputs[i - 1],
      isOrdered: false,
    }
    return { name: stageName(i, stages.length), job }
  })
  const pool = await WorkerPool.open(jobs, await spawner(parts.options.runtime?.worker))
  const done = stages.map((stage, i) => ({ ...stage, workers: [pool.workers[i]!], dealtBefore: 0 }))
  return {
    pool,
    input: new FrameRing(inputs[0]!, 1, new WakeUps(WORTH_WAKING)),
    layout: stagesLayout(stages.length),
    links: links.slice(1),
    ...restartsOf(parts),
    order: undefined,
    isByEnds: false,
    stages: done,
  }
}

/** Of workers that have no next stage. */
const LAST = { next: undefined, link: undefined, before: undefined }

const restartsOf = ({ options, clock }: ThreadsParts) => ({ restart: options.restart, clock })
