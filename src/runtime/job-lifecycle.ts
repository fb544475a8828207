import type { Source } from '../connector/source.ts'
import { EventfluxError, messageOf, optionInvalid, show, stageFailed, timedOut } from '../errors.ts'
import { rowsText } from '../metrics/wording.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import type { Assembly } from './assemble.ts'
import { IdleFlush } from './idle-flush.ts'
import { countJob, rowsInside, writesUnderWay } from './job-counts.ts'
import type { JobParts, JobState, JobSummary } from './job-parts.ts'
import type { JobRecovery } from './job-recovery.ts'
import { Listeners } from './listeners.ts'
import type { RowQueueSink } from './row-queue-sink.ts'
import { SinkClosing } from './sink-closing.ts'
import { SourceIntakes } from './source-intakes.ts'
import { Turns } from './turns.ts'

/** How a job is stopped. */
interface StopOptions {
  readonly drain?: boolean
  readonly timeoutMs?: number
}

const STOP_OPTIONS: OptionNames<StopOptions> = { drain: true, timeoutMs: true }

/** Only the job's own parts see why their signal is aborted; without a reason each abort makes an exception with its stack. */
const JOB_ENDED = 'the job has ended'

/** From running over draining to stopped, or failed from anywhere: the states of a job and what is done between them. */
export class JobLifecycle {
  /** Resolves when the job has stopped; rejects with what made it fail. */
  readonly done: Promise<JobSummary>
  readonly turns: Turns
  readonly #assembly: Assembly
  readonly #queue: RowQueueSink<unknown> | undefined
  readonly #clock: Clock
  readonly #abort: AbortController
  readonly #schema: Schema
  readonly #idleFlush: IdleFlush
  readonly #recovery: JobRecovery
  readonly #closing: SinkClosing
  readonly #stateListeners = new Listeners<JobState>('onState', error => this.failed(error))
  #state: JobState = 'created'
  #failure: EventfluxError | undefined
  #sources: SourceIntakes | undefined
  #finishing: Promise<JobSummary> | undefined
  /** What keeps the job from ending, as words. */
  #awaited = 'sources to end'
  #isAbandoned = false
  /** Whether windows stay open when the job stops; not decided before. */
  #isSuspending: boolean | undefined
  #isEnding = false
  #abandon!: () => void
  /** Resolves when what is inside shall be left behind. */
  readonly #abandoned: Promise<void>
  #resolve!: (summary: JobSummary | Promise<JobSummary>) => void
  #reject!: (error: unknown) => void

