import { instantiate, instantiateSync } from '@assemblyscript/loader'
import type { KernelExports } from './exports.ts'

/**
 * The kernels over one memory. What comes back are the instance's own functions: the loader's wrapped ones cost three
 * times as much a call. @throws LinkError when one of module and memory is shared, and the other not.
 */
export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<KernelExports> {
  const imports = { env: { memory } }
  // The loader takes a module of another realm for bytes.
  const instance =
    module instanceof WebAssembly.Module
      ? (await instantiate(module, imports)).instance
      : await WebAssembly.instantiate(module as WebAssembly.Module, imports)
  return kernelsOf(instance)
}

/** The same at once. Browsers may refuse it to large modules on the main thread; this one is far below their limit. */
export function instantiateKernelsSync(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  const imports = { env: { memory } }
  return kernelsOf(
    module instanceof WebAssembly.Module
      ? instantiateSync(module, imports).instance
      : new WebAssembly.Instance(module as WebAssembly.Module, imports),
  )
}

function kernelsOf(instance: WebAssembly.Instance): KernelExports {
  return instance.exports as unknown as KernelExports
}
