import { type SourceLike, toSource } from './connector/to-source.ts'
import { EventfluxError, stageFailed, timedOut } from './errors.ts'
import type { ColumnBlock } from './memory/column-input.ts'
import { createMetricsSnapshot, type MetricsSnapshot } from './metrics/metrics-snapshot.ts'
import type { PressureEvent } from './metrics/pressure-monitor.ts'
import { type Recommendation, recommend } from './metrics/recommend.ts'
import type { ProcessRowsOperator } from './operators/process-rows.ts'
import type { PushOptions } from './runtime/admission/admission.ts'
import type { BatchResult, PushResult } from './runtime/admission/push-result.ts'
import type { Assembly } from './runtime/assemble.ts'
import { countJob, type JobCounts } from './runtime/job-counts.ts'
import type { JobMeter } from './runtime/job-meter.ts'
import type { RowQueueSink } from './runtime/row-queue-sink.ts'
import { SourceIntakes } from './runtime/source-intakes.ts'
import type { Task, TaskState } from './runtime/task.ts'
import type { Schema } from './schema/schema.ts'
import type { Clock } from './time/clock.ts'

/** created → running → draining → stopped, or failed from anywhere. */
export type JobState = 'created' | 'running' | 'draining' | 'stopped' | 'failed'

/** How a job ended: what became of every row. offered = accepted + all rejections; see the counters' own descriptions. */
export interface JobSummary extends JobCounts {
  /** Rows that were inside when the job was stopped without draining. */
  readonly abandoned: number
}