  constructor(parts: JobParts) {
    this.#assembly = parts.assembly
    this.#queue = parts.queue
    this.#clock = parts.clock
    this.#abort = parts.abort
    this.#schema = parts.schema
    this.#recovery = parts.recovery
    this.#idleFlush = new IdleFlush(this.#clock, parts.assembly.sinks, error => this.failed(error))
    this.#closing = new SinkClosing(parts.assembly.sinks)
    this.turns = new Turns(parts.assembly.task, {
      hasEnded: () => this.hasEnded,
      blocked: () => parts.meter?.blocked(),
      idle: () => {
        parts.meter?.idle()
        this.#idleFlush.idle()
      },
      failed: error => this.failed(error),
    })
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#abandoned = new Promise(resolve => {
      this.#abandon = resolve
    })
    // Whoever iterates the results was all they were for, unless branches of the pipeline go elsewhere.
    if (parts.assembly.sinks.length === 1) this.#queue?.whenLeft(() => this.#leave())
    // A failure is also told by the state, by stop() and by every push: nobody has to await `done`.
    this.done.catch(() => {})
  }

  get state(): JobState {
    return this.#state
  }

  get hasEnded(): boolean {
    return this.#state === 'stopped' || this.#state === 'failed'
  }

  onState(listener: (state: JobState) => void): () => void {
    return this.#stateListeners.add(listener)
  }

  /** Waits for `work`, but no longer than until the job has ended. */
  unlessEnded(work: Promise<unknown>): Promise<void> {
    return this.#stateListeners.unless(() => this.hasEnded, work)
  }

  throwFailure(): void {
    if (this.#state === 'failed') throw this.#failure
  }

  /** Runs from here on, and the sources with it. */
  start(sources: readonly Source[]): void {
    this.#recovery.cut.start({ work: () => this.turns.work(), failed: error => this.failed(error) })
    this.#enter('running')
    this.turns.start()
    this.#recovery.coordinator.start()
    if (sources.length === 0) return
    this.#sources = new SourceIntakes(sources, {
      edge: this.#assembly.edge,
      clock: this.#clock,
      schema: this.#schema,
      onEnd: source => this.#inputEnded(source),
    })
    this.#sources.run().then(
      () => void this.stop({ drain: true }).catch(() => {}),
      error => this.failed(error),
    )
  }

  stop(options: StopOptions): Promise<JobSummary> {
    checkStop(options)
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

  /** Stops without anybody who wants to know how that went: `done` and the state tell it. */
  async #leave(): Promise<void> {
    await this.stop({ drain: false }).catch(() => {})
  }

  /** Ends the job because of an error; of several, the first. */
  failed(error: unknown): void {
    if (this.hasEnded || this.#failure !== undefined) return
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
    if (this.hasEnded) return this.done
    this.#enter('draining')
    this.#assembly.edge.close()
    this.#sources?.stop()
    this.#finishing = this.#finish()
    return this.#finishing
  }

  async #finish(): Promise<JobSummary> {
    try {
      await Promise.race([this.#sources?.closed, this.done])
      this.#awaited = 'what is inside to go through'
      if (!this.#isAbandoned) await Promise.race([this.#drainAll(), this.#abandoned, this.done])
      this.#abort.abort(JOB_ENDED)
      this.#awaited = 'sinks to close'
      await Promise.race([this.#closing.close(), this.done])
    } catch (error) {
      this.failed(error)
    }
    this.#end()
    return this.done
  }

  #endWithin(timeoutMs: number): void {
    const cancel = this.#clock.after(timeoutMs, () => {
      const left = rowsInside(this.#assembly)
      const why = `${this.#awaited}; ${rowsText(left)} left inside${writesUnderWay(this.#assembly)}`
      this.failed(timedOut(`the job did not stop within ${timeoutMs} ms: it waits for ${why}`, { value: left }))
    })
    this.done.then(cancel, cancel)
  }

  async #drainAll(): Promise<void> {
    if (this.#isSuspending) await this.turns.settle(this.#assembly.chain.elsewhere)
    else await this.turns.inject(task => task.endOfInput())
    if (this.#isAbandoned || this.hasEnded) return
    const { sinks, invalid } = this.#assembly
    this.#awaited = 'sinks to take and flush what they were given'
    await Promise.all([...sinks.map(sink => sink.flush()), invalid.settled()])
    this.#awaited = 'the last checkpoint'
    const { coordinator, takesLast } = this.#recovery
    if (takesLast) await coordinator.takeByPolicy()
    // One that was asked for right before is still on its way to the store.
    await coordinator.settled()
  }

  /** Ends the job: stopped, or failed when there is a failure. */
  #end(): void {
    if (this.hasEnded) return
    this.#isEnding = true
    const abandoned = rowsInside(this.#assembly)
    const { edge, task, invalid } = this.#assembly
    edge.fail(this.#failure)
    invalid.end()
    this.#sources?.stop()
    this.#abort.abort(JOB_ENDED)
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
      // What is left behind, or on its way to other threads, may still be looked at.
      if (!this.#failure && !this.#isAbandoned && !this.#assembly.chain.elsewhere) this.#assembly.leaveMemory()
    } catch (error) {
      if (this.#failure) this.#failure.suppressed.push(error)
      else this.failed(error)
    }
  }

  #enter(state: JobState): void {
    this.#state = state
    this.#stateListeners.tell(state, () => this.#state === state)
  }
}

function checkStop(options: StopOptions): void {
  checkOptions('stop', options, STOP_OPTIONS)
  const { timeoutMs = 0 } = options
  if (!(typeof timeoutMs === 'number' && timeoutMs >= 0))
    throw optionInvalid(`timeoutMs of stop is a number of milliseconds, not ${show(timeoutMs)}`, {
      value: timeoutMs,
      at: 'timeoutMs',
    })
}
