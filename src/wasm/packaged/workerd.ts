import plain from '#wasm/plain.wasm?workerd'
import { KernelModule } from '../kernel-module.ts'

/** Compiled when the Worker is deployed: workerd compiles no bytes while it runs. */
export const kernels: KernelModule | undefined = /* @__PURE__ */ new KernelModule(() => plain)
