import { becomesObservable, type RowObservable } from './connector/observable.ts'
import type { Source } from './connector/source.ts'
import { stageFailed } from './errors.ts'
import type { ColumnBlock } from './memory/column-input.ts'
import { type LendableColumns, type LendableSize, lendableColumns } from './memory/lendable-columns.ts'
import { createMetricsSnapshot, type MetricsSnapshot } from './metrics/metrics-snapshot.ts'
import type { PressureEvent } from './metrics/pressure-monitor.ts'
import { type Recommendation, recommend } from './metrics/recommend.ts'
import type { LogicalPlan } from './plan/logical-node.ts'
import type { PushOptions } from './runtime/admission/admission.ts'
import type { GrowthWarning } from './runtime/admission/admission-store.ts'
import type { BatchResult, PushResult } from './runtime/admission/push-result.ts'
import type { Assembly } from './runtime/assemble.ts'
import type { JobCheckpoint } from './runtime/checkpoint-coordinator.ts'
import { explainJob } from './runtime/explain-job.ts'
import { countJob, type JobCounts, rowsInside } from './runtime/job-counts.ts'
import { JobLifecycle } from './runtime/job-lifecycle.ts'
import type { JobMeter } from './runtime/job-meter.ts'
import type { JobMode } from './runtime/job-mode.ts'
import type { JobParts, JobState, JobSummary } from './runtime/job-parts.ts'
import type { JobRecovery, RestoredJob } from './runtime/job-recovery.ts'
import { Listeners } from './runtime/listeners.ts'
import type { LendOptions } from './runtime/loan.ts'
import type { RowQueueSink } from './runtime/row-queue-sink.ts'
import type { Turns } from './runtime/turns.ts'
import type { Schema, SchemaFields } from './schema/schema.ts'

export type { JobState, JobSummary } from './runtime/job-parts.ts'

/**
 * A running pipeline. Rows go in through `push…` or the sources given to `run`, and come out of the sink, `onBatch`, or
 * by iterating the job.
 *
 * @example
 * const job = await volume.run({ sink: row => console.log(row) })
 * job.push({ time: Date.now(), symbol: 'ACME', price: 10.5, size: 3 })
 * await job.drain()
 */
export class Job<In = unknown, Out = unknown> {
  /** The engine the kernels run on. */
  readonly engine: 'wasm' | 'js'
  /** On which threads it runs; why on one, where workers were asked for. */
  readonly mode: JobMode
  /** Resolves when the job has stopped; rejects with what made it fail. */
  readonly done: Promise<JobSummary>
  /** The rows as an observable, which is how `from(job)` of RxJS reads them. Under `Symbol.observable` too, if it is defined. */
  declare readonly '@@observable': () => RowObservable<Out>
  readonly #assembly: Assembly
  readonly #meter: JobMeter | undefined
  readonly #queue: RowQueueSink<unknown> | undefined
  readonly #plan: LogicalPlan
  /** Rows in the ring with which a turn is taken at once. */
  readonly #driveRows: number
  /** Rows in the ring up to which none of them changes anything: a turn is on its way, and an edge half full presses on nobody. */
  readonly #quietRows: number
  readonly #recovery: JobRecovery
  readonly #life: JobLifecycle
  readonly #growListeners = new Listeners<GrowthWarning>('onGrow', error => this.failed(error))
  #restored: RestoredJob | undefined
  /** @internal */
  readonly turns: Turns

  /** @internal Use `pipeline(…).run(…)`. */
  constructor(parts: JobParts) {
    this.#assembly = parts.assembly
    this.#meter = parts.meter
    this.#queue = parts.queue
    this.#plan = parts.plan
    this.#recovery = parts.recovery
    this.#life = new JobLifecycle(parts)
    this.turns = this.#life.turns
    this.done = this.#life.done
    this.engine = parts.engine
    this.mode = parts.mode
    this.#driveRows = Math.min(parts.assembly.maxBatch, parts.assembly.edge.ring.capacity)
    this.#quietRows = Math.min(this.#driveRows, parts.assembly.edge.ring.capacity >>> 1) - 1
    becomesObservable(this)
  }

