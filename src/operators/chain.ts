import type { RestoreTolerance } from '../checkpoint/named-state.ts'
import type { TextColumn } from '../checkpoint/text-columns-state.ts'
import type { ErrorCounts } from '../connector/error-policy.ts'
import type { EventfluxError } from '../errors.ts'
import type { ColumnsElsewhere } from '../memory/column-writer.ts'
import type { LinkMetrics } from '../metrics/link-metrics.ts'
import type { MeasuredWorker } from '../metrics/worker-metrics.ts'
import type { LogicalNode, RowsNode } from '../plan/logical-node.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { TotalOrder } from '../plan/total-order.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import type { BatchInputs } from './event-time/batch-inputs.ts'
import type { Lending } from './lending.ts'
import type { Operator } from './operator.ts'
import type { Shard } from './rows-of-shard.ts'
import type { StageTimers } from './stage-timers.ts'
import type { Layout, StateParts } from './state-parts.ts'
import type { StatefulStep } from './stateful-step.ts'
import type { EventTimeColumn } from './time-of-rows.ts'
import type { Stopwatch, TimedOperator } from './timed-operator.ts'
import type { PartialTarget } from './window/partial-window.ts'

/** What an operator counts. */
export interface OperatorCounts {
  readonly name: string
  readonly rowsIn: number
  readonly rowsOut: number
  /** How it runs, for explain(): kernels, and what bounds its state. */
  notes?(): readonly string[]
}

/** An operator that counts the rows going through it. */
export type CountingOperator = Operator & OperatorCounts

/** Steps of a plan that are done in other chains, up to the first half of a window, whose second half is done in this one. */
interface HalfElsewhere {
  readonly from: number
  /** The window. */
  readonly to: number
  /** The source's text columns, with the strings that records speak of. */
  readonly texts: readonly TextColumn[]
  /** Makes what sends rows there and takes records in. @param behind Makes what takes them, of the columns before the window. */
  build(columns: readonly InputColumn[], behind: (columns: readonly InputColumn[]) => Operator): Operator
  /** A batch is about to move the watermarks on. */
  beforeBatch(): void
}

/** What a chain is built with. */
export interface ChainParts {
  readonly context: EvaluationContext
  readonly maxKeys: number
  readonly timers: StageTimers
  /** Which inputs rows come in by, where there are several. */
  readonly inputs?: BatchInputs | undefined
  /** The event time of the rows the chain is given, where a step above has set it. */
  readonly time?: EventTimeColumn | undefined
  /** Which rows the chain works on behind a step, where it is one of several replicas. */
  readonly partition?: (Partitioning & { readonly shard: Shard }) | undefined
  readonly elsewhere?: HalfElsewhere | undefined
  /** Where the records of a window go of which the first half is done in this chain. */
  readonly partials?:
    | {
        readonly at: number
        readonly target: (columns: readonly InputColumn[], recordBytes: number) => PartialTarget
      }
    | undefined
  /** Columns the steps have been given that results are put in order by. */
  readonly order?: TotalOrder | undefined
  /** Measures every operator; left out, none is. */
  readonly stopwatch: Stopwatch | undefined
  /** The end of the chain, or of a side branch of that name: it gets the columns that arrive there. */
  readonly sink: (columns: readonly InputColumn[], branch: string | undefined) => Operator
  /** An operator running user code over rows. */
  readonly rows: (
    node: RowsNode,
    columns: readonly InputColumn[],
    next: (columns: readonly InputColumn[]) => Operator,
    /** The steps behind it. */
    behind: readonly LogicalNode[],
  ) => CountingOperator
}

/** A chain ready to run. */
export interface Chain {
  readonly head: Operator
  /** In data order. */
  readonly operators: readonly OperatorCounts[]
  /** The operators a step of the plan became, in data order. */
  readonly operatorsOf: ReadonlyMap<LogicalNode, readonly OperatorCounts[]>
  /** What measures each operator, where a stopwatch was given. */
  readonly timed: ReadonlyMap<OperatorCounts, TimedOperator>
  readonly eventTimes: readonly { readonly currentWatermark: number }[]
  /** An input has ended: it holds no watermark back any more. Between two batches; false: downstream is full. */
  endInput(input: number): boolean
  readonly windows: readonly { readonly lateRows: number }[]
  /** The text columns the chain is given. */
  readonly texts: readonly TextColumn[]
  /** What is done in other threads, where something is. */
  readonly elsewhere?: ChainElsewhere | undefined
  /** What keeps something from batch to batch, in data order. */
  readonly stateful: readonly StatefulStep[]
}

/** States of other threads. */
export interface ElsewhereStates {
  /** By thread. */
  readonly parts: StateParts['parts']
  /** How long the thread that took longest was held up, in nanoseconds. */
  readonly pauseNs: number
}

/** The part of a chain that runs in other threads. */
export interface ChainElsewhere {
  /** The threads, for who measures them. */
  readonly workers: readonly MeasuredWorker[]
  /** Links between threads that are bounded by rows, in data order. */
  readonly links: readonly LinkMetrics[]
  /**
   * Takes rows that have not been in this chain, behind all that have: `write` writes them where they will be worked on, or
   * says that they can't be. False: they have to go the way of all rows. Between two batches. Left out: none can.
   */
  readonly takeColumns?: ((rows: number, write: (to: ColumnsElsewhere) => boolean) => boolean) | undefined
  /** Works on rows where they stand; left out: none can be lent. */
  readonly lending?: Lending | undefined
  /** The error policies at work there. */
  readonly policies: readonly { readonly stage: string; readonly counts: Readonly<ErrorCounts> }[]
  /** Asks whether everything sent there has come back as results. Between two batches; false: not yet, `resume` tells. */
  settle(): boolean
  /**
   * Sends a barrier there, behind everything sent so far. Between two batches; false: not yet, `resume` tells.
   *
   * @param aligned Called when all that was in front of the barrier has come back, and nothing that was behind it; false:
   * downstream is full.
   */
  barrier(id: number, aligned: () => boolean): boolean
  /** What is kept there as of a barrier, in sections. */
  statesAt(id: number): Promise<ElsewhereStates>
  /** How the work is spread. */
  readonly layout: Layout
  /** Whether the rows of one input would come out in the same order once more, so spread, whatever thread is ahead. */
  readonly isRepeatable: boolean
  /** How often the threads were started anew. */
  readonly restarts: number
  /** A thread is lost. What ends the job because of it; undefined: nothing does, all of them are started anew. */
  lost(error: EventfluxError): EventfluxError | undefined
  /**
   * Gives the threads what was kept, before they begin: each a part of its own, or, where the work was spread otherwise, all
   * parts to each, which takes the keys of its own.
   */
  restore(parts: StateParts['parts'], isSpreadOtherwise: boolean, tolerance: RestoreTolerance): Promise<void>
  /** Resolves when none of the threads is there any more, after the chain was closed. */
  readonly gone: Promise<void>
}
