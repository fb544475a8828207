import type { Section } from '../checkpoint/checkpoint-format.ts'
import { dictionariesOf } from '../memory/column-buffers.ts'
import { buildChain } from '../operators/build-chain.ts'
import type { Chain, ChainParts, OperatorCounts } from '../operators/chain.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import type { Layout } from '../operators/state-parts.ts'
import { timeBehind } from '../operators/time-of-rows.ts'
import type { LogicalNode } from '../plan/logical-node.ts'
import { schemaOf } from '../plan/plan-scope.ts'
import type { TotalOrder } from '../plan/total-order.ts'
import type { RestartPolicy } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import type { FrameRing } from './frame-ring.ts'
import type { GatheredStream } from './gather.ts'
import type { ThreadListener } from './lookout.ts'
import { measuredLink } from './measured-link.ts'
import { measuredWorker } from './measured-worker.ts'
import { Scatter } from './scatter.ts'
import { stepsElsewhere } from './steps-elsewhere.ts'
import type { WorkerLink, WorkerRestore } from './worker-job.ts'
import type { ReadyWorker, WorkerPool } from './worker-pool.ts'
import { WorkerStates } from './worker-states.ts'

/** Workers that are ready, and how the job is dealt out to them. */
export interface ThreadPlan {
  readonly pool: WorkerPool
  /** The way to the first of them, or to all. */
  readonly input: FrameRing
  readonly layout: Layout
  /** The links between the stages, those that are bounded by rows: to the second, and so on. */
  readonly links: readonly (WorkerLink | undefined)[]
  /** How the results of the last are put in order, where they are. */
  readonly order: TotalOrder | undefined
  /** Whether results come in the order of their windows' ends, those of one end worker by worker. */
  readonly isByEnds: boolean
  /** Whether lost workers are started anew. */
  readonly restart: RestartPolicy | undefined
  /** The clock delays are measured by. */
  readonly clock: Clock
  /** Workers that do the same steps, over different rows; each has one before it whose results it takes. */
  readonly stages: readonly {
    readonly workers: readonly ReadyWorker[]
    /** The steps of the plan they do. */
    readonly from: number
    readonly to: number
    /** Steps before this are done by each of the workers, for all rows. */
    readonly dealtBefore: number
  }[]
}

/**
 * Makes the chain of a job that is done by workers: its head sends every batch to them, and what they put out goes into
 * the sinks.
 */
export function threadedChain(
  { pool, input, layout, links, order, isByEnds, stages, restart, clock: delays }: ThreadPlan,
  listener: ThreadListener,
  clock: Clock,
): (nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts) => Chain {
  return (nodes, columns, parts) => {
    const { context } = parts
    const operatorsOf = new Map<LogicalNode, readonly OperatorCounts[]>()
    const all = stages.map(({ workers, from, to, dealtBefore }) => {
      const { shape } = workers[0]!
      const elsewhere = stepsElsewhere(
        shape,
        workers.map(({ cells }) => cells),
        dealtBefore,
      )
      for (let step = from; step < to; step++)
        operatorsOf.set(
          nodes[step]!,
          elsewhere.operators.filter((_, at) => shape.operators[at]!.step === step - from),
        )
      return elsewhere
    })
    const last = stages.at(-1)!
    let behind: Chain | undefined
    const behindThem = (ends: readonly InputColumn[]): Operator => {
      if (last.to === nodes.length) return parts.sink(ends, undefined)
      const time = timeBehind(nodes.slice(0, last.to))
      behind = buildChain(nodes.slice(last.to), ends, { ...parts, inputs: undefined, time })
      return behind.head
    }
    const gathered = stages.flatMap(({ workers }, stage) => {
      const isLast = stage === stages.length - 1
      const streams = workers[0]!.shape.streams.map(({ branch, fields }): GatheredStream => {
        const ends = columnsOf(fields, context)
        if (branch !== undefined) return { columns: ends, to: parts.sink(ends, branch) }
        // Results of a stage in the middle go to the next, and nothing of them comes here.
        if (!isLast) return { columns: ends, to: NOWHERE }
        const visible = ends.filter(({ name }) => order?.hidden.includes(name) !== true)
        const to = behindThem(visible)
        const by = order?.by.map(column => ends.findIndex(({ name }) => name === column))
        return { columns: ends, to, isOrdered: isByEnds || behind !== undefined, merged: by && { by, visible } }
      })
      return workers.map(({ output }) => ({ ring: output, streams, answers: isLast }))
    })
    const states = new WorkerStates(pool)
    const head = new Scatter(columns, gathered, {
      context,
      pool,
      input,
      listener,
      clock,
      timers: parts.timers,
      delays,
      states,
      restart,
      inputs: parts.inputs,
    })
    for (const [node, operators] of behind?.operatorsOf ?? []) operatorsOf.set(node, operators)
    for (const { dictionary } of behind?.texts ?? []) dictionary.addOwner(mark => head.markCodes(dictionary, mark))
    return {
      head,
      operators: [...all.flatMap(({ operators }) => operators), ...(behind?.operators ?? [])],
      operatorsOf,
      timed: behind?.timed ?? new Map(),
      eventTimes: all.flatMap(({ eventTimes }) => eventTimes),
      windows: [...all.flatMap(({ windows }) => windows), ...(behind?.windows ?? [])],
      // Of what the workers do nothing is kept here: rows that were accepted are with them before anything is put into bytes.
      texts: behind?.texts ?? [],
      stateful: behind?.stateful ?? [],
      endInput: input => head.endInput(input),
      elsewhere: {
        workers: stages.flatMap(({ workers, dealtBefore }) => workers.map(each => measuredWorker(each, dealtBefore))),
        links: links.flatMap((link, i) => (link ? measuredLink(link, pool.workers[i]!, pool.workers[i + 1]!) : [])),
        policies: all.flatMap(({ policies }) => policies),
        settle: () => head.settle(),
        gone: pool.gone,
        layout,
        // The rows of a sink are put in order, or are all of one worker.
        isRepeatable: order !== undefined || isByEnds || stages.every(({ workers }) => workers.length === 1),
        barrier: (id, aligned) => head.barrier(id, aligned),
        statesAt: id => states.at(id),
        restore(kept, isSpreadOtherwise, { allowNew = false, allowDropped = false }) {
          const orders = pool.workers.map(
            (_, worker): WorkerRestore => ({
              kind: 'restore',
              parts: (isSpreadOtherwise ? kept : [kept[worker]!]).map(copied),
              isSpreadOtherwise,
              tolerance: { allowNew, allowDropped },
            }),
          )
          head.restarts?.restored(orders)
          return pool.restore(orders)
        },
        get restarts() {
          return head.restarts?.count ?? 0
        },
        lost: error => (head.restarts === undefined ? error : head.restarts.lost(error)),
      },
    }
  }
}

/** Sections that can be sent: a piece of a checkpoint would take all of it along. */
const copied = (sections: readonly Section[]): Section[] =>
  sections.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }))

/** An end that nothing comes to. */
const NOWHERE: Operator = {
  name: 'nowhere',
  process: () => true,
  advanceWatermark: () => true,
  nextFiring: () => Number.POSITIVE_INFINITY,
  resume: () => true,
  markCodes() {},
  close() {},
}

function columnsOf(fields: Parameters<typeof schemaOf>[0], { maxCodes }: EvaluationContext): readonly InputColumn[] {
  const { fields: columns } = schemaOf(fields)
  const dictionaries = dictionariesOf(columns, maxCodes * 2)
  return columns.map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] }))
}
