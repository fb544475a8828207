import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { approxDistinctKernels } from './approx-distinct.ts'
import { argExtremeKernels } from './arg-extreme.ts'
import { arithmeticKernels } from './arithmetic.ts'
import { arithmeticI64Kernels } from './arithmetic-i64.ts'
import { arithmeticUnaryKernels } from './arithmetic-unary.ts'
import { averageKernels } from './average.ts'
import { binKernels } from './bins.ts'
import { bitmapKernels } from './bitmap.ts'
import { castKernels } from './cast.ts'
import { chooseKernels } from './choose.ts'
import { compareKernels } from './compare.ts'
import { countKernels } from './count.ts'
import { distinctKernels } from './distinct.ts'
import { extremeKernels } from './extremes.ts'
import { extremeI64Kernels } from './extremes-i64.ts'
import { fieldKernels } from './field.ts'
import { fillKernels } from './fill.ts'
import { edgeKernels } from './first-last.ts'
import { keyKernels } from './key.ts'
import { keyColumnKernels } from './key-columns.ts'
import { listKernels } from './list.ts'
import { lookupKernels } from './lookup.ts'
import { maskKernels } from './mask.ts'
import { momentKernels } from './moments.ts'
import { mpmcKernels } from './mpmc.ts'
import { remainderKernels } from './remainder.ts'
import { sessionKernels } from './session.ts'
import { shardKernels } from './shard.ts'
import { sliceKernels } from './slice.ts'
import { spscKernels } from './spsc.ts'
import { sumKernels } from './sum.ts'
import { sumExtremeKernels } from './sum-extremes.ts'
import { sumI64Kernels } from './sum-i64.ts'
import { takeKernels } from './take.ts'
import { timeKernels } from './time.ts'
import { topRowsKernels } from './top-rows.ts'
import { triggerKernels } from './trigger.ts'
import { watermarkKernels } from './watermark.ts'

/** Every kernel in plain TypeScript over one linear memory: the engine where WebAssembly isn't allowed. */
export function jsKernels(memory: LinearMemory): KernelExports {
  return together(
    arithmeticKernels(memory),
    arithmeticI64Kernels(memory),
    arithmeticUnaryKernels(memory),
    bitmapKernels(memory),
    castKernels(memory),
    chooseKernels(memory),
    compareKernels(memory),
    fillKernels(memory),
    lookupKernels(memory),
    maskKernels(memory),
    takeKernels(memory),
    approxDistinctKernels(memory),
    argExtremeKernels(memory),
    averageKernels(memory),
    binKernels(memory),
    distinctKernels(memory),
    listKernels(memory),
    countKernels(memory),
    extremeKernels(memory),
    extremeI64Kernels(memory),
    fieldKernels(memory),
    edgeKernels(memory),
    keyKernels(memory),
    keyColumnKernels(memory),
    momentKernels(memory),
    mpmcKernels(memory),
    remainderKernels(memory),
    sessionKernels(memory),
    shardKernels(memory),
    sliceKernels(memory),
    triggerKernels(memory),
    spscKernels(memory),
    sumKernels(memory),
    sumExtremeKernels(memory),
    sumI64Kernels(memory),
    timeKernels(memory),
    topRowsKernels(memory),
    watermarkKernels(memory),
  )
}

type Together<Parts extends readonly unknown[]> = Parts extends readonly [infer First, ...infer Rest]
  ? First & Together<Rest>
  : unknown

/** Spread into one literal they would take milliseconds: each of 200 names is then a new shape of the object. */
function together<Parts extends readonly object[]>(...parts: Parts): Together<Parts> {
  return Object.assign({}, ...parts)
}
