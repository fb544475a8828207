import type { Processor } from './connector/processor.ts'
import { type Columns, columnsOf } from './expression/columns.ts'
import type { BooleanExpression } from './expression/expression.ts'
import type { ModuleExport } from './expression/module-export.ts'
import { branchStep } from './pipeline/branch-step.ts'
import { type EventTimeOptions, eventTimeStep } from './pipeline/event-time-step.ts'
import { groupStep } from './pipeline/group-step.ts'
import { refuseMisplacedSteps } from './pipeline/misplaced-steps.ts'
import { type OutputRate, outputStep } from './pipeline/output-step.ts'
import type {
  BehindWindow,
  ChunkOptions,
  ContentFields,
  EventTime,
  GivenTime,
  GroupExpression,
  GroupFields,
  KeptTime,
  NeedsTime,
  ProjectedTime,
  ProjectFields,
  RankedFields,
  ResultTime,
  RowAggregateOptions,
  RowExpression,
  RowResults,
  RowsOptions,
  RowWindowFields,
  StampedFields,
  TimeColumn,
  TimeOfResults,
  TimestampColumn,
  TopRowsFields,
  WindowFields,
  WindowRowFields,
  WindowTime,
} from './pipeline/pipeline-fields.ts'
import { rowFunctionStep } from './pipeline/row-function-step.ts'
import { aggregateStep, type OpenRowWindow, openRowWindow, rowsStep } from './pipeline/row-window-step.ts'
import { Runnable } from './pipeline/runnable.ts'
import {
  type LimitOptions,
  limitStep,
  orderStep,
  type RowOrdering,
  type TopOptions,
  topRowsStep,
  topStep,
} from './pipeline/window-order-step.ts'
import { namedRowExpressions, rowExpression, said } from './plan/expression-arguments.ts'
import type { LogicalNode, LogicalPlan } from './plan/logical-node.ts'
import { filterNode, makePlan, processingTimeNode, projectNode } from './plan/make-node.ts'
import type { OutputKind } from './plan/output-rate.ts'
import { checkKeys, fieldSpecs, noEventTime, scopeAfter } from './plan/plan-scope.ts'
import type { InsertRowOf, ResultRowOf } from './schema/row-types.ts'
import type { Schema, SchemaFields } from './schema/schema.ts'
import { isRowWindow, type RowWindowSpec } from './time/row-windows.ts'
import type { WindowOutput } from './time/window-kinds/parameters.ts'
import { checkWindow, type WindowSpec } from './time/windows.ts'

/**
 * A stream's way from source to result, as a value: every method gives a new pipeline, nothing runs and nothing is
 * allocated before `run()`.
 *
 * `F` are the columns here, `T` the event time, `undefined` before `eventTime()`, `S` the columns of the source.
 * @example
 * ```ts
 * const large = pipeline(trades)
 *   .filter(e => e.size.gt(1_000))
 *   .project(e => ({ symbol: e.symbol, notional: e.price.mul(e.size) }))
 * const job = await large.run({ sink: row => console.log(row.symbol, row.notional) })
 * ```
 */
export class Pipeline<
  F extends SchemaFields = SchemaFields,
  T extends EventTime = EventTime,
  S extends SchemaFields = SchemaFields,
