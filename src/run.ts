import { toSource } from './connector/to-source.ts'
import { optionInvalid, show } from './errors.ts'
import { Job } from './job.ts'
import type { Runtime } from './kernels/create-runtime.ts'
import { createEngine } from './kernels/engine.ts'
import { orderedChain } from './operators/ordered-chain.ts'
import type { ResolvedConfig } from './plan/config.ts'
import { loadFunctions } from './plan/load-functions.ts'
import type { LogicalPlan } from './plan/logical-node.ts'
import { sourceScope } from './plan/plan-scope.ts'
import { type Assembly, type AssemblyParts, assemble } from './runtime/assemble.ts'
import { checkRunOptions } from './runtime/check-run-options.ts'
import { JobMeter } from './runtime/job-meter.ts'
import { JobRecovery } from './runtime/job-recovery.ts'
import { RowQueueSink } from './runtime/row-queue-sink.ts'
import { type RunOptions, sourcesOf } from './runtime/run-options.ts'
import { type OpenWorkers, threadsOfJob } from './threads/threads-of-job.ts'
import { systemClock } from './time/clock.ts'
import { EventDrivenClock } from './time/event-driven-clock.ts'
import { onAbort } from './time/on-abort.ts'
import type { KernelModule } from './wasm/kernel-module.ts'

/** Rows that may wait for an iterating reader unless told otherwise. */
const READ_AHEAD = 1024

/** What an entry of the package brings along for its jobs. */
export interface Packaged {
  /** `eventflux/slim` has none. */
  readonly kernels: KernelModule | undefined
  /** Entries for where there are no threads have none. */
  readonly openWorkers: OpenWorkers | undefined
}

/** Starts a plan: compiles the engine, builds the chain, connects sources and sinks. */
export async function runPlan<In, Out>(
  plan: LogicalPlan,
  config: ResolvedConfig,
  { kernels, openWorkers }: Packaged,
  options: RunOptions<In, Out>,
): Promise<Job<In, Out>> {
  // What is below doesn't look at the types of rows.
  const untyped = options as unknown as RunOptions<never, never>
  checkRunOptions(untyped)
  const module = options.runtime === undefined ? kernels : kernelsOf(options.runtime)
  const engine = await createEngine({ engine: config.engine, maxBytes: config.maxMemory, module })
  const source = sourceScope(plan).schema
  const streamClock = options.clock ?? systemClock
  const clock = streamClock instanceof EventDrivenClock ? streamClock.outside : streamClock
  const parts = { options: untyped, config, clock, streamClock }
  const onThreads = await threadsOfJob(plan, { ...parts, engine: engine.name, module }, openWorkers)
  const { mode, plan: running, threads, order } = onThreads
  const abort = new AbortController()
  let queue: RowQueueSink<unknown> | undefined
  let job: Job<In, Out> | undefined
  const failed = (error: unknown): void => job!.failed(error)
  const listener = listenerOf(() => job!)
  let assembly: Assembly | undefined
  try {
    const nodes = await Promise.all(running.nodes.map(loadFunctions))
    assembly = assemble({
      ...parts,
      engine,
      source,
      nodes,
      defaultSink: () => {
        queue = new RowQueueSink(options.readAhead ?? READ_AHEAD)
        return queue as RowQueueSink<never>
      },
      signal: abort.signal,
      chain: threads?.chain(listener) ?? (order && orderedChain(order)),
      listener,
    })
    const sources = sourcesOf(options as RunOptions<In, never>).map(source => toSource<unknown>(source))
    const recovery = new JobRecovery({
      checkpoint: options.checkpoint,
      restore: options.restore,
      plan,
      engine: engine.name,
      assembly,
      isTotallyOrdered: order !== undefined || mode.order === 'global',
      sources,
      clock,
      streamClock,
      failed,
    })
    const { metrics: level, backpressure } = config
    const meter = level === false ? undefined : new JobMeter(level, assembly, clock, backpressure.kind, failed)
    job = new Job<In, Out>({
      assembly,
      meter,
      recovery,
      queue,
      clock,
      abort,
      engine: engine.name,
      mode,
      schema: source,
      plan: { ...running, nodes },
    })
    const restored = await recovery.restore()
    job.start(options.signal?.aborted ? [] : sources, restored)
  } catch (error) {
    assembly?.close()
    await threads?.close()
    throw error
  }
  threads?.begin(listener, assembly.chain)
  if (options.signal) stopOnAbort(job, options.signal)
  return job
}

/** The operators are built before the job that listens to them; none calls before the first row. */
const listenerOf = (job: () => Job<never, unknown>): AssemblyParts['listener'] => ({
  ready: () => job().turns.ready(),
  failed: error => job().failed(error),
  rowsArrived: () => job().rowsArrived(),
  makeRoom: () => job().turns.work(),
  grew: warning => job().grew(warning),
  batchBegins: () => job().batchBegins(),
  batchDone: (rows, busyNs) => job().batchDone(rows, busyNs),
  spaceFreed: () => job().spaceFreed(),
  timerDue: (stage, atMs) => job().turns.timerDue(stage, atMs),
})

function kernelsOf(runtime: Runtime): KernelModule | undefined {
  if (runtime?.info?.engine === undefined)
    throw optionInvalid(`runtime is what createRuntime() gives, not ${show(runtime)}`, {
      value: runtime,
      at: 'runtime',
    })
  return runtime.module
}

function stopOnAbort(job: Job<never, unknown>, signal: AbortSignal): void {
  const stop = (): void => void job.stop({ drain: false }).catch(() => {})
  if (signal.aborted) {
    stop()
    return
  }
  const forget = onAbort(signal, stop)
  job.done.then(forget, forget)
}