  /** The checkpoint the job began from; undefined: it began anew. */
  get restored(): RestoredJob | undefined {
    return this.#restored
  }

  get state(): JobState {
    return this.#life.state
  }

  /** Calls `listener` at every change of state; returns how to stop that. */
  onState(listener: (state: JobState) => void): () => void {
    return this.#life.onState(listener)
  }

  /** Tells when an edge fills up, and which stage is to blame. Needs metrics. A listener that throws ends the job. */
  onPressure(listener: (event: PressureEvent) => void): () => void {
    return this.#meter?.pressureListeners.add(listener) ?? (() => false)
  }

  /**
   * Warns each time the edge takes more memory because events come faster than they go (strategy `'unbounded'`; it
   * doubles). Returns how to stop that. A listener that throws ends the job.
   */
  onGrow(listener: (warning: GrowthWarning) => void): () => void {
    return this.#growListeners.add(listener)
  }

  /**
   * Offers one event. `true` at once whenever there is room; a refusal (compare with `=== true`) or a promise otherwise, as
   * the backpressure strategy has it.
   *
   * @throws EventfluxError `EVENT_INVALID` for an event that doesn't fit the schema (policy `errors.source` decides).
   */
  push(event: In, options?: PushOptions): PushResult | Promise<PushResult> {
    return this.#assembly.edge.push(event, options)
  }

  /** Takes the event if there is room now; never waits and never evicts. */
  tryPush(event: In): boolean {
    return this.#assembly.edge.tryPush(event)
  }

  /** Offers many events, in order: cheaper per event than `push`. The array may be reused once it is through. */
  pushMany(events: readonly In[], options?: PushOptions): BatchResult | Promise<BatchResult> {
    return this.#assembly.edge.pushMany(events, options)
  }

  /** Offers rows as columns: the fast way in. Typed arrays that fit their column are copied whole. */
  pushColumns(columns: ColumnBlock, options?: PushOptions): BatchResult | Promise<BatchResult> {
    return this.#assembly.edge.pushColumns(columns, options)
  }

  /**
   * Blocks of columns for this job to be lent: an array per column, whose memory its workers can read. Where a job
   * copies what it is given, because it has no workers that are dealt batches, they are ordinary arrays.
   *
   * @throws EventfluxError `OPTION_INVALID` for a size that isn't one, and for more than 4 GiB.
   * @example
   * const blocks = job.lendableColumns(trades, { rows: 16_384, blocks: 8 })
   * for (const { price } of blocks) price.fill(10.5)
   */
  lendableColumns<F extends SchemaFields>(schema: Schema<F>, size: LendableSize): LendableColumns<F>[] {
    const { edge } = this.#assembly
    return lendableColumns(schema, size, bytes => edge.share(bytes) ?? new ArrayBuffer(bytes))
  }

  /**
   * The same as `pushColumns`, of columns that nobody writes to until they are given back (`returned`; all are when
   * `flush` has resolved): those of `lendableColumns` aren't copied, workers read them where they stand.
   *
   * @throws EventfluxError as `pushColumns` does.
   * @example
   * const free = job.lendableColumns(trades, { rows: 16_384, blocks: 8 })
   * const block = free.pop()!
   * const symbol = { codes: block.symbol, dictionary: ['ACME'] }
   * await job.lendColumns({ ...block, symbol }, { returned: () => free.push(block) })
   */
  lendColumns(columns: ColumnBlock, options: LendOptions = {}): BatchResult | Promise<BatchResult> {
    return this.#assembly.edge.lendColumns(columns, options)
  }