> extends Runnable<F, T, S> {
  /**
   * Takes the time of each row from a column, for windows. The watermark says how far time is; by default it follows the
   * latest time seen, `outOfOrderness` behind: rows may arrive out of order by that much and none is late. Windows take
   * rows in for `allowedLateness` beyond the watermark, giving a new result for each; still later rows are dropped and
   * counted.
   *
   * @throws EventfluxError `PLAN_INVALID` for a column that is no `timestamp()` or may be null, and when it is set already;
   * `OPTION_INVALID`.
   *
   * @example
   * ```ts
   * stream.eventTime('time', { outOfOrderness: '500ms', allowedLateness: '1m' })
   * stream.eventTime('time', { watermarks: physical('10s') })
   * ```
   */
  eventTime<C extends TimestampColumn<F>>(column: C, options: EventTimeOptions<F> = {}): Pipeline<F, C, S> {
    return this.withStep(eventTimeStep(this.outputSchema, column, options))
  }

  /**
   * Adds a column with the time of the job's clock at which a row is worked on, which is its time from there on: windows
   * go by the clock and end with it, though no row comes, and no row is late.
   * @throws EventfluxError `PLAN_INVALID` when the time is set already, `SCHEMA_INVALID` for a name that is taken.
   */
  processingTime<const C extends string>(column: C): Pipeline<StampedFields<F, C>, C, S> {
    return this.withStep(processingTimeNode(column))
  }

  /**
   * Keeps the rows for which the condition is true; false and null drop a row.
   *
   * @example
   * ```ts
   * stream.filter(e => e.size.gt(0).and(e.symbol.ne('TEST')))
   * ```
   */
  filter(predicate: (e: Columns<F>) => BooleanExpression<boolean, 'literal' | 'row'>): Pipeline<F, T, S> {
    return this.withStep(filterNode(rowExpression('filter', said('filter', predicate, columnsOf(this.outputSchema)))))
  }

  /**
   * Replaces the columns by those of the returned object, in its order. The event-time column travels along, as the
   * last one when it isn't among them.
   */
  project<const P extends Readonly<Record<string, RowExpression>>>(
    columns: (e: Columns<F>) => P,
  ): Pipeline<ProjectFields<T, P>, ProjectedTime<T, P>, S> {
    const named = namedRowExpressions('project', said('project', columns, columnsOf(this.outputSchema)))
    return this.withStep(projectNode(this.scope, named))
  }

  /**
   * Puts the results of each window in an order: rows whose terms are all equal stay as they came. Behind a window's
   * `aggregate` only. They wait until their window is complete; where it gives results again, each firing gives them anew.
   *
   * @throws EventfluxError `PLAN_INVALID` elsewhere, and where the order of results given again could not be right, with why.
   */
  orderBy(order: ((r: Columns<F>) => RowOrdering) & BehindWindow<T>): Pipeline<F, WindowTime, S> {
    return this.withStep(orderStep('orderBy', this.scope, order))
  }

  /** Keeps the first `n` rows of each window, as they stand, or those behind the first `offset`. Where: see `orderBy`. */
  limit(n: number & BehindWindow<T>, options: LimitOptions = {}): Pipeline<F, WindowTime, S> {
    return this.withStep(limitStep(n, options))
  }

  /**
   * Keeps the first `n` rows of each window in an order, of each value of `by` where it is said. Where: see `orderBy`.
   *
   * @example
   * ```ts
   * highs.topN(3, r => desc(r.high), { ties: 'keep', rank: 'place' })
   * ```
   */
  topN<K extends keyof F & string = never, const R extends string = never>(
    n: number & BehindWindow<T>,
    order: (r: Columns<F>) => RowOrdering,
    options: TopOptions<K, R> = {},
  ): Pipeline<RankedFields<F, R>, WindowTime, S> {
    return this.withStep(topStep(this.scope, n, order, options))
  }

  /** Groups what follows by the values of columns; null is a value of its own. A window comes next. */
  keyBy<K extends keyof F & string>(...columns: readonly [K, ...K[]]): KeyedPipeline<F, T, K, S> {
    checkKeys('keyBy', this.outputSchema, columns, 1)
    return new KeyedPipeline(this, columns)
  }

  /** Cuts time into windows; `aggregate` comes next. Without `keyBy` before it there is one group a window. */
  window<W extends WindowSpec | RowWindowSpec>(spec: W & NeedsTime<W, T>): Windowed<F, never, S, W> {
    return windowed(this, [], spec)
  }

  /**
   * Thins the output out: of every so many rows, or of every stretch of the clock, `'all'` of them together, the `'first'`
   * at once, the `'last'`; or a `'snapshot'` of what stands then. Event time ends here.
   *
   * @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`.
   *
   * @example
   * ```ts
   * highs.output('last', { every: '1s', by: ['symbol'] })
   * ```
   */
  output<K extends keyof F & string = never>(which: OutputKind, rate: OutputRate<K>): Pipeline<F, undefined, S> {
    return this.withStep(outputStep(this.scope, which, rate))
  }

  /** The slow path of `filter`: a JavaScript function sees every row, as an object. */
  filterRows(keeps: ((row: ResultRowOf<F>) => boolean) | ModuleExport, options: RowsOptions = {}): Pipeline<F, T, S> {
    return this.withStep(rowFunctionStep('filterRows', keeps, this.outputSchema, options))
  }

  /** The slow path of `project`: a JavaScript function makes a row of `output` out of every row. */
  mapRows<G extends SchemaFields>(
    output: Schema<G>,
    map: ((row: ResultRowOf<F>) => InsertRowOf<G>) | ModuleExport,
    options: RowsOptions = {},
  ): Pipeline<G, KeptTime<T, G>, S> {
    return this.withStep(rowFunctionStep('mapRows', map, output, options))
  }

  /** Runs every row through a processor of your own, which emits any number of rows of `output`. One is made per run. */
  process<G extends SchemaFields>(
    output: Schema<G>,
    makeProcessor: (() => Processor<ResultRowOf<F>, InsertRowOf<G>>) | ModuleExport,
    options: RowsOptions = {},
  ): Pipeline<G, KeptTime<T, G>, S> {
    return this.withStep(rowFunctionStep('process', makeProcessor, output, options))
  }

  /**
   * Sends the rows through a side branch too, into the sink of that name; here they go on unchanged.
   *
   * @example
   * ```ts
   * stream.tee('large', branch => branch.filter(e => e.size.gt(1_000)))
   * ```
   */
  tee<G extends SchemaFields, U extends EventTime>(
    name: string,
    build: (branch: Pipeline<F, T, S>) => Pipeline<G, U, S>,
  ): Pipeline<F, T, S> {
    const start = makePlan(fieldSpecs(this.outputSchema), [])
    const rows = new Pipeline<F, T, S>(start, this.config, this.scope, this.packaged)
    const branch: unknown = typeof build === 'function' ? build(rows) : build
    return this.withStep(branchStep(name, start, branch))
  }

  /** @internal */
  withPlan(plan: LogicalPlan, scope = this.scope): this {
    return new Pipeline(plan, this.config, scope, this.packaged) as this
  }

  /** @internal */
  withStep<G extends SchemaFields, U extends EventTime>(node: LogicalNode): Pipeline<G, U, S> {
    const { source, nodes, stages, links } = this.plan
    const plan = makePlan(source, [...nodes, node], stages, links)
    return new Pipeline<G, U, S>(plan, this.config, scopeAfter(this.scope, node), this.packaged)
  }
}