/** What `run` needs to start a job. @internal */
export interface JobParts {
  readonly assembly: Assembly
  readonly meter: JobMeter | undefined
  readonly queue: RowQueueSink<unknown> | undefined
  readonly clock: Clock
  readonly abort: AbortController
  readonly engine: 'wasm' | 'js'
  readonly schema: Schema
}

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
  /** Resolves when the job has stopped; rejects with what made it fail. */
  readonly done: Promise<JobSummary>
  readonly #assembly: Assembly
  readonly #meter: JobMeter | undefined
  readonly #queue: RowQueueSink<unknown> | undefined
  readonly #clock: Clock
  readonly #abort: AbortController
  readonly #schema: Schema
  readonly #driveRows: number
  readonly #stateListeners = new Set<(state: JobState) => void>()
  #state: JobState = 'created'
  #failure: unknown
  #scheduled = false
  #sources: SourceIntakes | undefined
  #finishing: Promise<JobSummary> | undefined
  #wake: (() => void)[] = []
  #resolve!: (summary: JobSummary) => void
  #reject!: (error: unknown) => void

  /** @internal Use `pipeline(…).run(…)`. */
  constructor(parts: JobParts) {
    this.#assembly = parts.assembly
    this.#meter = parts.meter
    this.#queue = parts.queue
    this.#clock = parts.clock
    this.#abort = parts.abort
    this.#schema = parts.schema
    this.engine = parts.engine
    this.#driveRows = Math.min(parts.assembly.maxBatch, parts.assembly.edge.ring.capacity)
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A failure is also told by the state, by stop() and by every push: nobody has to await `done`.
    this.done.catch(() => {})
  }

  get state(): JobState {
    return this.#state
  }

  /** Calls `listener` at every change of state; returns how to stop that. */
  onState(listener: (state: JobState) => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  /** Tells when an edge fills up, and which stage is to blame. Needs metrics. */
  onPressure(listener: (event: PressureEvent) => void): () => void {
    return this.#meter?.onPressure(listener) ?? (() => false)
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
    await this.#until(() => this.#work())
    await Promise.all(this.#assembly.sinks.map(sink => sink.flush()))
    this.#throwFailure()
  }

  /** Ends the input: no more events, all windows close, everything reaches the sinks, the job stops. */
  drain(): Promise<JobSummary> {
    return this.stop()
  }

  /**
   * Stops the job, by default after everything inside went through. `drain: false` leaves it behind (counted as
   * `abandoned`). @throws EventfluxError `TIMEOUT` when it took longer than `timeoutMs`: the job is stopped all the same.
   */
  stop(options: { readonly drain?: boolean; readonly timeoutMs?: number } = {}): Promise<JobSummary> {
    this.#finishing ??= this.#finish(options.drain ?? true, options.timeoutMs)
    return this.#finishing
  }

  /** What the job measured so far; with `into`, written there without allocation. */
  metrics(into?: MetricsSnapshot): MetricsSnapshot {
    return this.#meter ? this.#meter.snapshot(into) : (into ?? createMetricsSnapshot())
  }

  /** Advice from what was measured: queue sizes, strategies, slow stages. */
  recommend(): Recommendation[] {
    return recommend(this.metrics())
  }

  /** What became of every row so far. Works without metrics too. */
  counts(): JobCounts & { readonly queued: number } {
    return { ...countJob(this.#assembly), queued: this.#inside() }
  }

  /** Reads the result rows, where neither `sink` nor `onBatch` takes them. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Out> {
    if (!this.#queue) {
      throw stageFailed('the results of this job go to a sink: leave out sink and onBatch to iterate them')
    }
    return this.#queue as RowQueueSink<Out>
  }

  /** @internal Starts the sources. */
  start(sources: readonly SourceLike<never>[]): void {
    this.#enter('running')
    if (sources.length === 0) return
    this.#sources = new SourceIntakes(
      sources.map(source => toSource(source)),
      { edge: this.#assembly.edge, signal: this.#abort.signal, clock: this.#clock, schema: this.#schema },
    )
    this.#sources.done.then(
      () => void this.stop().catch(() => {}),
      error => this.failed(error),
    )
  }

  /** @internal */
  rowsArrived(): void {
    this.#meter?.rowsArrived()
    if (this.#assembly.edge.ring.length >= this.#driveRows) this.#work()
    else if (!this.#scheduled) {
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        this.#work()
      })
    }
  }

  /** @internal */
  makeRoom(): void {
    this.#work()
  }

  /** @internal */
  batchDone(rows: number, busyNs: number): void {
    this.#assembly.edge.ledger.delivered += rows
    this.#meter?.batchDone(rows, busyNs)
  }

  /** @internal */
  spaceFreed(): void {
    this.#assembly.edge.spaceFreed()
  }

  /** @internal */
  ready(): void {
    this.#work()
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** @internal A timer of a processor is due: it fires between two batches. */
  timerDue(stage: ProcessRowsOperator, atMs: number): void {
    void this.#until(() => this.#work()).then(() => this.#inject(task => task.inject(() => stage.timerDue(atMs))))
  }

  /** @internal */
  failed(error: unknown): void {
    if (this.#state === 'stopped' || this.#state === 'failed') return
    this.#failure =
      error instanceof EventfluxError ? error : stageFailed(`the job failed: ${messageOf(error)}`, { cause: error })
    this.#end('failed')
  }

  /** Runs the task, if that is possible now. */
  #work(): TaskState {
    const { task } = this.#assembly
    if (task.isRunning || this.#hasEnded()) return 'idle'
    try {
      const state = task.work()
      if (state === 'blocked') this.#meter?.blocked()
      return state
    } catch (error) {
      this.failed(error)
      return 'idle'
    }
  }

  /** Sends something between two batches, after whatever is in the way. */
  #inject(turn: (task: Task) => TaskState): TaskState {
    if (this.#hasEnded()) return 'idle'
    try {
      return turn(this.#assembly.task)
    } catch (error) {
      this.failed(error)
      return 'idle'
    }
  }

  /** Repeats a turn until nothing blocks it any more. */
  async #until(turn: () => TaskState): Promise<void> {
    while (turn() === 'blocked') await new Promise<void>(resolve => this.#wake.push(resolve))
  }

  async #finish(drain: boolean, timeoutMs: number | undefined): Promise<JobSummary> {
    if (this.#hasEnded()) return this.done
    this.#enter('draining')
    this.#assembly.edge.close()
    this.#abort.abort()
    const cancel =
      timeoutMs === undefined
        ? undefined
        : this.#clock.after(timeoutMs, () => {
            const left = this.#inside()
            this.failed(
              timedOut(`the job did not stop within ${timeoutMs} ms: ${left} rows are left inside`, { value: left }),
            )
          })
    try {
      await this.#sources?.closed
      if (drain) await this.#drainAll()
      await Promise.race([this.#closeSinks(), this.done])
    } catch (error) {
      this.failed(error)
    }
    cancel?.()
    this.#end('stopped')
    return this.done
  }

  async #drainAll(): Promise<void> {
    await this.#until(() => this.#work())
    if (this.#inject(task => task.endOfInput()) === 'blocked') await this.#until(() => this.#work())
    await Promise.race([Promise.all(this.#assembly.sinks.map(sink => sink.flush())), this.done])
  }

  async #closeSinks(): Promise<void> {
    for (const sink of this.#assembly.sinks) await sink.closeSink()
  }

  #end(state: 'stopped' | 'failed'): void {
    if (this.#hasEnded()) return
    const abandoned = this.#inside()
    this.#assembly.edge.fail(this.#failure)
    this.#abort.abort()
    const summary = { ...countJob(this.#assembly), abandoned }
    this.#enter(state)
    this.#queue?.end(state === 'failed' ? { error: this.#failure } : undefined)
    for (const wake of this.#wake.splice(0)) wake()
    this.#assembly.close()
    if (state === 'stopped') this.#resolve(summary)
    else this.#reject(this.#failure)
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
    for (const listener of this.#stateListeners) listener(state)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
