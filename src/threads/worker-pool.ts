import { type EventfluxError, messageOf, stageFailed } from '../errors.ts'
import { FrameRing } from './frame-ring.ts'
import { receivedError } from './sent-error.ts'
import type { Spawn, Thread, ThreadListener } from './spawn.ts'
import { WorkerCells } from './worker-cells.ts'
import type { WorkerJob, WorkerMessage, WorkerOrder, WorkerRestore, WorkerShape, WorkerState } from './worker-job.ts'
import { WorkerTimes } from './worker-times.ts'

/** One worker that is ready: what its chain looks like, what it counts, and the way back from it. */
export interface ReadyWorker {
  readonly name: string
  readonly shape: WorkerShape
  readonly cells: WorkerCells
  readonly times: WorkerTimes
  /** The way to it, and which consumer it is there. */
  readonly input: FrameRing
  readonly consumer: number
  readonly output: FrameRing
}

/** What workers go on from that are started anew. */
export interface NewStart {
  /** Where the clock of each stands; undefined: where it stood first. */
  readonly clocks: readonly number[] | undefined
  /** What each kept; undefined: nothing yet. */
  readonly orders: readonly WorkerRestore[] | undefined
  /** What each had counted. */
  readonly counts: readonly Float64Array[] | undefined
}

/** The workers of one job. */
export class WorkerPool {
  /** Once they are ready, in the order of their jobs. */
  workers!: readonly ReadyWorker[]
  /** Resolves when all workers are gone. */
  readonly gone: Promise<void>
  /** Called when a worker says that there is something to look at. */
  onCall = (): void => {}
  /** Called with what a worker keeps as of a barrier, and which of them it is. */
  onState = (_worker: number, _state: WorkerState): void => {}
  #threads: readonly Thread[] = []
  readonly #jobs: readonly { readonly name: string; readonly job: WorkerJob }[]
  readonly #outputs: readonly FrameRing[]
  readonly #spawn: Spawn
  readonly #rings: readonly FrameRing[]
  readonly #ready: Promise<readonly ReadyWorker[]>
  /** Counts the times the workers were started. */
  #generation = 0
  #failed: ((error: EventfluxError) => void) | undefined
  #told = (_error: EventfluxError): void => {}
  #failure: EventfluxError | undefined
  #restored = (): void => {}
  #isClosed = false
  #allGone!: () => void

  /** Starts the workers. @throws EventfluxError What keeps a worker from starting, or its chain from being built. */
  static async open(
    jobs: readonly { readonly name: string; readonly job: WorkerJob }[],
    spawn: Spawn,
  ): Promise<WorkerPool> {
    const pool = new WorkerPool(jobs, spawn)
    try {
      pool.workers = await pool.#ready
      return pool
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  private constructor(jobs: readonly { readonly name: string; readonly job: WorkerJob }[], spawn: Spawn) {
    this.gone = new Promise(resolve => {
      this.#allGone = resolve
    })
    const rings = new Map<SharedArrayBuffer, FrameRing>()
    for (const { job } of jobs)
      rings.set(job.input, new FrameRing(job.input, job.consumers, undefined, job.within?.place))
    this.#jobs = jobs
    this.#spawn = spawn
    this.#outputs = jobs.map(({ job }) => {
      const output = new FrameRing(job.output, 1)
      rings.set(job.output, output)
      output.callForFrame()
      return output
    })
    this.#rings = [...rings.values()]
    this.#ready = this.#startAll(undefined)
  }

