import { type TextColumn, textsOf } from '../checkpoint/text-columns-state.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type {
  EventTimeNode,
  LogicalNode,
  ProcessingTimeNode,
  ProjectNode,
  RowWindowNode,
  TopRowsNode,
  WindowOrderNode,
} from '../plan/logical-node.ts'
import { lowerRowWindow } from '../plan/lower-row-window.ts'
import { lowerOrder } from '../plan/lower-window-order.ts'
import { dealtKeys } from '../plan/partitioning.ts'
import { keepsColumn, noEventTime } from '../plan/plan-scope.ts'
import { stepIds } from '../plan/step-ids.ts'
import { timestamp } from '../schema/data-type.ts'
import { type Schema, schemaFrom } from '../schema/schema.ts'
import { buildGlobalTopRows } from './build-global-top-rows.ts'
import { buildWindow, type WindowHost } from './build-window.ts'
import type { Chain, ChainParts, CountingOperator } from './chain.ts'
import type { InputColumn } from './evaluator/evaluation-frame.ts'
import { EventTimeOperator } from './event-time/event-time.ts'
import { ProcessingTimeOperator } from './event-time/processing-time.ts'
import { FilterOperator } from './filter.ts'
import { LateOutput } from './late-output.ts'
import type { Operator } from './operator.ts'
import { numberedRows, withoutOrder } from './order-columns.ts'
import { buildOutputRate } from './output-rate/build-output-rate.ts'
import type { ShardOfKeys } from './own-keys.ts'
import { PartitionOperator } from './partition.ts'
import { ProjectOperator } from './project.ts'
import { buildRowWindow } from './row-window/build-row-window.ts'
import { type RenamedText, renamedTexts, type StatefulStep, statefulSteps } from './stateful-step.ts'
import { TeeOperator } from './tee.ts'
import {
  type EventTimeColumn,
  eventTimeOf,
  goesByWatermark,
  needsTime,
  orderedTime,
  ordersResults,
  processingTimeOf,
  RESULT_TIME,
  ROW_EVENT_TIME,
  ROW_TIME,
} from './time-of-rows.ts'
import { TimedOperator } from './timed-operator.ts'
import type { WindowOperator } from './window/window-operator.ts'
import { buildTopRows, buildWindowOrder } from './window-order/build-window-order.ts'

/**
 * Makes the operators of a plan over source columns. Every operator is given the one after it, so the chain is one
 * object graph whose head takes batches.
 *
 * @throws EventfluxError `PLAN_INVALID` when a window has no event time to go by.
 */
export function buildChain(nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts): Chain {
  const texts = parts.elsewhere?.texts ?? textsOf(columns)
  const builder = new ChainBuilder(parts, nodes, texts)
  const head = builder.build(nodes, 0, columns, parts.time, undefined)
  return {
    head,
    operators: builder.operators.reverse(),
    stateful: builder.stateful.reverse(),
    texts,
    operatorsOf: builder.operatorsOf,
    timed: builder.timed,
    eventTimes: builder.eventTimes,
    endInput(input) {
      let isThrough = true
      for (const eventTime of builder.eventTimes) isThrough = eventTime.endInput(input) && isThrough
      return isThrough
    },
    windows: builder.windows,
  }
}

class ChainBuilder {
  /** Last operator first: each is finished after the one it sends to. */
  readonly operators: CountingOperator[] = []
  readonly operatorsOf = new Map<LogicalNode, CountingOperator[]>()
  readonly timed = new Map<CountingOperator, TimedOperator>()
  readonly eventTimes: (EventTimeOperator | ProcessingTimeOperator)[] = []
  readonly windows: WindowOperator[] = []
  readonly stateful: StatefulStep[] = []
  readonly #ids: ReadonlyMap<LogicalNode, string>
  readonly #parts: ChainParts
  readonly #dealt: ReadonlyMap<LogicalNode, readonly number[]>
  /** The names of the source's text columns, by their strings. */
  readonly #sources: ReadonlyMap<Dictionary, string>
  readonly #renamed = new Map<LogicalNode, readonly RenamedText[]>()
  /** Windows above what is being built. */
  #windowsAbove = 0

  constructor(parts: ChainParts, nodes: readonly LogicalNode[], texts: readonly TextColumn[]) {
    this.#parts = parts
    this.#ids = stepIds(nodes)
    this.#dealt = dealtKeys(nodes)
    this.#sources = new Map(texts.map(({ name, dictionary }) => [dictionary, name]))
  }

