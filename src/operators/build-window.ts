import type { LogicalNode, WindowAggregateNode } from '../plan/logical-node.ts'
import { type LoweredWindow, lowerWindow } from '../plan/lower-window.ts'
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
  /** Whether one behind goes by the watermark on its way. */
  readonly firesApart: boolean
  readonly next: (columns: readonly InputColumn[], time: EventTimeColumn) => Operator
}

/** Makes the operators of a window. */
export function buildWindow(
  node: WindowAggregateNode,
  columns: readonly InputColumn[],
  time: EventTimeColumn | undefined,
  parts: WindowParts,
): Operator {
  if (time === undefined) throw noEventTime()
  const builder = new WindowBuilder(node, columns, time, parts)
  return parts.half === 'second' ? builder.ofRecords() : builder.ofRows()
}

/**
 * Prepare → window → finish. Of a window whose rows are aggregated elsewhere, and put together here, window → finish; there
 * it is prepare → window.
 */
class WindowBuilder {
  readonly #node: WindowAggregateNode
  readonly #columns: readonly InputColumn[]
  readonly #parts: WindowParts
  readonly #lateness: ReturnType<typeof latenessOf>
  readonly #allowedLatenessMs: number
  readonly #lowered: LoweredWindow
  #lateOutput: LateOutput | undefined

  constructor(node: WindowAggregateNode, columns: readonly InputColumn[], time: EventTimeColumn, parts: WindowParts) {
    this.#node = node
    this.#columns = columns
    this.#parts = parts
    this.#lateness = latenessOf(node.window)
    this.#allowedLatenessMs = this.#lateness.allowedLatenessMs ?? time.allowedLatenessMs
    this.#lowered = lowerWindow(node, schemaOf(columns), time.expression)
  }

  /** Rows come: what is aggregated of them is computed before the window. */
  ofRows(): Operator {
    const { context, half, sink } = this.#parts
    const { lateTo } = this.#lateness
    const preparing = this.#counted(
      // A row the window takes in ends the job when what is aggregated of it overflows; one that comes too late doesn't.
      new ProjectOperator({
        name: 'prepare',
        expressions: this.#lowered.prepare,
        columns: this.#columns,
        context,
        defersFaults: true,
        next: prepared => (half === 'first' ? this.#partialWindow(prepared) : this.#wholeWindow(prepared)),
      }),
    )
    this.#lateOutput = lateTo === undefined ? undefined : new LateOutput(preparing, sink(this.#columns, lateTo))
    return this.#lateOutput ?? preparing
  }

  /** Records come, and of what is aggregated nothing is seen here. */
  ofRecords(): Operator {
    const { kernels, arena } = this.#parts.context
    const keys = this.#node.keys.map((name, i) => ({
      ...this.#columns.find(column => column.name === name)!,
      name: this.#lowered.prepare[i + 1]!.name,
    }))
    const columns = [{ name: 'slice', type: f64() }, ...keys]
    const { options, behind } = this.#behind(columns)
    const windows = slicesOf(specOf(this.#node))
    const operator = new WindowAggregateOperator(kernels, arena, behind, { ...options, windows })
    const { recordBytes } = options.layout
    return this.#made(new MergedWindowOperator(operator, arena, { windows, columns, recordBytes }))
  }

  #wholeWindow(prepared: readonly InputColumn[]): Operator {
    const { context, timers } = this.#parts
    const { options, behind } = this.#behind(prepared)
    return this.#made(
      windowOperator(this.#node.window, context.kernels, context.arena, behind, {
        ...options,
        timers,
        seen: this.#lowered.seen.map(({ name, column }) => ({ ...prepared[column]!, name, column })),
      }),
    )
  }

  #partialWindow(prepared: readonly InputColumn[]): Operator {
    const { context, partials } = this.#parts
    const { kernels, arena, maxBatch } = context
    const layout = this.#layout(prepared)
    const keys = this.#keysOf(prepared)
    // Names of their own: those of the user may be as long as names can be.
    const given = [{ name: 'slice', type: f64() }, ...keys.map((key, i) => ({ ...key, name: `key ${i}` }))]
    return this.#made(
      new PartialWindowOperator(kernels, arena, partials!.target(given, layout.recordBytes), {
        name: `${this.#node.window.kind} window`,
        windows: slicesOf(specOf(this.#node)),
        maxBatch,
        timeColumn: 0,
        layout,
        keys: this.#keyIndex(keys, 1),
        columns: given.map(column => ({ dictionary: undefined, ...column })),
      }),
    )
  }

  /** What the window is made with, and what stands behind it. */
  #behind(prepared: readonly InputColumn[]) {
    const node = this.#node
    const { context, next, tellsFirings, firesApart, order } = this.#parts
    const { aggregates, finish } = this.#lowered
    const { firing = 'accumulating', emit, lateTo } = this.#lateness
    const allowedLatenessMs = this.#allowedLatenessMs
    const layout = this.#layout(prepared)
    const keys = this.#keysOf(prepared)
    const aggregated = aggregatedColumns(node, prepared, aggregates, firing === 'retracting')
    const finishing = this.#counted(
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
      firesApart,
      maxBatch: context.maxBatch,
      shape: windowShape(node.window, keys, layout.signature),
      ranking: rankingOf(order, finish, context),
    }
    const filling = fillOperator(node.window, context.kernels, context.arena, finishing, {
      ...results,
      keys: this.#keyIndex(keys, 2),
    })
    const options = {
      ...results,
      name: `${node.window.kind} window`,
      allowedLatenessMs,
      firing,
      firesOnUpdate: emit === 'onUpdate',
      sendLate: lateTo === undefined ? undefined : (at: number, count: number) => this.#lateOutput!.send(at, count),
      timeColumn: 0,
      keys: this.#keyIndex(keys, 1),
    }
    return { options, behind: filling === undefined ? finishing : this.#counted(filling) }
  }

  #layout(prepared: readonly InputColumn[]): RecordLayout {
    const calls = this.#lowered.aggregates.map(call => ({ ...call, dictionary: prepared[call.column]?.dictionary }))
    return new RecordLayout(this.#parts.context, calls)
  }

  /** The key columns of prepared rows: they stand behind the time. */
  #keysOf(prepared: readonly InputColumn[]): readonly InputColumn[] {
    return prepared.slice(1, 1 + this.#node.keys.length)
  }

  #keyIndex(keys: readonly InputColumn[], first: number) {
    const { context, maxKeys, shardOf } = this.#parts
    const columns = keys.map((key, i) => ({ column: first + i, ...key }))
    return (liveIds: IdMarker) => keyIndexFor(context, columns, { maxKeys, liveIds, shard: shardOf(this.#node) })
  }

  #made(operator: WindowOperator & CountingOperator): Operator {
    this.#parts.windows.push(operator)
    return this.#counted(operator)
  }

  #counted(operator: CountingOperator): Operator {
    return this.#parts.counted(this.#node, operator)
  }
}

const schemaOf = (columns: readonly InputColumn[]) => schemaFrom(columns.map(({ name, type }) => [name, type] as const))

/** Windows that are done in halves are made of slices. */
const specOf = ({ window }: WindowAggregateNode) => window as AlignedSpec | CalendarSpec
