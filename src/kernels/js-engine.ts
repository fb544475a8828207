import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { arithmeticKernels } from './arithmetic.ts'
import { arithmeticI64Kernels } from './arithmetic-i64.ts'
import { bitmapKernels } from './bitmap.ts'
import { castKernels } from './cast.ts'
import { chooseKernels } from './choose.ts'
import { compareKernels } from './compare.ts'
import { fillKernels } from './fill.ts'
import { lookupKernels } from './lookup.ts'
import { maskKernels } from './mask.ts'
import { takeKernels } from './take.ts'

/** Every kernel in plain TypeScript over one linear memory: the engine where WebAssembly isn't allowed. */
export function jsKernels(memory: LinearMemory): KernelExports {
  return {
    ...arithmeticKernels(memory),
    ...arithmeticI64Kernels(memory),
    ...bitmapKernels(memory),
    ...castKernels(memory),
    ...chooseKernels(memory),
    ...compareKernels(memory),
    ...fillKernels(memory),
    ...lookupKernels(memory),
    ...maskKernels(memory),
    ...takeKernels(memory),
  }
}
