import { optionInvalid, planInvalid, show } from './errors.ts'
import { Job } from './job.ts'
import type { Runtime } from './kernels/create-runtime.ts'
import { createEngine } from './kernels/engine.ts'
import type { ResolvedConfig } from './plan/config.ts'
import type { LogicalNode, LogicalPlan } from './plan/logical-node.ts'
import { isModuleExport } from './plan/make-node.ts'
import { optimise } from './plan/optimise.ts'
import { sourceScope } from './plan/plan-scope.ts'
import { type Assembly, type AssemblyParts, assemble } from './runtime/assemble.ts'
import { JobMeter } from './runtime/job-meter.ts'
import { RowQueueSink } from './runtime/row-queue-sink.ts'
import { type RunOptions, sourcesOf } from './runtime/run-options.ts'
import { systemClock } from './time/clock.ts'
import { EventDrivenClock } from './time/event-driven-clock.ts'
import type { KernelModule } from './wasm/kernel-module.ts'

/** Rows that may wait for an iterating reader unless told otherwise. */
const READ_AHEAD = 1024

/** Starts a plan: compiles the engine, builds the chain, connects sources and sinks. */
export async function runPlan<In, Out>(
  plan: LogicalPlan,
  config: ResolvedConfig,
  kernels: KernelModule | undefined,
  options: RunOptions<In, Out>,
): Promise<Job<In, Out>> {
  const optimised = optimise(plan)
  const nodes = await Promise.all(optimised.nodes.map(loadFunctions))
  const engine = await createEngine({
    engine: config.engine,
    maxBytes: config.maxMemory,
    module: options.runtime === undefined ? kernels : kernelsOf(options.runtime),
  })
  const source = sourceScope(plan).schema
  const streamClock = options.clock ?? systemClock
  const clock = streamClock instanceof EventDrivenClock ? streamClock.outside : streamClock
  const abort = new AbortController()
  let queue: RowQueueSink<unknown> | undefined
  let job: Job<In, Out> | undefined
  let meter: JobMeter | undefined
  // The operators are built before the job that listens to them; none calls before the first row.
  const listener: AssemblyParts['listener'] = {
    ready: () => job!.ready(),
    failed: error => job!.failed(error),
    rowsArrived: () => job!.rowsArrived(),
    makeRoom: () => job!.makeRoom(),
    grew: warning => job!.grew(warning),
    batchDone: (rows, busyNs) => job!.batchDone(rows, busyNs),
    spaceFreed: () => job!.spaceFreed(),
    timerDue: (stage, atMs) => job!.timerDue(stage, atMs),
  }
  const assembly: Assembly = assemble({
    engine,
    source,
    nodes,
    config,
    options: options as unknown as RunOptions<never, never>,
    defaultSink: () => {
      queue = new RowQueueSink(options.readAhead ?? READ_AHEAD)
      return queue as RowQueueSink<never>
    },
    clock,
    streamClock,
    signal: abort.signal,
    listener,
  })
  if (config.metrics !== false) meter = new JobMeter(config.metrics, assembly, clock, config.backpressure.kind)
  job = new Job<In, Out>({
    assembly,
    meter,
    queue,
    clock,
    abort,
    engine: engine.name,
    schema: source,
    plan: { ...optimised, nodes },
  })
  job.start(options.signal?.aborted ? [] : (sourcesOf(options as RunOptions<In, never>) as never[]))
  if (options.signal) stopOnAbort(job, options.signal)
  return job
}

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
  signal.addEventListener('abort', stop)
  const forget = (): void => signal.removeEventListener('abort', stop)
  job.done.then(forget, forget)
}

/** Replaces the names of module exports by what they export. */
async function loadFunctions(node: LogicalNode): Promise<LogicalNode> {
  if (node.op === 'tee') return { ...node, plan: await Promise.all(node.plan.map(loadFunctions)) }
  if ((node.op !== 'filterRows' && node.op !== 'mapRows' && node.op !== 'process') || !isModuleExport(node.fn))
    return node
  const { module, export: name } = node.fn
  const exports = (await import(/* @vite-ignore */ module)) as Record<string, unknown>
  const fn = Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof fn !== 'function') {
    throw planInvalid(`module ${JSON.stringify(module)} exports no function ${JSON.stringify(name)}`, { at: node.name })
  }
  return { ...node, fn }
}
