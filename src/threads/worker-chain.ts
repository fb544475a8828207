import type { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import { RowReader } from '../memory/row-reader.ts'
import { buildChain } from '../operators/build-chain.ts'
import type { Chain } from '../operators/chain.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import { buildRowStage, seenColumns } from '../operators/row-stage.ts'
import type { StageListener } from '../operators/stage-listener.ts'
import type { StageTimers } from '../operators/stage-timers.ts'
import { fieldSpecs } from '../plan/plan-scope.ts'
import { schemaFrom } from '../schema/schema.ts'
import type { ReceivedInputs } from './batch-receiver.ts'
import { RecordLink } from './record-link.ts'
import type { WorkerJob, WorkerShape } from './worker-job.ts'
import type { WorkerLinks } from './worker-links.ts'

interface WorkerChainParts {
  readonly context: EvaluationContext
  readonly timers: StageTimers
  readonly inputs: ReceivedInputs | undefined
  /** Where what comes out goes. */
  readonly links: WorkerLinks
  readonly policyOf: (stage: string) => ErrorPolicyRunner
  /** Who is told of what functions of users do. */
  readonly listener: StageListener
}

/** The chain of a worker, and what is told of it. */
interface WorkerChain {
  readonly chain: Chain
  /** What it puts out. */
  readonly streams: WorkerShape['streams']
  /** Where records go, when it does the first half of a window. */
  readonly records: RecordLink | undefined
  /** Dictionaries of columns that functions of users put out. */
  readonly made: readonly Dictionary[]
}

/** Builds the steps of a job over the memory of its worker, between the ways in and out. */
export function workerChain(
  job: WorkerJob,
  columns: readonly InputColumn[],
  { context, timers, inputs, links, policyOf, listener }: WorkerChainParts,
): WorkerChain {
  const { maxBatch, maxKeys, half, partition } = job
  const { arena } = context
  const streams: WorkerShape['streams'][number][] = []
  const made: Dictionary[] = []
  let records: RecordLink | undefined
  const chain = buildChain(job.nodes, columns, {
    context,
    maxKeys,
    timers,
    inputs,
    stopwatch: undefined,
    time: job.time,
    partition,
    partials: half && {
      at: half.step,
      target(given, recordBytes) {
        const stream = streams.push({ branch: undefined, fields: specsOf(given), recordBytes }) - 1
        const { mostTexts } = half
        records = new RecordLink({ stream, link: links.output, context, columns: given, recordBytes, mostTexts })
        return records
      },
    },
    order: partition?.order,
    sink(ends, branch) {
      const stream = streams.push({ branch, fields: specsOf(ends) }) - 1
      return links.sink(ends, { branch, stream }, context, timers)
    },
    rows(node, ends, next, behind) {
      const { operator, dictionaries } = buildRowStage(node, ends, {
        arena,
        maxBatch,
        reader: new RowReader({ memory: arena.memory, fields: seenColumns(node, ends) }),
        policy: policyOf(node.name),
        listener,
        timers,
        maxCodes: maxKeys,
        next,
        behind,
      })
      made.push(...dictionaries)
      return operator
    },
  })
  return { chain, streams, records, made }
}

const specsOf = (columns: readonly InputColumn[]) =>
  fieldSpecs(schemaFrom(columns.map(({ name, type }) => [name, type])))
