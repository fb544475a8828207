import { EventfluxError, type EventfluxErrorCode, stageFailed } from '../errors.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import type { ShardPlan } from '../plan/shard-plan.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import { FrameRing, frameRingMemory } from './frame-ring.ts'
import type { Spawn, Thread } from './spawn.ts'
import { WorkerCells } from './worker-cells.ts'
import type { SentError, WorkerJob, WorkerMessage, WorkerShape } from './worker-job.ts'

const LEAST_RING_BYTES = 2 ** 16
const MOST_RING_BYTES = 2 ** 22
/** Bytes of a result row, roughly: their columns are known once the workers are ready. */
const RESULT_ROW_BYTES = 64

export interface ShardLinksOptions {
  readonly plan: ShardPlan
  readonly workers: number
  readonly config: ResolvedConfig
  readonly engine: 'wasm' | 'js'
  /** The kernels, for the wasm engine. */
  readonly module: WebAssembly.Module | undefined
  /** Inputs rows come in by; 0: one. */
  readonly inputs: number
  readonly skips: readonly string[]
  readonly nowMs: number
  readonly spawn: Spawn
}

/** The workers of one job, and the rings to and from them. */
export class ShardLinks {
  readonly input: FrameRing
  readonly outputs: readonly FrameRing[]
  /** What the replicas look like, once they are ready. */
  shape!: WorkerShape
  cells!: readonly WorkerCells[]
  /** Resolves when all workers are gone. */
  readonly gone: Promise<void>
  onCall = (): void => {}
  readonly #threads: readonly Thread[]
  readonly #ready: Promise<readonly WorkerShape[]>
  #failed: ((error: EventfluxError) => void) | undefined
  #failure: EventfluxError | undefined
  #isClosed = false
  #allGone!: () => void

  /** Starts the workers. @throws EventfluxError What keeps a replica of the plan from running, or a worker from starting. */
  static async open(options: ShardLinksOptions): Promise<ShardLinks> {
    const links = new ShardLinks(options)
    try {
      const shapes = await links.#ready
      links.shape = shapes[0]!
      links.cells = shapes.map(shape => cellsOf(shape))
      return links
    } catch (error) {
      await links.close()
      throw error
    }
  }

  private constructor(options: ShardLinksOptions) {
    const { plan, workers, config } = options
    const rowBytes = plan.sharded.source.reduce((bytes, { type }) => bytes + BYTE_WIDTH[type] + 1, 0)
    const input = frameRingMemory(ringBytes(config, rowBytes), workers)
    const outputs = Array.from({ length: workers }, () => frameRingMemory(ringBytes(config, RESULT_ROW_BYTES), 1))
    this.input = new FrameRing(input, workers)
    this.outputs = outputs.map(output => new FrameRing(output, 1))
    for (const output of this.outputs) output.callForFrame(0)
    this.gone = new Promise(resolve => {
      this.#allGone = resolve
    })
    const starts = outputs.map((output, index) => this.#start(options, { input, output, index }))
    this.#threads = starts.map(({ thread }) => thread)
    this.#ready = Promise.all(starts.map(({ ready }) => ready))
  }

  /** Has the workers begin. @param failed Gets told when one of them can't go on, or is gone. */
  begin(failed: (error: EventfluxError) => void): void {
    this.#failed = failed
    if (this.#failure !== undefined) failed(this.#failure)
    for (const thread of this.#threads) thread.post('begin')
  }

  /** Ends the workers, wherever they are. Resolves when they are gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.gone
    this.#isClosed = true
    this.input.stop()
    for (const output of this.outputs) output.stop()
    await Promise.allSettled(this.#threads.map(thread => thread.end()))
    this.#allGone()
  }

  #start(
    { plan, workers, config, engine, module, inputs, skips, nowMs, spawn }: ShardLinksOptions,
    parts: {
      readonly input: SharedArrayBuffer
      readonly output: SharedArrayBuffer
      readonly index: number
    },
  ): { readonly thread: Thread; readonly ready: Promise<WorkerShape> } {
    const { input, output, index } = parts
    const name = `worker ${index + 1} of ${workers}`
    let isReady: (shape: WorkerShape) => void
    let isNot: (error: EventfluxError) => void
    const ready = new Promise<WorkerShape>((resolve, reject) => {
      isReady = resolve
      isNot = reject
    })
    const failed = (error: EventfluxError): void => {
      if (this.#isClosed) return
      isNot(error)
      this.#failure ??= error
      this.#failed?.(error)
    }
    const thread = spawn({
      message: given => {
        const message = given as WorkerMessage
        if (message.kind === 'call') this.onCall()
        else if (message.kind === 'ready') isReady(message.shape)
        else failed(received(message.error, name))
      },
      ended: (reason, cause) => failed(stageFailed(`${name} ${reason}`, { at: name, cause })),
    })
    const job: WorkerJob = {
      plan: plan.sharded,
      partitioning: plan.partitioning,
      shard: { index, count: workers },
      engine,
      module,
      maxBatch: Math.min(config.maxBatch, config.bufferSize),
      maxKeys: config.maxKeys,
      maxMemory: config.maxMemory,
      inputs,
      skips,
      tellsWatermark: plan.rest.length > 0,
      input,
      output,
      nowMs,
    }
    thread.post(job)
    return { thread, ready }
  }
}

/** Room for four of the longest batches, within bounds; and for the eight widest rows of a frame, whatever the bounds. */
function ringBytes({ maxBatch, bufferSize }: ResolvedConfig, rowBytes: number): number {
  const wanted = Math.min(4 * Math.min(maxBatch, bufferSize) * rowBytes, MOST_RING_BYTES)
  return 2 ** Math.ceil(Math.log2(Math.max(wanted, LEAST_RING_BYTES, rowBytes * 256)))
}

const cellsOf = ({ operators, windows, eventTimes, stages, cells }: WorkerShape): WorkerCells =>
  new WorkerCells({ operators: operators.length, windows, eventTimes, stages: stages.length }, cells)

/** The error of another thread, as one of this. */
function received({ code, message, at, stack }: SentError, worker: string): EventfluxError {
  const cause = new Error(message)
  if (stack !== undefined) cause.stack = stack
  if (code === undefined) return stageFailed(`${worker} failed: ${message}`, { at: worker, cause })
  return new EventfluxError(code as EventfluxErrorCode, message, { at: at ?? worker, cause })
}
