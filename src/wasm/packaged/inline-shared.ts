import shared from '#wasm/shared.wasm'
import { fromBase64 } from '../from-base64.ts'
import { KernelModule } from '../kernel-module.ts'

/** The kernels for memory that threads share, as text in the bundle. */
export const SHARED_KERNELS = /* @__PURE__ */ new KernelModule(() => fromBase64(shared))
