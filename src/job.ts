import { becomesObservable, type RowObservable } from './connector/observable.ts'
import type { Source } from './connector/source.ts'
import { EventfluxError, stageFailed, timedOut } from './errors.ts'
import type { ColumnBlock } from './memory/column-input.ts'
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
import { IdleFlush } from './runtime/idle-flush.ts'
import { countJob, type JobCounts } from './runtime/job-counts.ts'
import type { JobMeter } from './runtime/job-meter.ts'
import type { JobMode } from './runtime/job-mode.ts'
import type { JobParts, JobState, JobSummary } from './runtime/job-parts.ts'
import type { JobRecovery, RestoredJob } from './runtime/job-recovery.ts'
import { Listeners } from './runtime/listeners.ts'
import type { RowQueueSink } from './runtime/row-queue-sink.ts'
import { SinkClosing } from './runtime/sink-closing.ts'
import { SourceIntakes } from './runtime/source-intakes.ts'
import { Turns } from './runtime/turns.ts'
import type { Schema } from './schema/schema.ts'
import type { Clock } from './time/clock.ts'

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
  readonly #clock: Clock
  readonly #abort: AbortController
  readonly #sourceAbort = new AbortController()
  readonly #schema: Schema
  readonly #plan: LogicalPlan
  readonly #driveRows: number
  readonly #idleFlush: IdleFlush
  readonly #recovery: JobRecovery
  readonly #closing: SinkClosing
  /** @internal */
  readonly turns: Turns
  readonly #stateListeners = new Listeners<JobState>(cause => this.#listenerThrew('onState', cause))
  readonly #growListeners = new Listeners<GrowthWarning>(cause => this.#listenerThrew('onGrow', cause))
  #restored: RestoredJob | undefined
  #state: JobState = 'created'
  #failure: EventfluxError | undefined
  #sources: SourceIntakes | undefined
  #finishing: Promise<JobSummary> | undefined
  #isAbandoned = false
  /** Whether windows stay open when the job stops; not decided before. */
  #isSuspending: boolean | undefined
  #isEnding = false
  #abandon!: () => void
  /** Resolves when what is inside shall be left behind. */
  readonly #abandoned: Promise<void>
  #resolve!: (summary: JobSummary | Promise<JobSummary>) => void
  #reject!: (error: unknown) => void

  /** @internal Use `pipeline(…).run(…)`. */
  constructor(parts: JobParts) {
    this.#assembly = parts.assembly
    this.#meter = parts.meter
    this.#queue = parts.queue
    this.#clock = parts.clock
    this.#abort = parts.abort
    this.#schema = parts.schema
    this.#plan = parts.plan
    this.engine = parts.engine
    this.mode = parts.mode
    this.#idleFlush = new IdleFlush(this.#clock, parts.assembly.sinks, error => this.failed(error))
    this.#closing = new SinkClosing(parts.assembly.sinks)
    this.#recovery = parts.recovery
    this.turns = new Turns(parts.assembly.task, {
      hasEnded: () => this.#hasEnded(),
      blocked: () => this.#meter?.blocked(),
      idle: () => this.#idleFlush.idle(),
      failed: error => this.failed(error),
    })
    this.#driveRows = Math.min(parts.assembly.maxBatch, parts.assembly.edge.ring.capacity)
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#abandoned = new Promise(resolve => {
      this.#abandon = resolve
    })
    // A failure is also told by the state, by stop() and by every push: nobody has to await `done`.
    this.done.catch(() => {})
    becomesObservable(this)
  }

  /** The checkpoint the job began from; undefined: it began anew. */
  get restored(): RestoredJob | undefined {
    return this.#restored
  }

  get state(): JobState {
    return this.#state
  }

  /** Calls `listener` at every change of state; returns how to stop that. */
  onState(listener: (state: JobState) => void): () => void {
    return this.#stateListeners.add(listener)
  }

  /** Tells when an edge fills up, and which stage is to blame. Needs metrics. */
  onPressure(listener: (event: PressureEvent) => void): () => void {
    return this.#meter?.onPressure(listener) ?? (() => false)
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

  /** Resolves when every row accepted so far went through, and its results are durable in the sinks. */
  async flush(): Promise<void> {
    const { chain, sinks } = this.#assembly
    await this.turns.settle(chain.elsewhere)
    this.#throwFailure()
    if (this.#hasEnded()) return
    await this.#stateListeners.unless(() => this.#hasEnded(), Promise.all(sinks.map(sink => sink.flush())))
    this.#throwFailure()
  }

  /**
   * Takes a checkpoint of what was accepted so far, whole: `run({ restore: checkpoint.bytes })` goes on from it. Resolves
   * once it is in the store of `run`, where there is one, and sinks have committed.
   *
   * @throws EventfluxError `CHECKPOINT_UNSUPPORTED` when something can't put its state into bytes, `CHECKPOINT_FAILED`,
   * `CHECKPOINT_CONFLICT`, `CLOSED`. The job goes on; older checkpoints are as they were.
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
   * @throws EventfluxError `TIMEOUT` when it took longer than `timeoutMs`: the job is stopped all the same.
   */
  stop(options: { readonly drain?: boolean; readonly timeoutMs?: number } = {}): Promise<JobSummary> {
    this.#isSuspending ??= options.drain === undefined && this.#recovery.isKept
    const finishing = this.#finishing ?? this.#startFinishing()
    if (options.drain === false) {
      this.#isAbandoned = true
      this.#assembly.task.stop()
      this.#abandon()
    }
    if (options.timeoutMs !== undefined) this.#endWithin(options.timeoutMs)
    return finishing
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
    return { ...countJob(this.#assembly), queued: this.#inside() }
  }

  /** Reads the result rows, where neither `sink` nor `onBatch` takes them. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Out> {
    if (!this.#queue)
      throw stageFailed('the results of this job go to a sink: leave out sink and onBatch to iterate them')
    return this.#queue as RowQueueSink<Out>
  }

  /** @internal Starts the sources. */
  start(sources: readonly Source[], restored: RestoredJob | undefined): void {
    this.#restored = restored
    this.#recovery.cut.start({ work: () => this.turns.work(), failed: error => this.failed(error) })
    this.#enter('running')
    this.turns.start()
    this.#recovery.coordinator.start()
    if (sources.length === 0) return
    this.#sources = new SourceIntakes(sources, {
      edge: this.#assembly.edge,
      signal: this.#sourceAbort.signal,
      clock: this.#clock,
      schema: this.#schema,
      onEnd: source => this.#inputEnded(source),
    })
    this.#sources.done.then(
      () => void this.stop({ drain: true }).catch(() => {}),
      error => this.failed(error),
    )
  }

  /** @internal */
  rowsArrived(): void {
    this.#meter?.rowsArrived()
    if (this.#assembly.edge.ring.length >= this.#driveRows) this.turns.work()
    else this.turns.schedule()
  }

  /** @internal */
  grew(warning: GrowthWarning): void {
    this.#growListeners.tell(warning)
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
    if (this.#hasEnded() || this.#failure !== undefined) return
    this.#failure =
      error instanceof EventfluxError ? error : stageFailed(`the job failed: ${messageOf(error)}`, { cause: error })
    if (!this.#isEnding) this.#end()
  }

  /** A source has ended: behind its last row it holds the watermark back no more. */
  #inputEnded(input: number): void {
    const { task, chain } = this.#assembly
    task.follow(() => chain.endInput(input))
    this.turns.work()
  }

  #startFinishing(): Promise<JobSummary> {
    if (this.#hasEnded()) return this.done
    this.#enter('draining')
    this.#assembly.edge.close()
    this.#sourceAbort.abort()
    this.#finishing = this.#finish()
    return this.#finishing
  }

  async #finish(): Promise<JobSummary> {
    try {
      await Promise.race([this.#sources?.closed, this.done])
      if (!this.#isAbandoned) await Promise.race([this.#drainAll(), this.#abandoned, this.done])
      this.#abort.abort()
      await Promise.race([this.#closing.close(), this.done])
    } catch (error) {
      this.failed(error)
    }
    this.#end()
    return this.done
  }

  #endWithin(timeoutMs: number): void {
    const cancel = this.#clock.after(timeoutMs, () => {
      const left = this.#inside()
      this.failed(
        timedOut(`the job did not stop within ${timeoutMs} ms: ${left} rows are left inside`, { value: left }),
      )
    })
    this.done.then(cancel, cancel)
  }

  async #drainAll(): Promise<void> {
    if (this.#isSuspending) await this.turns.settle(this.#assembly.chain.elsewhere)
    else await this.turns.inject(task => task.endOfInput())
    if (this.#isAbandoned || this.#hasEnded()) return
    await Promise.all(this.#assembly.sinks.map(sink => sink.flush()))
    if (this.#recovery.takesLast) await this.#recovery.coordinator.takeByPolicy()
  }

  /** Ends the job: stopped, or failed when there is a failure. */
  #end(): void {
    if (this.#hasEnded()) return
    this.#isEnding = true
    const abandoned = this.#inside()
    const { edge, task } = this.#assembly
    edge.fail(this.#failure)
    this.#sourceAbort.abort()
    this.#abort.abort()
    task.stop()
    this.#idleFlush.stop()
    this.#recovery.coordinator.end(this.#failure)
    const summary = { ...countJob(this.#assembly), abandoned }
    // The chain may be on the stack: a sink that pushed into its own job made it fail.
    if (task.isRunning) queueMicrotask(() => this.#close())
    else this.#close()
    const failure = this.#failure
    this.#enter(failure ? 'failed' : 'stopped')
    this.#queue?.end(failure && { error: failure })
    this.turns.wakeAll()
    const closed = failure && this.#closing.closeFailed(failure, this.#clock)
    const gone = this.#assembly.chain.elsewhere?.gone
    if (failure) void Promise.all([closed, gone]).then(() => this.#reject(failure))
    else this.#resolve(gone === undefined ? summary : gone.then(() => summary))
  }

  /** Closing runs code of users: what it throws must not keep the job from ending. */
  #close(): void {
    try {
      this.#assembly.close()
    } catch (error) {
      if (this.#failure) this.#failure.suppressed.push(error)
      else this.failed(error)
    }
  }

  #hasEnded(): boolean {
    return this.#state === 'stopped' || this.#state === 'failed'
  }

  /** Rows in the ring, and those taken out of it whose batch isn't through. */
  #inside(): number {
    const { edge } = this.#assembly
    return edge.ledger.accepted - edge.ledger.delivered - edge.ledger.evicted
  }

  #throwFailure(): void {
    if (this.#state === 'failed') throw this.#failure
  }

  #enter(state: JobState): void {
    this.#state = state
    this.#stateListeners.tell(state, () => this.#state === state)
  }

  #listenerThrew(where: string, cause: unknown): void {
    this.failed(stageFailed(`a listener of ${where} threw: ${messageOf(cause)}`, { cause }))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