  build(
    nodes: readonly LogicalNode[],
    at: number,
    columns: readonly InputColumn[],
    time: EventTimeColumn | undefined,
    branch: string | undefined,
  ): Operator {
    const { context, order, partition, elsewhere } = this.#parts
    const step = (given: readonly InputColumn[]): Operator => this.#step(nodes, at, given, time, branch)
    if (branch !== undefined) return step(columns)
    if (at === elsewhere?.from)
      return elsewhere.build(columns, given => this.#step(nodes, elsewhere.to, given, time, branch))
    // Replicas send what their results are put in order by.
    if (at === order?.to && partition === undefined) return withoutOrder(order, columns, context, step)
    const dealt = (given: readonly InputColumn[]): Operator =>
      at === partition?.before
        ? new PartitionOperator({ ...partition, columns: given, context, next: step(given) })
        : step(given)
    if (at !== order?.from) return dealt(columns)
    const operator = numberedRows(order, columns, time, context, dealt)
    this.stateful.push({ id: operator.name, shape: operator.name, operator })
    return operator
  }

  #step(
    nodes: readonly LogicalNode[],
    at: number,
    columns: readonly InputColumn[],
    time: EventTimeColumn | undefined,
    branch: string | undefined,
  ): Operator {
    const { context } = this.#parts
    const node = nodes[at]
    if (node === undefined) return this.#parts.sink(columns, branch)
    this.#renamed.set(node, renamedTexts(columns, this.#sources))
    const next = (output: readonly InputColumn[], outputTime: EventTimeColumn | undefined): Operator =>
      this.build(nodes, at + 1, output, outputTime, branch)
    switch (node.op) {
      case 'eventTime':
        return this.#eventTime(node, columns, node, () => next(columns, eventTimeOf(node)))
      case 'processingTime':
        return this.#processingTime(node, columns, output => next(output, processingTimeOf(node)))
      case 'filter':
        return this.#counted(
          node,
          new FilterOperator({ predicate: node.predicate, columns, context, next: next(columns, time) }),
        )
      case 'project':
        return this.#counted(
          node,
          new ProjectOperator({
            expressions: node.columns,
            columns,
            context,
            next: output => next(output, time !== undefined && keepsColumn(node, time.name) ? time : undefined),
          }),
        )
      case 'windowAggregate':
        return this.#belowWindow(() => {
          const tellsFirings = ordersResults(nodes, at + 1)
          const half = branch === undefined ? this.#halfAt(at) : undefined
          const firesApart = goesByWatermark(nodes, at + 1)
          return buildWindow(node, columns, time, { ...this.#windowParts, half, tellsFirings, firesApart, next })
        })
      case 'rowWindow':
        return this.#belowWindow(() =>
          this.#rowWindow(node, columns, output => {
            if (!needsTime(nodes, at + 1)) return next(output, undefined)
            return this.#eventTime(node, output, ROW_EVENT_TIME, () => next(output, ROW_TIME))
          }),
        )
      case 'topRows':
        return this.#belowWindow(() => this.#topRows(node, columns, time, next))
      case 'windowOrder':
        return this.#windowOrder(node, columns, time, ordersResults(nodes, at + 1), output =>
          next(output, time && orderedTime(time)),
        )
      case 'output':
        return this.#belowWindow(() =>
          this.#counted(node, buildOutputRate(node, columns, { ...this.#parts, next: next(columns, undefined) })),
        )
      case 'tee':
        return new TeeOperator(next(columns, time), this.build(node.plan, 0, columns, time, node.name))
      default:
        return this.#counted(
          node,
          this.#parts.rows(node, columns, output => next(output, time), nodes.slice(at + 1)),
        )
    }
  }

  #halfAt(at: number): 'first' | 'second' | undefined {
    const { elsewhere, partials } = this.#parts
    return at === elsewhere?.to ? 'second' : at === partials?.at ? 'first' : undefined
  }

  get #windowParts(): WindowHost {
    return {
      ...this.#parts,
      counted: (node, operator) => this.#counted(node, operator),
      shardOf: node => this.#shardOf(node),
      windows: this.windows,
    }
  }

  #shardOf(node: LogicalNode): ShardOfKeys | undefined {
    const { partition } = this.#parts
    return partition && { shard: partition.shard, positions: this.#dealt.get(node)! }
  }

  /** Results of windows came in by no input. */
  #belowWindow(build: () => Operator): Operator {
    this.#windowsAbove++
    const operator = build()
    this.#windowsAbove--
    return operator
  }

  #counted(node: LogicalNode, operator: CountingOperator): Operator {
    this.operators.push(operator)
    this.stateful.push(...statefulSteps(this.#ids.get(node)!, node, operator, this.#renamed.get(node)!))
    this.operatorsOf.set(node, [operator, ...(this.operatorsOf.get(node) ?? [])])
    const { stopwatch } = this.#parts
    if (stopwatch === undefined) return operator
    const timed = new TimedOperator(operator, stopwatch)
    this.timed.set(operator, timed)
    return timed
  }

  #projected(
    node: LogicalNode,
    name: string,
    expressions: ProjectNode['columns'],
    columns: readonly InputColumn[],
    next: (columns: readonly InputColumn[]) => Operator,
  ): Operator {
    const { context } = this.#parts
    return this.#counted(node, new ProjectOperator({ name, expressions, columns, context, next }))
  }

  #eventTime(
    node: LogicalNode,
    columns: readonly InputColumn[],
    { column, watermarks, idlenessMs }: Pick<EventTimeNode, 'column' | 'watermarks' | 'idlenessMs'>,
    next: () => Operator,
  ): Operator {
    const { context, timers, elsewhere } = this.#parts
    const operator = new EventTimeOperator({
      column,
      watermarks,
      columns,
      context,
      timers,
      inputs: this.#windowsAbove === 0 ? this.#parts.inputs : undefined,
      idlenessMs,
      beforeBatch: this.#windowsAbove === 0 ? elsewhere?.beforeBatch : undefined,
      next: next(),
    })
    this.eventTimes.push(operator)
    return this.#counted(node, operator)
  }

  #processingTime(
    node: ProcessingTimeNode,
    columns: readonly InputColumn[],
    next: (columns: readonly InputColumn[]) => Operator,
  ): Operator {
    const { context, timers } = this.#parts
    const output = [...columns, { name: node.column, type: timestamp() }]
    const operator = new ProcessingTimeOperator({ context, timers, next: next(output) })
    this.eventTimes.push(operator)
    return this.#counted(node, operator)
  }

  /** prepare → window → finish → having: each row is prepared once, whatever comes out of the window for it. */
  #rowWindow(
    node: RowWindowNode,
    columns: readonly InputColumn[],
    next: (columns: readonly InputColumn[]) => Operator,
  ): Operator {
    const { context } = this.#parts
    const lowered = lowerRowWindow(node, schemaOf(columns))
    const { having } = node
    const filtered = (results: readonly InputColumn[]): Operator => {
      if (having === undefined || lowered.havingInside !== undefined) return next(results)
      return this.#counted(
        node,
        new FilterOperator({ predicate: having, columns: results, context, next: next(results) }),
      )
    }
    const finishing = (output: readonly InputColumn[]): Operator =>
      this.#projected(node, 'finish', lowered.finish, output, filtered)
    const windowed = (prepared: readonly InputColumn[]): Operator =>
      this.#counted(
        node,
        buildRowWindow(node, lowered, prepared, { ...this.#parts, shard: this.#shardOf(node), next: finishing }),
      )
    return this.#projected(node, 'prepare', lowered.prepare, columns, windowed)
  }

  /** prepare → order. */
  #windowOrder(
    node: WindowOrderNode,
    columns: readonly InputColumn[],
    time: EventTimeColumn | undefined,
    tellsFirings: boolean,
    next: (columns: readonly InputColumn[]) => Operator,
  ): Operator {
    const { context, maxKeys } = this.#parts
    const lowered = lowerOrder(node.order, schemaOf(columns))
    const ordered = (prepared: readonly InputColumn[]): Operator =>
      this.#counted(node, buildWindowOrder(node, lowered, prepared, { context, maxKeys, next, time, tellsFirings }))
    return this.#projected(node, 'prepare', lowered.prepare, columns, ordered)
  }

  /** prepare → top rows. */
  #topRows(
    node: TopRowsNode,
    columns: readonly InputColumn[],
    time: EventTimeColumn | undefined,
    next: (columns: readonly InputColumn[], time: EventTimeColumn) => Operator,
  ): Operator {
    if (time === undefined) throw noEventTime()
    const { window } = node
    if (window.kind === 'global') return buildGlobalTopRows(node, window, columns, time, { ...this.#windowParts, next })
    const { context, maxKeys } = this.#parts
    const { lateTo } = window
    const lowered = lowerOrder(node.order, schemaOf(columns))
    let lateOutput: LateOutput | undefined
    const ranked = (prepared: readonly InputColumn[]): Operator => {
      const operator = buildTopRows({ ...node, window }, lowered, prepared, {
        context,
        maxKeys,
        sendLate: lateTo === undefined ? undefined : (selection, count) => lateOutput!.send(selection, count),
        next: output => next(output, { ...RESULT_TIME, allowedLatenessMs: 0 }),
      })
      this.windows.push(operator)
      return this.#counted(node, operator)
    }
    const expressions = [...lowered.prepare, { name: 'time:', expression: time.expression }]
    // As in windows that aggregate: what a row is ordered by may overflow where the row comes too late.
    const preparing = this.#counted(
      node,
      new ProjectOperator({ name: 'prepare', expressions, columns, context, defersFaults: true, next: ranked }),
    )
    lateOutput = lateTo === undefined ? undefined : new LateOutput(preparing, this.#parts.sink(columns, lateTo))
    return lateOutput ?? preparing
  }
}

const schemaOf = (columns: readonly InputColumn[]): Schema =>
  schemaFrom(columns.map(({ name, type }) => [name, type] as const))
