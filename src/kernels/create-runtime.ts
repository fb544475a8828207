import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { KernelModule } from '../wasm/kernel-module.ts'
import { loadModule, type ModuleInput } from '../wasm/module-input.ts'
import { type ThreadSupport, threadSupport } from '../wasm/thread-support.ts'
import { createEngine, type Engine, type EngineChoice } from './engine.ts'
import { jsKernels } from './js-engine.ts'

/** What a runtime is made of. */
export interface RuntimeOptions {
  /**
   * The kernels, where they aren't to be taken from the package: compiled, as bytes, as a response, or a promise of one.
   * `eventflux/slim` brings none along.
   */
  readonly module?: ModuleInput | PromiseLike<ModuleInput>
  /** `'auto'` (the default): WebAssembly where it may run, the same in JavaScript elsewhere. */
  readonly engine?: EngineChoice
  /** Workers of a job that doesn't say how many (`run({ workers })`); `false`: jobs on this runtime never have any. */
  readonly threads?: number | false
  /**
   * Starts a Web Worker on the script `eventflux/worker`, for pages. Default: the file beside the library's own, which
   * webpack and Vite find by themselves. esbuild and rollup don't: put the script where the page can load it.
   */
  readonly worker?: () => WebWorker
}

const NAMES: OptionNames<RuntimeOptions> = { module: true, engine: true, threads: true, worker: true }

/** Of a Web Worker, what is needed of it. */
export interface WebWorker {
  postMessage(message: unknown): void
  terminate(): void
  onmessage: ((event: never) => unknown) | null
  onmessageerror: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
}

/** What a runtime found out about where it runs. */
export interface RuntimeInfo {
  /** What the kernels run on. Both engines give the same results bit for bit. */
  readonly engine: 'wasm' | 'js'
  /** Why `'auto'` took the `js` engine: what the platform said when WebAssembly was tried. */
  readonly fallbackReason?: string
  /** Whether threads share memory here, or why not. */
  readonly threads: ThreadSupport
}

/**
 * An engine for any number of jobs: the compiled kernels, and what was found out about where they run. `createRuntime` refuses
 * options out of their range (`OPTION_INVALID`) and, asked for `'wasm'` where it can't run, says so (`ENGINE_UNAVAILABLE`).
 *
 * @example
 * ```ts
 * const runtime = await createRuntime()
 * console.log(runtime.info.engine, runtime.info.fallbackReason ?? '')
 * const job = await highs.run({ runtime })
 * ```
 */
export interface Runtime {
  readonly info: RuntimeInfo
  /** @internal The kernels; without them everything runs on the `js` engine. */
  readonly module: KernelModule | undefined
  /** @internal */
  readonly workers: number | undefined
  /** @internal */
  readonly worker: (() => WebWorker) | undefined
}

const MOST_WORKERS = 64
const NO_THREADS: ThreadSupport = { usable: false, reason: 'the runtime was made without threads' }

/** What `createRuntime` is. */
export type CreateRuntime = (options?: RuntimeOptions) => Promise<Runtime>

/** The runtime is only asked what it can: a job has a memory of its own. */
const PROBE_BYTES = 2 ** 16

/** `createRuntime` of an entry that brings the kernels along, or doesn't. @internal */
export function createRuntimeOn(packaged: KernelModule | undefined): CreateRuntime {
  return async (options = {}) => {
    checkOptions('createRuntime', options, NAMES)
    const { module, engine = 'auto', threads, worker } = options
    if (threads !== false) checkWorkers(threads, 'threads')
    if (worker !== undefined && typeof worker !== 'function')
      throw optionInvalid(`worker is a function that starts a Worker, not ${show(worker)}`, { at: 'worker' })
    const kernels = module === undefined ? packaged : await givenKernels(module)
    const probe = await createEngine({ engine, maxBytes: PROBE_BYTES, module: kernels })
    if (module !== undefined && probe.name === 'wasm') checkKernels(probe)
    const { name, fallbackReason } = probe
    return Object.freeze({
      info: Object.freeze({
        engine: name,
        ...(fallbackReason && { fallbackReason }),
        threads: threads === false ? NO_THREADS : threadSupport(),
      }),
      module: name === 'wasm' ? kernels : undefined,
      workers: threads === false ? undefined : threads,
      worker,
    })
  }
}

/**
 * How many workers are asked for; undefined: nothing is.
 *
 * @param name The option that says so.
 * @throws EventfluxError `OPTION_INVALID`
 */
export function checkWorkers(workers: unknown, name = 'workers'): number | undefined {
  if (workers === undefined) return undefined
  if (Number.isInteger(workers) && (workers as number) >= 1 && (workers as number) <= MOST_WORKERS)
    return workers as number
  throw optionInvalid(
    `${name} is an integer from 1 to ${MOST_WORKERS}${name === 'workers' ? " or 'auto'" : ''}, not ${show(workers)}`,
    {
      value: workers,
      at: name,
    },
  )
}

async function givenKernels(input: ModuleInput | PromiseLike<ModuleInput>): Promise<KernelModule> {
  const module = await loadModule(input)
  return new KernelModule(() => module)
}

/** A binary of another version lacks kernels, or has them under other names. */
function checkKernels({ memory, kernels }: Engine): void {
  const missing = Object.keys(jsKernels(memory)).find(name => !(name in kernels))
  if (missing !== undefined)
    throw optionInvalid(`module has no kernel ${missing}: it comes from another version of eventflux`, { at: 'module' })
}
