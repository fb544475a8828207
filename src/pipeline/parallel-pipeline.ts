import { planInvalid, show } from '../errors.ts'
import type { Job } from '../job.ts'
import { Pipeline } from '../pipeline.ts'
import type { LinkOptions } from '../plan/link-options.ts'
import type { LogicalNode } from '../plan/logical-node.ts'
import type { RunOptions } from '../runtime/run-options.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import type { EventTime } from './pipeline-fields.ts'

/**
 * A part of a `ParallelPipeline` that has a worker of its own. Its output is the next one's input by construction.
 *
 * @example
 * ```ts
 * const trades = schema({ time: timestamp(), symbol: utf8(), price: f64() })
 * const parallel = ParallelPipeline.of(pipeline(trades)).stage('clean', rows => rows.filter(e => e.price.gt(0)))
 * const [clean] = parallel.stages
 * console.log(clean!.name, clean!.input.length, clean!.output.length)
 * ```
 */
export class ProcessingStage {
  readonly name: string
  /** The columns of rows that come to it, and of those it gives. */
  readonly input: Schema
  readonly output: Schema
  /** What it does, as data. */
  readonly steps: readonly LogicalNode[]

  /** @internal Use `stage` of a `ParallelPipeline`. */
  constructor(name: string, input: Schema, output: Schema, steps: readonly LogicalNode[]) {
    this.name = name
    this.input = input
    this.output = output
    this.steps = Object.freeze([...steps])
    Object.freeze(this)
  }
}

/**
 * A pipeline made of stages, each done by a worker of its own where there are threads: a pipeline with `.stage()` between
 * its parts, whose parts have names. Values: every call of `stage` gives a new one.
 *
 * @example
 * ```ts
 * const parallel = ParallelPipeline.of(pipeline(trades))
 *   .stage('clean', rows => rows.filter(e => e.price.gt(0)))
 *   .stage('minutes', rows =>
 *     rows.eventTime('time').keyBy('symbol').window(tumbling('1m')).aggregate(e => ({ high: max(e.price) })),
 *   )
 * const job = await parallel.run({ sink: row => console.log(row.symbol, row.high) })
 * ```
 */
export class ParallelPipeline<F extends SchemaFields, T extends EventTime, S extends SchemaFields> {
  /** In data order. */
  readonly stages: readonly ProcessingStage[]
  /** The same as one pipeline: for its plan, `explain()`, or further steps in the last stage. */
  readonly pipeline: Pipeline<F, T, S>

  private constructor(stages: readonly ProcessingStage[], pipeline: Pipeline<F, T, S>) {
    this.stages = Object.freeze([...stages])
    this.pipeline = pipeline
    Object.freeze(this)
  }

  /**
   * One without stages yet, over the events of a pipeline without steps.
   *
   * @throws EventfluxError `PLAN_INVALID` for a pipeline that has steps.
   */
  static of<F extends SchemaFields, T extends EventTime, S extends SchemaFields>(
    start: Pipeline<F, T, S>,
  ): ParallelPipeline<F, T, S> {
    if (!(start instanceof Pipeline) || start.plan.nodes.length > 0)
      throw planInvalid('A parallel pipeline starts from pipeline(schema), without steps: those are of its stages', {
        value: start,
      })
    return new ParallelPipeline<F, T, S>([], start)
  }

  /** Threads the stages are done by: one each, from two stages on. */
  get workerThreads(): number {
    return this.stages.length > 1 ? this.stages.length : 0
  }

  /**
   * Adds a stage behind the others.
   *
   * @param build Adds its steps to the rows that come to it.
   * @param link What becomes of rows of the stage before it that there is no room for; it has none before the first.
   * @throws EventfluxError `OPTION_INVALID`; `PLAN_INVALID` for a name that another has, for a stage without steps or with stages of its own, and
   * between `eventTime` and a window.
   */
  stage<G extends SchemaFields, U extends EventTime>(
    name: string,
    build: (rows: Pipeline<F, T, S>) => Pipeline<G, U, S>,
    link?: LinkOptions,
  ): ParallelPipeline<G, U, S> {
    if (typeof name !== 'string' || name === '' || this.stages.some(stage => stage.name === name))
      throw planInvalid(`A stage has a name of its own, not ${show(name)}`, { at: 'name', value: name })
    if (this.stages.length === 0 && link !== undefined)
      throw planInvalid(
        `Before the stage ${show(name)} is the edge of the job: its strategy is an option of pipeline()`,
        {
          at: name,
        },
      )
    const rows = this.stages.length === 0 ? this.pipeline : this.pipeline.stage(link)
    const built: unknown = typeof build === 'function' ? build(rows) : build
    const from = rows.plan.nodes.length
    const isBuiltOnRows =
      built instanceof Pipeline &&
      built.plan.nodes.length > from &&
      rows.plan.nodes.every((node, i) => built.plan.nodes[i] === node) &&
      built.plan.source === rows.plan.source &&
      built.plan.stages?.length === rows.plan.stages?.length
    if (!isBuiltOnRows)
      throw planInvalid(`The stage ${show(name)} adds steps to the rows handed to it, no stages, and returns them`, {
        at: name,
      })
    const schemas = [rows.outputSchema, built.outputSchema] as unknown as [Schema, Schema]
    const stage = new ProcessingStage(name, ...schemas, built.plan.nodes.slice(from))
    return new ParallelPipeline<G, U, S>([...this.stages, stage], built)
  }

  /**
   * Starts it. `job.mode` says whether the stages have workers, and if not, why; the results are the same.
   *
   * @throws EventfluxError as `run` of a pipeline does, and `PLAN_INVALID` while it has no stages.
   */
  async run(options: RunOptions<InsertRowOf<S>, ResultRowOf<F>> = {}): Promise<Job<InsertRowOf<S>, ResultRowOf<F>>> {
    if (this.stages.length === 0) throw planInvalid('A parallel pipeline without stages does nothing: add one')
    return this.pipeline.run(options)
  }
}
