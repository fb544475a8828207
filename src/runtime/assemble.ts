import type { ErrorPolicy } from '../connector/error-policy.ts'
import { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'
import { type SinkLike, toSink } from '../connector/to-sink.ts'
import { optionInvalid, show } from '../errors.ts'
import type { Engine } from '../kernels/engine.ts'
import { Arena } from '../memory/arena.ts'
import { dictionariesOf } from '../memory/column-buffers.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import { RowReader } from '../memory/row-reader.ts'
import { UserTiming } from '../metrics/user-timing.ts'
import { buildChain } from '../operators/build-chain.ts'
import type { Chain, CountingOperator } from '../operators/chain.ts'
import type { InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import { buildRowStage, seenColumns } from '../operators/row-stage.ts'
import type { StageListener } from '../operators/stage-listener.ts'
import type { StageTimers, TimedStage } from '../operators/stage-timers.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import { futureLimits } from '../plan/future-limits.ts'
import type { LogicalNode, RowsNode } from '../plan/logical-node.ts'
import { passedOnColumns } from '../plan/passed-on.ts'
import { fieldSpecs } from '../plan/plan-scope.ts'
import { unreadColumns } from '../plan/required-columns.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import { EventDrivenClock } from '../time/event-driven-clock.ts'
import { BatchSinkOperator } from './batch-sink-operator.ts'
import type { EdgeConsumer } from './edge-parts.ts'
import { InvalidEvents } from './invalid-events.ts'
import { asksClock, OutputOrder } from './output-order.ts'
import { ownTexts } from './own-texts.ts'
import { ResultBatch } from './result-batch.ts'
import { RingIntake } from './ring-intake.ts'
import { RowIds } from './row-ids.ts'
import { RowPace } from './row-pace.ts'
import { RowSinkOperator } from './row-sink-operator.ts'
import { type RunOptions, sourcesOf } from './run-options.ts'
import { SourceEdge } from './source-edge.ts'
import { stageTimers } from './stage-timers.ts'
import { StagedIntake } from './staged-intake.ts'
import { Task, type TaskListener } from './task.ts'

type SinkOperator = RowSinkOperator | BatchSinkOperator

/** One job's parts, connected and idle. */
export interface Assembly {
  readonly edge: SourceEdge
  readonly task: Task
  readonly chain: Chain
  readonly sinks: readonly SinkOperator[]
  /** What the ids of rows go by. */
  readonly order: OutputOrder
  /** The error policies at work; stages of one name have one each. */
  readonly policies: readonly ErrorPolicyRunner[]
  readonly invalid: InvalidEvents
  readonly arena: Arena
  /** Rows of the longest batch. */
  readonly maxBatch: number
  close(): void
  /** Leaves the memory to another job, once all is closed. */
  leaveMemory(): void
}

export interface AssemblyParts {
  readonly engine: Engine
  readonly source: Schema
  readonly nodes: readonly LogicalNode[]
  readonly config: ResolvedConfig
  readonly options: RunOptions<never, never>
  /** Where result rows go when the options name no sink. */
  readonly defaultSink: () => SinkLike<never>
  readonly clock: Clock
  /** The clock of the stream: the same, unless the rows move it. */
  readonly streamClock: Clock
  readonly signal: AbortSignal
  /** Makes the chain, where it is not simply all of the steps in this thread. */
  readonly chain?: ((...args: Parameters<typeof buildChain>) => Chain) | undefined
  readonly listener: StageListener & EdgeConsumer & TaskListener & { timerDue(stage: TimedStage, atMs: number): void }
}

/** Builds a job's ring, operators and task in one memory. */
export function assemble(parts: AssemblyParts): Assembly {
  return new Assembler(parts).assemble()
}

class Assembler {
  readonly #parts: AssemblyParts
  readonly #arena: Arena
  readonly #policies: ErrorPolicyRunner[] = []
  readonly #sinks: SinkOperator[] = []
  readonly #branches: string[] = []
  /** Dictionaries of the columns that user code puts out. */
  readonly #made: Dictionary[] = []
  readonly #maxBatch: number
  readonly #timers: StageTimers
  readonly #order: OutputOrder
  readonly #invalid: InvalidEvents

  constructor(parts: AssemblyParts) {
    this.#parts = parts
    this.#arena = new Arena(parts.engine.memory)
    const { clock, streamClock, options, nodes, listener } = parts
    const hasRowClock = streamClock instanceof EventDrivenClock
    const isOrdered = sourcesOf(options).length < 2 && (hasRowClock || !nodes.some(asksClock))
    this.#order = new OutputOrder(isOrdered, () => clock.now())
    this.#timers = stageTimers(streamClock, {
      timerDue: (stage, atMs) => listener.timerDue(stage, atMs),
      waits: hasRowClock ? undefined : () => this.#order.lost(),
    })
    this.#maxBatch = Math.min(parts.config.maxBatch, parts.config.bufferSize)
    const policy = this.#policy('source', 'source')
    const throws = (options.errors?.source ?? 'fail') === 'fail'
    this.#invalid = new InvalidEvents(throws ? undefined : policy, error => listener.failed(error))
  }

  assemble(): Assembly {
    const { engine, source, nodes, config, streamClock } = this.#parts
    const dictionaries = dictionariesOf(source.fields, config.maxKeys, passedOnColumns(source, nodes))
    const edge = this.#edge(dictionaries)
    const chain = this.#chain(edge, dictionaries)
    const drops = config.backpressure.kind === 'drop-oldest'
    const intake = drops ? new StagedIntake(edge.ring, this.#arena, this.#maxBatch) : new RingIntake(edge.ring)
    const rowClock = streamClock instanceof EventDrivenClock ? streamClock : undefined
    const pace = rowClock && new RowPace(rowClock, source, engine.memory, engine.kernels)
    const task = this.#task(edge, chain, intake, pace)
    const { takeColumns, lending } = chain.elsewhere ?? {}
    if (takeColumns !== undefined && config.metrics !== 'detailed')
      edge.goPastRing({ isFree: () => task.isIdle, takeColumns, lending })
    ownTexts(chain, {
      dictionaries,
      made: this.#made,
      mark(dictionary, mark) {
        edge.markCodes(dictionary, mark)
        intake.markCodes(dictionary, mark)
      },
    })
    this.#refuseUnknown(chain)
    if (chain.elsewhere?.isRepeatable === false) this.#order.lost()
    rowClock?.begin(() => edge.ring.isEmpty && !task.isBlocked)
    return {
      edge,
      task,
      chain,
      sinks: this.#sinks,
      order: this.#order,
      policies: this.#policies,
      invalid: this.#invalid,
      arena: this.#arena,
      maxBatch: this.#maxBatch,
      close() {
        rowClock?.end()
        chain.head.close()
        intake.close()
        edge.ring.close()
      },
      leaveMemory: () => engine.leave?.(this.#arena.written),
    }
  }

  #edge(dictionaries: readonly (Dictionary | undefined)[]): SourceEdge {
    const { engine, source, nodes, config, clock, streamClock, options, listener } = this.#parts
    return new SourceEdge({
      arena: this.#arena,
      kernels: engine.kernels,
      fields: source.fields,
      dictionaries,
      unread: unreadColumns(source, nodes),
      config,
      clock,
      maxBatch: this.#maxBatch,
      invalid: this.#invalid,
      consumer: listener,
      sources: sourcesOf(options).length,
      movesClock: streamClock instanceof EventDrivenClock,
      order: this.#order,
      limits: futureLimits(fieldSpecs(source), nodes),
      ...(options.random && { random: options.random }),
    })
  }

  #chain({ inputs: { runs: inputs } }: SourceEdge, dictionaries: readonly (Dictionary | undefined)[]): Chain {
    const { engine, source, nodes, config, clock, chain = buildChain } = this.#parts
    return chain(
      nodes,
      source.fields.map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] })),
      {
        context: { kernels: engine.kernels, arena: this.#arena, maxBatch: this.#maxBatch, maxCodes: config.maxKeys },
        maxKeys: config.maxKeys,
        timers: this.#timers,
        inputs,
        stopwatch:
          config.metrics === 'detailed'
            ? {
                monotonicNs: () => clock.monotonicNs(),
                downstreamNs: 0,
                timeline: config.userTiming ? UserTiming.ofRuntime() : undefined,
              }
            : undefined,
        sink: (columns, branch) => this.#sink(columns, branch),
        rows: (...step) => this.#rows(...step),
      },
    )
  }

  #task(edge: SourceEdge, chain: Chain, intake: StagedIntake | RingIntake, pace: RowPace | undefined): Task {
    const { config, clock, listener } = this.#parts
    return new Task({
      ring: edge.ring,
      intake,
      head: chain.head,
      maxBatch: this.#maxBatch,
      // Rows that go on to other threads are through when these say so.
      listener: chain.elsewhere === undefined ? listener : { ...listener, batchDone() {} },
      monotonicNs: config.metrics === false ? undefined : () => clock.monotonicNs(),
      accepted: () => edge.ledger.accepted,
      inputs: edge.inputs.runs,
      pace,
    })
  }

  #policy(stage: string, role: 'source' | 'stage' | 'sink'): ErrorPolicyRunner {
    const { options, clock, signal } = this.#parts
    const errors = (options.errors ?? {}) as Readonly<Record<string, ErrorPolicy>>
    const given = Object.hasOwn(errors, stage) ? errors[stage] : undefined
    const runner = new ErrorPolicyRunner({ stage, role, policy: given ?? 'fail', clock, signal })
    this.#policies.push(runner)
    return runner
  }

  #sink(columns: readonly InputColumn[], branch: string | undefined): Operator {
    const { options, engine, listener, defaultSink } = this.#parts
    const { memory } = engine
    const policy = this.#policy(branch ?? 'sink', 'sink')
    const ids = new RowIds(this.#order)
    if (branch === undefined && options.onBatch) {
      const view = new ResultBatch(
        memory,
        columns.map(column => column.name),
      )
      return this.#ended(new BatchSinkOperator(options.onBatch, { view, ids, policy, listener }))
    }
    const sinks = options.sinks ?? {}
    if (branch !== undefined) this.#branches.push(branch)
    const given =
      branch === undefined ? (options.sink ?? defaultSink()) : Object.hasOwn(sinks, branch) ? sinks[branch] : undefined
    if (given === undefined) {
      throw optionInvalid(`the branch ${show(branch)} has no sink: pass sinks: { ${branch}: … } to run()`, {
        at: 'sinks',
      })
    }
    const sink = toSink(given as SinkLike<unknown>, {
      ...(options.maxInFlight !== undefined && { maxInFlight: options.maxInFlight }),
      ...(branch !== undefined && { name: branch }),
    })
    const rows = new RowReader({ memory, fields: columns })
    return this.#ended(new RowSinkOperator(sink, { rows, ids, memory, policy, listener, branch }))
  }

  #ended(operator: SinkOperator): SinkOperator {
    this.#sinks.push(operator)
    return operator
  }

  #rows(
    node: RowsNode,
    columns: readonly InputColumn[],
    next: (columns: readonly InputColumn[]) => Operator,
    behind: readonly LogicalNode[],
  ): CountingOperator {
    const { engine, listener, config } = this.#parts
    const { operator, dictionaries } = buildRowStage(node, columns, {
      arena: this.#arena,
      maxBatch: this.#maxBatch,
      reader: new RowReader({ memory: engine.memory, fields: seenColumns(node, columns) }),
      policy: this.#policy(node.name, 'stage'),
      listener,
      timers: this.#timers,
      maxCodes: config.maxKeys,
      next,
      behind,
    })
    this.#made.push(...dictionaries)
    return operator
  }

  /** A policy or a sink for something that doesn't exist is a typing error, not a wish. */
  #refuseUnknown({ elsewhere }: Chain): void {
    const stages = new Set([...this.#policies, ...(elsewhere?.policies ?? [])].map(({ stage }) => stage))
    for (const stage of Object.keys(this.#parts.options.errors ?? {})) {
      if (stages.has(stage)) continue
      throw optionInvalid(
        `there is no stage ${show(stage)} to set an error policy for; the stages are ${[...stages].join(', ')}`,
        { value: stage, at: 'errors' },
      )
    }
    for (const branch of Object.keys(this.#parts.options.sinks ?? {})) {
      if (this.#branches.includes(branch)) continue
      const there = this.#branches.length === 0 ? 'it has none' : `its branches are ${this.#branches.join(', ')}`
      throw optionInvalid(`the pipeline has no branch ${show(branch)} to give a sink to; ${there}`, {
        value: branch,
        at: 'sinks',
      })
    }
  }
}