/**
 * A pipeline with a key, on its way to a window.
 *
 * @example
 * ```ts
 * const minutes = stream.keyBy('symbol').window(tumbling('1m'))
 * ```
 */
export class KeyedPipeline<
  F extends SchemaFields,
  T extends EventTime,
  K extends keyof F & string,
  S extends SchemaFields,
> {
  readonly pipeline: Pipeline<F, T, S>
  readonly keys: readonly K[]
  readonly eventTimeColumn: TimeColumn<T>

  /** @internal Use `keyBy()`. */
  constructor(pipeline: Pipeline<F, T, S>, keys: readonly K[]) {
    this.pipeline = pipeline
    this.keys = Object.freeze([...keys])
    this.eventTimeColumn = pipeline.eventTimeColumn
    refuseMisplacedSteps(this, 'behind .keyBy(…): .window(…) comes next, and .aggregate(…) then')
    Object.freeze(this)
  }

  /** Cuts time into windows; `aggregate` comes next. */
  window<W extends WindowSpec | RowWindowSpec>(spec: W & NeedsTime<W, T>): Windowed<F, K, S, W> {
    return windowed(this.pipeline, this.keys, spec)
  }
}

/** What a window of a kind makes of a pipeline. */
type Windowed<F extends SchemaFields, K extends keyof F & string, S extends SchemaFields, W> = [W] extends [WindowSpec]
  ? WindowedPipeline<F, K, S, W>
  : [W] extends [RowWindowSpec<infer O>]
    ? RowWindowedPipeline<F, K, S, O>
    : never

function windowed(pipeline: unknown, keys: readonly string[], spec: WindowSpec | RowWindowSpec): never {
  const given = [pipeline as never, keys as never] as const
  return (isRowWindow(spec) ? new RowWindowedPipeline(...given, spec) : new WindowedPipeline(...given, spec)) as never
}

/**
 * A pipeline with a window, on its way to results.
 *
 * @example
 * ```ts
 * const highs = stream.window(tumbling('1m')).aggregate(e => ({ high: max(e.price) }))
 * ```
 */
export class WindowedPipeline<
  F extends SchemaFields,
  K extends keyof F & string,
  S extends SchemaFields,
  W extends WindowSpec = WindowSpec,
