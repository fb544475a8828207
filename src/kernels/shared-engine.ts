import { engineUnavailable, messageOf } from '../errors.ts'
import { LinearMemory, type SharedBytes } from '../memory/linear-memory.ts'
import { instantiateKernels, instantiateKernelsSync } from '../wasm/instantiate.ts'
import type { KernelModule } from '../wasm/kernel-module.ts'
import type { Engine, EngineChoice } from './engine.ts'
import { jsKernels } from './js-engine.ts'

const PAGE = 65_536

/**
 * An engine over new memory that other threads can share. `auto`: WebAssembly where it may be compiled, else JavaScript.
 *
 * @throws EventfluxError `ENGINE_UNAVAILABLE` where memory can't be shared: a page that isn't cross-origin isolated, an edge
 * runtime; or when `wasm` is asked for and can't run here.
 */
export function createSharedEngine(engine: EngineChoice, module: KernelModule, bytes: number): Engine {
  if (typeof SharedArrayBuffer === 'undefined') {
    throw engineUnavailable(
      "memory can't be shared between threads here: there is no SharedArrayBuffer (pages must be cross-origin isolated)",
    )
  }
  if (engine === 'js') return attachSharedEngine(new SharedArrayBuffer(bytes), module)
  const pages = Math.ceil(bytes / PAGE)
  try {
    return attachSharedEngine(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), module)
  } catch (error) {
    if (engine === 'auto') return attachSharedEngine(new SharedArrayBuffer(bytes), module)
    throw withoutWasm(error)
  }
}

/**
 * This thread's engine over memory made by another. Threads of either engine may work on the same memory.
 *
 * @throws EventfluxError `ENGINE_UNAVAILABLE` when the memory is a WebAssembly one and WebAssembly can't run here.
 */
export function attachSharedEngine(over: SharedBytes, module: KernelModule): Engine {
  const memory = new LinearMemory({ over })
  if (memory.wasm === undefined) return { name: 'js', memory, kernels: jsKernels(memory) }
  try {
    return { name: 'wasm', memory, kernels: instantiateKernelsSync(module.compileSync(), memory.wasm) }
  } catch (error) {
    throw withoutWasm(error)
  }
}

/** An engine over memory another thread writes into where it was agreed, which grows by this thread alone: up to `maxBytes`. */
export async function createEngineWithin(
  over: WebAssembly.Memory,
  module: KernelModule,
  maxBytes: number,
): Promise<Engine> {
  const memory = new LinearMemory({ over, growsTo: maxBytes })
  return { name: 'wasm', memory, kernels: await instantiateKernels(await module.compile(), over) }
}

function withoutWasm(error: unknown): Error {
  return engineUnavailable(
    `WebAssembly with shared memory can't run here (${messageOf(error)}): choose engine 'auto' or 'js'`,
    {
      cause: error,
    },
  )
}
