import plain from '#wasm/plain.wasm?module'
import { KernelModule } from '../kernel-module.ts'

/** Compiled when the function is deployed: edge runtimes forbid compiling bytes in production. */
export const kernels: KernelModule | undefined = /* @__PURE__ */ new KernelModule(() => plain)
