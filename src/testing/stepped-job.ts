import type { SourceLike } from '../connector/to-source.ts'
import type { Job } from '../job.ts'
import type { EngineChoice } from '../kernels/engine.ts'
import { branchNames } from '../plan/branch-names.ts'
import { type PipelineConfig, type ResolvedConfig, resolveConfig } from '../plan/config.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import { type Packaged, runPlan } from '../run.ts'
import type { JobCounts } from '../runtime/job-counts.ts'
import type { RunOptions } from '../runtime/run-options.ts'
import { VirtualClock } from '../time/virtual-clock.ts'
import { turnOfLoop } from './event-loop.ts'

/** Turns of the event loop that what a step set off may take: more than anything that doesn't wait for the clock. */
const TURNS = 5

/** How a job is run, among the ways that may not matter to what comes out. */
export interface Manner {
  readonly engine: EngineChoice
  readonly batchSize: number
}

/** What is needed of a pipeline. */
export interface Startable {
  readonly plan: LogicalPlan
  readonly config: ResolvedConfig
  readonly packaged: Packaged
}

interface SteppedOptions {
  readonly startMs: number
  readonly sources?: readonly SourceLike<never>[]
  readonly errors?: RunOptions<never, never>['errors'] | undefined
}

/**
 * A job on a virtual clock that is driven a step at a time: when a step is over, everything has happened that doesn't
 * wait for the clock or for further input.
 */
export class SteppedJob {
  /** The rows that came out, by the name of the sink; those of the pipeline itself are under `undefined`. */
  readonly outputs: ReadonlyMap<string | undefined, unknown[]>
  /** What failed and nobody has asked about: events that were thrown back, and the failure of the job as the last. */
  readonly errors: unknown[] = []
  readonly #job: Job<unknown, unknown>
  readonly #clock: VirtualClock

  private constructor(
    job: Job<unknown, unknown>,
    clock: VirtualClock,
    outputs: ReadonlyMap<string | undefined, unknown[]>,
  ) {
    this.#job = job
    this.#clock = clock
    this.outputs = outputs
    job.done.catch(error => this.#failed(error))
  }

  static async start(
    { plan, config, packaged }: Startable,
    { engine, batchSize }: Manner,
    options: SteppedOptions,
  ): Promise<SteppedJob> {
    const clock = new VirtualClock(options.startMs)
    const names = [undefined, ...branchNames(plan.nodes)]
    const outputs = new Map<string | undefined, unknown[]>(names.map(name => [name, []]))
    const branches = Object.fromEntries([...outputs].filter(([name]) => name !== undefined))
    const job = await runPlan<unknown, unknown>(
      plan,
      resolveConfig({ ...config, engine, maxBatch: batchSize } as PipelineConfig),
      packaged,
      {
        clock,
        sink: outputs.get(undefined)!,
        sinks: branches,
        // Backoffs are jittered, tests are not.
        random: () => 0.5,
        ...(options.sources && { sources: options.sources as readonly SourceLike<unknown>[] }),
        ...(options.errors && { errors: options.errors }),
      },
    )
    return new SteppedJob(job, clock, outputs)
  }

  get hasFailed(): boolean {
    return this.#job.state === 'failed'
  }

  /** Whether the input has ended, and something still keeps the job from ending. */
  get isEnding(): boolean {
    return this.#job.state === 'draining'
  }

  get nowMs(): number {
    return this.#clock.now()
  }

  counts(): JobCounts & { readonly queued: number } {
    return this.#job.counts()
  }

  /** Pushes events one by one, without a pause between them. */
  async push(events: readonly unknown[]): Promise<void> {
    for (const event of events) {
      try {
        const pushed = this.#job.push(event)
        if (pushed instanceof Promise) pushed.catch(error => this.#failed(error))
      } catch (error) {
        this.#failed(error)
      }
    }
    await this.settle()
  }

  /** Moves the clock on, stopping at each timer on the way. */
  async advanceTo(timeMs: number): Promise<void> {
    await this.settle()
    for (let dueMs = this.#clock.nextTimerMs; dueMs <= timeMs; dueMs = this.#clock.nextTimerMs) {
      this.#clock.advanceTo(dueMs)
      await this.settle()
    }
    this.#clock.advanceTo(timeMs)
    await this.settle()
  }

  /** Ends the input. */
  async end(): Promise<void> {
    await this.#settled(this.#job.drain())
  }

  /** Waits until the job has stopped after its input has ended, moving the clock on to whatever it waits for. */
  async finish(): Promise<void> {
    await settled(this.#job.done)
    while (this.isEnding && this.#clock.nextTimerMs < Number.POSITIVE_INFINITY)
      await this.advanceTo(this.#clock.nextTimerMs)
    await settled(this.#job.done)
  }

  /** Leaves behind what is inside, if the job still runs. */
  async abandon(): Promise<void> {
    await this.#job.stop({ drain: false }).catch(() => {})
  }

  /** Waits until nothing is left to do for now. */
  settle(): Promise<void> {
    return this.#settled(this.#job.flush())
  }

  /** Failures of the work are told by `done`, which may need a turn longer: sinks are closed before. */
  async #settled(work: Promise<unknown>): Promise<void> {
    await settled(work)
    if (this.hasFailed) await settled(this.#job.done)
  }

  #failed(error: unknown): void {
    // What fails the job in the middle of a push is told twice.
    if (!this.errors.includes(error)) this.errors.push(error)
  }
}

/** Waits for work to end, unless it waits itself for something that is still to come. */
async function settled(work: Promise<unknown>): Promise<void> {
  const patience = (async () => {
    for (let turn = 0; turn < TURNS; turn++) await turnOfLoop()
  })()
  await Promise.race([work.catch(() => {}), patience])
}