  /** Has the workers begin. @param failed Gets told when one of them can't go on, or is gone. */
  begin(failed = this.#told): void {
    this.#told = failed
    this.#failed = failed
    if (this.#failure !== undefined) failed(this.#failure)
    else for (const thread of this.#threads) thread.post({ kind: 'begin' })
  }

  /** Has each worker go on from what it is given. Resolves when all have; before they begin. */
  async restore(orders: readonly WorkerRestore[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      let left = orders.length
      this.#failed = reject
      this.#restored = () => {
        if (--left === 0) resolve()
      }
      if (this.#failure !== undefined) reject(this.#failure)
      orders.forEach((order, worker) => {
        this.#threads[worker]!.post(order)
      })
    })
  }

  /** Lets all workers read memory, before any frame that names it. Once they have begun. */
  share(number: number, memory: WebAssembly.Memory): void {
    const order: WorkerOrder = { kind: 'share', number, memory }
    for (const thread of this.#threads) thread.post(order)
  }

  /**
   * Ends the workers, and starts others in their place, which don't begin yet. Resolves with false when the pool was closed
   * meanwhile; a worker that is lost on the way is told of when they begin.
   *
   * @param between Called when nobody uses the rings: what was in them has been taken until then. Says what they go on from.
   */
  async restart(between: () => NewStart): Promise<boolean> {
    this.#generation++
    for (const ring of this.#rings) ring.stop()
    await Promise.allSettled(this.#threads.map(thread => thread.end()))
    if (this.#isClosed) return false
    for (const ring of this.#rings) ring.reset()
    const { clocks, orders, counts } = between()
    this.#failure = undefined
    try {
      const ready = await this.#startAll(clocks)
      if (this.#isClosed) return false
      ready.forEach(({ shape }, worker) => {
        const { cells, times } = this.workers[worker]!
        cells.goOn(shape.cells, counts?.[worker])
        times.goOn(shape.times)
      })
      if (orders !== undefined) await this.restore(orders)
    } catch {
      // Told below: the policy decides what happens next.
    }
    return !this.#isClosed
  }

  /** Ends the workers, wherever they are. Resolves when they are gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.gone
    this.#isClosed = true
    for (const ring of this.#rings) ring.stop()
    await Promise.allSettled(this.#threads.map(thread => thread.end()))
    this.#allGone()
  }

  /** @param clocks Where the clock of each stands, if that isn't what the job says. */
  #startAll(clocks: readonly number[] | undefined): Promise<readonly ReadyWorker[]> {
    const starts = this.#jobs.map(({ name, job }, worker) =>
      this.#start(name, worker, { ...job, nowMs: clocks?.[worker] ?? job.nowMs }, this.#spawn),
    )
    this.#threads = starts.map(({ thread }) => thread)
    return Promise.all(starts.map(({ ready }) => ready))
  }

  #start(
    name: string,
    worker: number,
    job: WorkerJob,
    spawn: Spawn,
  ): { readonly thread: Thread; readonly ready: Promise<ReadyWorker> } {
    let isReady: (worker: ReadyWorker) => void
    let isNot: (error: EventfluxError) => void
    const ready = new Promise<ReadyWorker>((resolve, reject) => {
      isReady = resolve
      isNot = reject
    })
    const generation = this.#generation
    const failed = (error: EventfluxError): void => {
      if (this.#isClosed || generation !== this.#generation) return
      isNot(error)
      this.#failure ??= error
      this.#failed?.(error)
    }
    const listener: ThreadListener = {
      message: given => {
        const message = given as WorkerMessage
        if (generation !== this.#generation) return
        if (message.kind === 'call') this.onCall()
        else if (message.kind === 'failed') failed(receivedError(message.error, name))
        else if (message.kind === 'state') this.onState(worker, message)
        else if (message.kind === 'restored') this.#restored()
        else isReady(this.#readyWorker(worker, message.shape))
      },
      ended: (reason, cause) => failed(stageFailed(`${name} ${reason}`, { at: name, cause })),
    }
    let thread = NOT_STARTED
    try {
      thread = spawn(listener)
      thread.post(job)
    } catch (cause) {
      // Those that were started before it are to be ended.
      listener.ended(`could not be started: ${messageOf(cause)}`, cause)
    }
    return { thread, ready }
  }

  #readyWorker(worker: number, shape: WorkerShape): ReadyWorker {
    const { name, job } = this.#jobs[worker]!
    return {
      name,
      shape,
      cells: cellsOf(shape),
      times: new WorkerTimes(shape.times),
      input: new FrameRing(job.input, job.consumers, undefined, job.within?.place),
      consumer: job.consumer,
      output: this.#outputs[worker]!,
    }
  }
}

/** In the place of a thread the system had no room for. */
const NOT_STARTED: Thread = { post() {}, async end() {} }

const cellsOf = ({ operators, windows, eventTimes, stages, links, cells }: WorkerShape): WorkerCells =>
  new WorkerCells({ operators: operators.length, windows, eventTimes, stages: stages.length, links }, cells)
