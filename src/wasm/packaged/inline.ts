import plain from '#wasm/plain.wasm'
import { fromBase64 } from '../from-base64.ts'
import { KernelModule } from '../kernel-module.ts'

/** As text inside the script: for every runtime that compiles bytes. */
export const kernels: KernelModule | undefined = /* @__PURE__ */ new KernelModule(() => fromBase64(plain))
