import { instantiate, instantiateSync } from '@assemblyscript/loader'
import plain from '#wasm/plain.wasm'
import type { KernelExports } from './exports.ts'

// Compiled code holds no state: one module serves every job of the process, each with an instance and a memory of its own.
let compiled: WebAssembly.Module | undefined
let compiling: Promise<WebAssembly.Module> | undefined

/**
 * Compiles the kernels; later calls get the same module. @throws what the platform throws where WebAssembly, or code
 * generation, or 128-bit SIMD isn't there. A failure isn't remembered.
 */
export function compileSync(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(plain as BufferSource)
  return compiled
}

/** The same off the calling thread, where the platform compiles in the background. Concurrent calls compile once. */
export async function compile(): Promise<WebAssembly.Module> {
  if (compiled) return compiled
  compiling ??= WebAssembly.compile(plain as BufferSource).finally(() => {
    compiling = undefined
  })
  const module = await compiling
  compiled ??= module
  return compiled
}

/**
 * The kernels over one memory. What comes back are the instance's own functions: the loader's wrapped ones cost three
 * times as much a call. @throws LinkError when the memory is shared.
 */
export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<KernelExports> {
  return kernelsOf((await instantiate(module, { env: { memory } })).instance)
}

/** The same at once. Browsers may refuse it to large modules on the main thread; this one is far below their limit. */
export function instantiateKernelsSync(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  return kernelsOf(instantiateSync(module, { env: { memory } }).instance)
}

function kernelsOf(instance: WebAssembly.Instance): KernelExports {
  return instance.exports as unknown as KernelExports
}