  /** Resolves when every row accepted so far went through, and its results are durable in the sinks. */
  async flush(): Promise<void> {
    const { chain, sinks } = this.#assembly
    await this.turns.settle(chain.elsewhere)
    this.#life.throwFailure()
    if (this.#life.hasEnded) return
    await this.#life.unlessEnded(Promise.all(sinks.map(sink => sink.flush())))
    this.#life.throwFailure()
  }

  /**
   * Takes a checkpoint of what was accepted so far, whole: `run({ restore: checkpoint.bytes })` goes on from it. Resolves
   * once it is in the store of `run`, where there is one, and sinks have committed.
   *
   * @throws EventfluxError `CHECKPOINT_UNSUPPORTED` when something can't put its state into bytes, `CHECKPOINT_FAILED`,
   * `CHECKPOINT_CONFLICT`, `CLOSED`. Older checkpoints are as they were. The job goes on, but for `CHECKPOINT_CONFLICT`: another
   * job writes to its store.
   */
  checkpoint(): Promise<JobCheckpoint> {
    return this.#recovery.coordinator.take(true)
  }

  /** Ends the input: no more events, all windows close, everything reaches the sinks, the job stops. */
  drain(): Promise<JobSummary> {
    return this.stop({ drain: true })
  }

  /**
   * Stops the job, after everything inside went through: `drain: true` closes all windows. That is the default, unless the
   * job keeps checkpoints: then open windows go into a last one, for the job that goes on from it. `drain: false` leaves
   * behind what is inside (counted as `abandoned`). Calling it again while the job drains can hurry it: `drain: false` and
   * `timeoutMs` count from then on.
   *
   * @throws EventfluxError `OPTION_INVALID`; `TIMEOUT` when it took longer than `timeoutMs`: the job is stopped all the same.
   */
  stop(options: { readonly drain?: boolean; readonly timeoutMs?: number } = {}): Promise<JobSummary> {
    return this.#life.stop(options)
  }

  /** What the job measured so far; with `into`, written there without allocation. */
  metrics(into: MetricsSnapshot = createMetricsSnapshot()): MetricsSnapshot {
    return this.#recovery.coordinator.metrics.fill(this.#meter?.snapshot(into) ?? into)
  }

  /** Advice from what was measured: queue sizes, strategies, slow stages. */
  recommend(): Recommendation[] {
    return recommend(this.metrics())
  }

  /** How the job runs, as text: each step with its kernels, what bounds its state, and what was seen of it so far. */
  explain(): string {
    return explainJob(this.#plan, this.#assembly.chain, this.#meter, this.mode)
  }

  /** What became of every row so far. Works without metrics too. */
  counts(): JobCounts & { readonly queued: number } {
    return { ...countJob(this.#assembly), queued: rowsInside(this.#assembly) }
  }

  /**
   * Reads the result rows, where neither `sink` nor `onBatch` takes them: each once, however many read. Who leaves early
   * (`break`, an error in the loop) stops the job as `stop({ drain: false })` does, unless branches have sinks of their own.
   *
   * @throws EventfluxError `STAGE_FAILED` where the results go to a sink; what made the job fail, behind the rows before it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Out> {
    if (!this.#queue)
      throw stageFailed('the results of this job go to a sink: leave out sink and onBatch to iterate them')
    return this.#queue as RowQueueSink<Out>
  }

  /** @internal */
  start(sources: readonly Source[], restored: RestoredJob | undefined): void {
    this.#restored = restored
    this.#life.start(sources)
  }

  /** @internal */
  rowsArrived(): number {
    this.#meter?.rowsArrived()
    const { length } = this.#assembly.edge.ring
    if (length >= this.#driveRows) this.turns.work()
    else this.turns.schedule()
    return this.#quietRows - length
  }

  /** @internal */
  grew(warning: GrowthWarning): void {
    this.#growListeners.tell(warning)
  }

  /** @internal */
  batchBegins(): void {
    this.#meter?.batchBegins()
    this.#assembly.edge.rowsLeave()
  }

  /** @internal */
  batchDone(rows: number, busyNs: number): void {
    this.#assembly.edge.ledger.delivered += rows
    this.#meter?.batchDone(rows, busyNs)
    this.#recovery.coordinator.rowsAccepted()
  }

  /** @internal */
  spaceFreed(): void {
    this.#assembly.edge.spaceFreed()
  }

  /** @internal */
  failed(error: unknown): void {
    this.#life.failed(error)
  }
}
