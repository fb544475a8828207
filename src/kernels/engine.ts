import { engineUnavailable, optionInvalid, show } from '../errors.ts'
import { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { instantiateKernels, instantiateKernelsSync } from '../wasm/instantiate.ts'
import type { KernelModule } from '../wasm/kernel-module.ts'
import { jsKernels } from './js-engine.ts'

/** Which engine runs the kernels: WebAssembly, its plain TypeScript twin, or the first that can. */
export type EngineChoice = 'auto' | 'wasm' | 'js'

export interface EngineOptions {
  readonly engine: EngineChoice
  /** The compiled kernels; without them there is the `js` engine only. */
  readonly module?: KernelModule | undefined
  /** Bytes of memory to begin with (default: one page of 64 KiB). */
  readonly initialBytes?: number
  /** The most bytes the memory may grow to. */
  readonly maxBytes: number
}

/** One job's memory and the kernels over it. Both engines compute the same bits at the same addresses. */
export interface Engine {
  readonly name: 'wasm' | 'js'
  readonly memory: LinearMemory
  readonly kernels: KernelExports
  /** Why `auto` gave the js engine. */
  readonly fallbackReason?: string
  /**
   * Leaves the memory to the next engine on the same kernels. Nothing of this one may be used any more.
   *
   * @param written Bytes from here on were never written.
   */
  leave?(written: number): void
}

/**
 * Makes an engine. `auto` is `wasm`, or `js` where the platform refuses to compile or instantiate (a strict content
 * security policy, an edge runtime, no SIMD), with the reason.
 *
 * @throws EventfluxError `ENGINE_UNAVAILABLE` when `wasm` is asked for and can't run here; `OPTION_INVALID` for another
 * name than `auto`, `wasm` and `js`.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  if (checkedChoice(options) === 'js') return jsEngine(options)
  try {
    const compiled = compiledOnes(options)
    const module = await compiled.compile()
    const memory = memoryFor('wasm', options)
    const kernels = compiled.instances.get(memory.wasm!) ?? (await instantiateKernels(module, memory.wasm!))
    compiled.instances.set(memory.wasm!, kernels)
    return {
      name: 'wasm',
      memory,
      kernels,
      leave: written => compiled.spares.wasm.keep({ memory: memory.leave(), written }),
    }
  } catch (error) {
    return withoutWasm(options, error)
  }
}

/** `createEngine` at once, for classes that stand alone: compiles on the calling thread. */
export function createEngineSync(options: EngineOptions): Engine {
  if (checkedChoice(options) === 'js') return jsEngine(options)
  try {
    const module = compiledOnes(options).compileSync()
    const memory = memoryFor('wasm', options)
    return { name: 'wasm', memory, kernels: instantiateKernelsSync(module, memory.wasm!) }
  } catch (error) {
    return withoutWasm(options, error)
  }
}

function checkedChoice({ engine }: EngineOptions): EngineChoice {
  if (engine !== 'auto' && engine !== 'wasm' && engine !== 'js') {
    throw optionInvalid(`engine is 'auto', 'wasm' or 'js', not ${show(engine)}`, { value: engine })
  }
  return engine
}

function compiledOnes({ module }: EngineOptions): KernelModule {
  if (module) return module
  throw engineUnavailable('no compiled kernels were given: createRuntime({ module }) takes them')
}

function withoutWasm(options: EngineOptions, error: unknown): Engine {
  const reason = messageOf(error)
  if (error instanceof Error && error.name === 'LinkError')
    throw optionInvalid(`module doesn't fit the memory of a job (${reason}): plain.wasm does`, {
      at: 'module',
      cause: error,
    })
  if (options.engine === 'wasm') {
    throw engineUnavailable(`WebAssembly can't run here (${reason}): choose engine 'auto' or 'js'`, {
      value: options.engine,
      cause: error,
    })
  }
  return { ...jsEngine(options), fallbackReason: reason }
}

// An error of another realm is no instance of Error here.
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}

function jsEngine(options: EngineOptions): Engine {
  const memory = memoryFor('js', options)
  return {
    name: 'js',
    memory,
    kernels: jsKernels(memory),
    leave: written => options.module?.spares.js.keep({ memory: memory.leave(), written }),
  }
}

function memoryFor(engine: 'wasm' | 'js', { initialBytes = 0, maxBytes, module }: EngineOptions): LinearMemory {
  const spare = module?.spares[engine].take({ least: initialBytes, most: maxBytes })
  return new LinearMemory({ engine, initialBytes, maxBytes, spare })
}
