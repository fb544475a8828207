import { DECAY_SUM, DECAY_TIME, DECAY_WEIGHT, EMA_COUNT, EMA_VALUE } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type AverageKernels = Pick<
  KernelExports,
  'accumulateDecayF64' | 'combineDecayF64' | 'finishDecayF64' | 'accumulateEmaF64'
>

/** 1/13!, 1/12!, … 1/2!, then 1 and 1: what the powers of y count in the series of e^y. */
const SERIES = [
  1.6059043836821613e-10, 2.08767569878681e-9, 2.505210838544172e-8, 2.755731922398589e-7, 0.0000027557319223985893,
  0.0000248015873015873, 0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664,
  0.16666666666666666, 0.5, 1, 1,
]

/** 2^-x for x ≥ 0, by the operations of the kernel in their order. */
function halved(x: number): number {
  if (!(x < 1022)) return Number.isNaN(x) ? x : 0
  const whole = Math.floor(x + 0.5)
  const y = (whole - x) * Math.LN2
  let scale = 1
  for (let i = 0; i < whole; i++) scale /= 2
  return SERIES.reduce((sum, coefficient) => sum * y + coefficient) * scale
}

/** Twins of assembly/average.ts. */
export function averageKernels(memory: LinearMemory): AverageKernels {
  const take = (field: number, t: number, sum: number, weight: number, halfLife: number): void => {
    const { f64 } = memory
    const at = field >>> 3
    const latest = f64[at + DECAY_TIME / 8]!
    const kept = t >= latest ? halved((t - latest) / halfLife) : 1
    const share = t >= latest ? 1 : halved((latest - t) / halfLife)
    f64[at + DECAY_TIME / 8] = t >= latest ? t : latest
    f64[at + DECAY_SUM / 8] = f64[at + DECAY_SUM / 8]! * kept + sum * share
    f64[at + DECAY_WEIGHT / 8] = f64[at + DECAY_WEIGHT / 8]! * kept + weight * share
  }

  return {
    accumulateDecayF64(addr, sel, from, m, a, validity, time, halfLife, at) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        take(u32[(addr >>> 2) + j - from]! + at, f64[(time >>> 3) + row]!, f64[(a >>> 3) + row]!, 1, halfLife)
      }
    },

    combineDecayF64(dst, src, m, halfLife, at) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const taken = (u32[(src >>> 2) + j]! + at) >>> 3
        const weight = f64[taken + DECAY_WEIGHT / 8]!
        if (weight === 0) continue
        take(u32[(dst >>> 2) + j]! + at, f64[taken + DECAY_TIME / 8]!, f64[taken + DECAY_SUM / 8]!, weight, halfLife)
      }
    },

    finishDecayF64(addr, m, at, out) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const field = (u32[(addr >>> 2) + j]! + at) >>> 3
        f64[(out >>> 3) + j] = f64[field + DECAY_SUM / 8]! / f64[field + DECAY_WEIGHT / 8]!
      }
    },

    accumulateEmaF64(addr, sel, from, m, a, validity, alpha, at) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = (u32[(addr >>> 2) + j - from]! + at) >>> 3
        const value = f64[(a >>> 3) + row]!
        const count = f64[field + EMA_COUNT / 8]!
        f64[field + EMA_VALUE / 8] = count === 0 ? value : f64[field + EMA_VALUE / 8]! * (1 - alpha) + value * alpha
        f64[field + EMA_COUNT / 8] = count + 1
      }
    },
  }
}
