import type { LogicalNode, WindowAggregateNode } from '../plan/logical-node.ts'
import { lowerWindow } from '../plan/lower-window.ts'
import { noEventTime } from '../plan/plan-scope.ts'
import { f64 } from '../schema/data-type.ts'
import { schemaFrom } from '../schema/schema.ts'
import type { AlignedSpec } from '../time/aligned-windows.ts'
import type { CalendarSpec } from '../time/calendar-windows.ts'
import type { ChainParts, CountingOperator } from './chain.ts'
import type { InputColumn } from './evaluator/evaluation-frame.ts'
import { LateOutput } from './late-output.ts'
import type { Operator } from './operator.ts'
import { rankingOf } from './order-columns.ts'
import type { ShardOfKeys } from './own-keys.ts'
import { ProjectOperator } from './project.ts'
import { type EventTimeColumn, latenessOf, timeOfResults } from './time-of-rows.ts'
import { aggregatedColumns } from './window/aggregated-columns.ts'
import type { IdMarker } from './window/key-index.ts'
import { keyIndexFor } from './window/key-index-for.ts'
import { MergedWindowOperator } from './window/merged-window.ts'
import { PartialWindowOperator } from './window/partial-window.ts'
import { RecordLayout } from './window/record-layout.ts'
import { slicesOf } from './window/slices-of.ts'
import { WindowAggregateOperator } from './window/window-aggregate.ts'
import { fillOperator, type WindowOperator, windowOperator } from './window/window-operator.ts'
import { windowShape } from './window/window-shape.ts'

/** The chain a window is a part of. */
export interface WindowHost extends ChainParts {
  readonly counted: (node: LogicalNode, operator: CountingOperator) => Operator
  readonly shardOf: (node: LogicalNode) => ShardOfKeys | undefined
  readonly windows: WindowOperator[]
}

interface WindowParts extends WindowHost {
  /** Which half of the window's work is done in this chain, where the other is done in another. */
  readonly half: 'first' | 'second' | undefined
  /** Whether a step behind has to know when a firing is over. */
  readonly tellsFirings: boolean
  readonly next: (columns: readonly InputColumn[], time: EventTimeColumn) => Operator
}

/**
 * Makes the operators of a window: prepare → window → finish. Of one whose rows are aggregated elsewhere, and put together
 * here, window → finish; there it is prepare → window.
 */
export function buildWindow(
  node: WindowAggregateNode,
  columns: readonly InputColumn[],
  time: EventTimeColumn | undefined,
  parts: WindowParts,
): Operator {
  if (time === undefined) throw noEventTime()
  const { context, maxKeys, counted, shardOf, windows, next, tellsFirings } = parts
  const { kernels, arena, maxBatch } = context
  const { allowedLatenessMs = time.allowedLatenessMs, firing = 'accumulating', lateTo } = latenessOf(node.window)
  let lateOutput: LateOutput | undefined
  const { prepare, aggregates, finish, seen } = lowerWindow(node, schemaOf(columns), time.expression)
  const layoutOf = (prepared: readonly InputColumn[]): RecordLayout =>
    new RecordLayout(
      context,
      aggregates.map(call => ({ ...call, dictionary: prepared[call.column]?.dictionary })),
    )
  const indexKeys = (keys: readonly InputColumn[], first: number) => (liveIds: IdMarker) =>
    keyIndexFor(
      context,
      keys.map((key, i) => ({ column: first + i, ...key })),
      { maxKeys, liveIds, shard: shardOf(node) },
    )
  /** What the window is made with, and what stands behind it. */
  const behindOf = (prepared: readonly InputColumn[], layout: RecordLayout) => {
    const keys = prepared.slice(1, 1 + node.keys.length)
    const aggregated = aggregatedColumns(node, prepared, aggregates, firing === 'retracting')
    const finishing = counted(
      node,
      new ProjectOperator({
        name: 'finish',
        expressions: finish,
        columns: aggregated,
        context,
        next: results => next(results, timeOfResults(node, allowedLatenessMs)),
      }),
    )
    const results = {
      layout,
      columns: aggregated,
      keyCount: keys.length,
      tellsFirings,
      maxBatch,
      shape: windowShape(node.window, keys, layout.signature),
      ranking: rankingOf(parts.order, finish, context),
    }
    const filling = fillOperator(node.window, kernels, arena, finishing, { ...results, keys: indexKeys(keys, 2) })
    const options = {
      ...results,
      name: `${node.window.kind} window`,
      allowedLatenessMs,
      firing,
      firesOnUpdate: latenessOf(node.window).emit === 'onUpdate',
      sendLate: lateTo === undefined ? undefined : (at: number, count: number) => lateOutput!.send(at, count),
      timeColumn: 0,
      keys: indexKeys(keys, 1),
    }
    return { options, behind: filling === undefined ? finishing : counted(node, filling) }
  }
  const done = (operator: WindowOperator & CountingOperator): Operator => {
    windows.push(operator)
    return counted(node, operator)
  }
  if (parts.half === 'second') {
    // Of what is aggregated nothing is seen here: records come.
    const keys = node.keys.map((name, i) => ({
      ...columns.find(column => column.name === name)!,
      name: prepare[i + 1]!.name,
    }))
    const prepared = [{ name: 'time', type: f64() }, ...keys]
    const { options, behind } = behindOf(prepared, layoutOf(prepared))
    const operator = new WindowAggregateOperator(kernels, arena, behind, {
      ...options,
      windows: slicesOf(specOf(node)),
    })
    done(operator)
    return new MergedWindowOperator(operator, arena.memory)
  }
  const aggregate = (prepared: readonly InputColumn[]): Operator => {
    const layout = layoutOf(prepared)
    if (parts.half === 'first') {
      const keys = prepared.slice(1, 1 + node.keys.length)
      // Names of their own: those of the user may be as long as names can be.
      const given = [{ name: 'slice', type: f64() }, ...keys.map((key, i) => ({ ...key, name: `key ${i}` }))]
      return done(
        new PartialWindowOperator(kernels, arena, parts.partials!.target(given, layout.recordBytes), {
          name: `${node.window.kind} window`,
          windows: slicesOf(specOf(node)),
          maxBatch,
          timeColumn: 0,
          layout,
          keys: indexKeys(keys, 1),
          columns: given.map(column => ({ dictionary: undefined, ...column })),
        }),
      )
    }
    const { options, behind } = behindOf(prepared, layout)
    return done(
      windowOperator(node.window, kernels, arena, behind, {
        ...options,
        timers: parts.timers,
        seen: seen.map(({ name, column }) => ({ ...prepared[column]!, name, column })),
      }),
    )
  }
  const preparing = counted(
    node,
    // A row the window takes in ends the job when what is aggregated of it overflows; one that comes too late doesn't.
    new ProjectOperator({
      name: 'prepare',
      expressions: prepare,
      columns,
      context,
      defersFaults: true,
      next: aggregate,
    }),
  )
  lateOutput = lateTo === undefined ? undefined : new LateOutput(preparing, parts.sink(columns, lateTo))
  return lateOutput ?? preparing
}

const schemaOf = (columns: readonly InputColumn[]) => schemaFrom(columns.map(({ name, type }) => [name, type] as const))

/** Windows that are done in halves are made of slices. */
const specOf = ({ window }: WindowAggregateNode) => window as AlignedSpec | CalendarSpec
