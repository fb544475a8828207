import { explainPhysical } from '../explain.ts'
import type { Job } from '../job.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import { namedPlan } from '../plan/make-node.ts'
import { type PlanScope, stagedScope } from '../plan/plan-scope.ts'
import { planToJSON } from '../plan/plan-to-json.ts'
import { type Packaged, runPlan } from '../run.ts'
import type { RunOptions } from '../runtime/run-options.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import { refuseMisplacedSteps } from './misplaced-steps.ts'
import type { EventTime, TimeColumn } from './pipeline-fields.ts'
import { type LinkOptions, stagedPlan } from './stage-step.ts'

/** What a pipeline is before anything is added to it: a plan that can be shown, sent and run. */
export abstract class Runnable<F extends SchemaFields, T extends EventTime, S extends SchemaFields> {
  /** The steps so far, as data. */
  readonly plan: LogicalPlan
  /** How it will run, with every default filled in. */
  readonly config: ResolvedConfig
  /** The columns behind the last step. */
  readonly outputSchema: Schema<F>
  readonly eventTimeColumn: TimeColumn<T>
  /** @internal What stands behind the last step. */
  readonly scope: PlanScope
  /** @internal What the entry it was made with brings along. */
  readonly packaged: Packaged

  /** @internal Use `pipeline()` or `pipelineFromJSON()`. */
  constructor(plan: LogicalPlan, config: ResolvedConfig, scope: PlanScope, packaged: Packaged) {
    this.plan = plan
    this.config = config
    this.scope = scope
    this.packaged = packaged
    this.outputSchema = scope.schema as Schema<F>
    this.eventTimeColumn = scope.eventTime as TimeColumn<T>
    refuseMisplacedSteps(this, 'here: it stands behind .window(…), once for each')
    Object.freeze(this)
  }

  /**
   * The plan as data for `JSON.stringify` and `pipelineFromJSON`.
   *
   * @throws EventfluxError `PLAN_INVALID` when a step holds a JavaScript function.
   */
  toJSON(): LogicalPlan {
    return planToJSON(this.plan)
  }

  /**
   * How it will run, as text: the steps as the planner leaves them, and below each the kernels it calls and what bounds its
   * state.
   */
  explain(): string {
    return explainPhysical(this.plan)
  }

  /**
   * Gives the last step a name of its own: in a checkpoint what it keeps is found again by it, whatever steps have come or
   * gone around it, in whichever branch it stands. Without one it is the how many-th of its kind.
   *
   * @throws EventfluxError `PLAN_INVALID` before the first step and for the name of another step, `SCHEMA_INVALID` for
   * what no column could be called.
   *
   * @example
   * ```ts
   * const highs = windowed.aggregate(e => ({ high: max(e.price) })).named('highs')
   * ```
   */
  named(name: string): this {
    return this.withPlan(namedPlan(this.plan, name))
  }

  /**
   * The steps from here on are another stage: where there are threads, each stage is done by a worker of its own. A stage
   * waits while there is no room for the next one, so nothing is lost, unless `link` says what becomes of rows then.
   * @throws EventfluxError `OPTION_INVALID`; `PLAN_INVALID` before the first step, and between `eventTime` and a window.
   *
   * @example
   * ```ts
   * const decoded = stream.mapRows(trades, { module: '/decode.js', export: 'decode' }).stage()
   * ```
   */
  stage(link?: LinkOptions): this {
    return this.withPlan(stagedPlan(this.plan, link), stagedScope(this.scope))
  }

  /** @internal The same pipeline with a plan that gives the same columns. */
  abstract withPlan(plan: LogicalPlan, scope?: PlanScope): this

  /**
   * Starts the pipeline.
   *
   * @throws EventfluxError `ENGINE_UNAVAILABLE` when the configured engine can't run here, `OPTION_INVALID`, `STATE_FULL`
   * when the queue doesn't fit `maxMemory`.
   *
   * @example
   * ```ts
   * const job = await highs.run({ sink: row => console.log(row.symbol, row.high) })
   * job.push({ time: 1_700_000_000_000, symbol: 'ACME', price: 10.5 })
   * await job.drain()
   * ```
   */
  run(options: RunOptions<InsertRowOf<S>, ResultRowOf<F>> = {}): Promise<Job<InsertRowOf<S>, ResultRowOf<F>>> {
    return runPlan(this.plan, this.config, this.packaged, options)
  }
}
