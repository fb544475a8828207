import type { KernelModule } from '../kernel-module.ts'

/** For who brings them along with `createRuntime({ module })`. */
export const kernels: KernelModule | undefined = undefined