> {
  readonly pipeline: Pipeline<F, GivenTime, S>
  readonly keys: readonly K[]
  readonly spec: W

  /** @internal Use `window()`. */
  constructor(pipeline: Pipeline<F, GivenTime, S>, keys: readonly K[], spec: W) {
    if (pipeline.eventTimeColumn === undefined) throw noEventTime()
    this.pipeline = pipeline
    this.keys = keys
    this.spec = checkWindow(spec) as W
    refuseMisplacedSteps(this, 'behind .window(…): .aggregate(…) or .topRows(…) comes next')
    Object.freeze(this)
  }

  /**
   * One row per window and key: `windowStart`, `windowEnd` (exclusive), the keys, and the results of the returned object.
   *
   * @example
   * ```ts
   * windowed.aggregate(e => ({ trades: count(), high: max(e.price), vwap: sum(e.notional).div(sum(e.size)) }))
   * ```
   */
  aggregate<const A extends Readonly<Record<string, GroupExpression>>>(
    results: (e: Columns<GroupFields<F, W>>) => A,
  ): Pipeline<WindowFields<F, K, A, W>, TimeOfResults<W>, S> {
    return this.pipeline.withStep(groupStep(this.pipeline.outputSchema, this.keys, this.spec, results))
  }

  /**
   * The first `n` rows of each window and key in an order, whole: `windowStart`, `windowEnd`, their columns, and their
   * rank where it has a name. For `tumbling`, `hopping`, `cumulate` and `calendar` windows that give their rows once; and
   * for global ones, which give the first rows so far whenever they fire, with `windowTime` instead of the bounds.
   *
   * @throws EventfluxError `PLAN_INVALID` for other windows, where rows may be late and still taken, and for `ties: 'keep'`
   *   in a global one.
   *
   * @example
   * ```ts
   * windowed.topRows(10, e => desc(e.price), { rank: 'place' })
   * ```
   */
  topRows<const R extends string = never>(
    n: number,
    order: (e: Columns<F>) => RowOrdering,
    options: Omit<TopOptions<never, R>, 'by'> = {},
  ): Pipeline<TopRowsFields<F, R, W>, TimeOfResults<W>, S> {
    const { pipeline, keys, spec } = this
    return pipeline.withStep(topRowsStep(pipeline.outputSchema, keys, spec, n, order, options))
  }
}

/**
 * A pipeline with a window over rows, on its way to what becomes of them.
 *
 * @example
 * ```ts
 * const means = stream.window(length(20)).aggregate((e, row) => ({ price: row.price, mean: avg(e.price) }))
 * ```
 */
export class RowWindowedPipeline<
  F extends SchemaFields,
  K extends keyof F & string,
  S extends SchemaFields,
  O extends WindowOutput,
> {
  readonly #pipeline: Pipeline<F, EventTime, S>
  readonly #window: OpenRowWindow
  /** @internal Use `window()`. */
  constructor(pipeline: Pipeline<F, EventTime, S>, keys: readonly K[], spec: RowWindowSpec) {
    this.#pipeline = pipeline
    this.#window = openRowWindow(pipeline.outputSchema, keys, spec)
    refuseMisplacedSteps(this, 'behind a .window(…) over rows: .aggregate(…) or .rows(…) comes next')
  }

  /**
   * One row for each that enters or leaves the window, as its `output` says: `windowTime`, `kind` where both come out, the
   * keys, and the results: aggregates over what it then holds (`e`), values of the row (`row`). Of a batch, see `rows`.
   */
  aggregate<const A extends RowResults, G extends keyof F & string = never>(
    results: (e: Columns<ContentFields<F, O>>, row: Columns<F>) => A,
    options: RowAggregateOptions<G, RowWindowFields<F, K | G, O, A>> = {},
  ): Pipeline<RowWindowFields<F, K | G, O, A>, ResultTime<'windowTime'>, S> {
    return this.#pipeline.withStep(aggregateStep(this.#window, results, options))
  }

  /** The rows themselves as they enter or leave the window: `windowTime`, `kind` where both come out, and their columns. */
  rows(
    options: ChunkOptions<WindowRowFields<F, O>> = {},
  ): Pipeline<WindowRowFields<F, O>, ResultTime<'windowTime'>, S> {
    return this.#pipeline.withStep(rowsStep(this.#window, options))
  }
}
