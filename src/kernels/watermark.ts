import { INPUT_RUN_BYTES, INPUT_RUN_END, INPUT_RUN_INPUT, INPUT_RUN_START } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** Twin of assembly/watermark.ts. */
export function watermarkKernels(memory: LinearMemory): Pick<KernelExports, 'mergeWatermarks'> {
  return {
    mergeWatermarks(levels, behind, runs, runCount, own, held, inputs, merged, out) {
      const { f64, u32 } = memory
      const to = out >>> 3
      let so = merged
      let row = 0
      for (let i = 0; i < runCount; i++) {
        const run = runs + i * INPUT_RUN_BYTES
        const start = u32[(run + INPUT_RUN_START) >>> 2]!
        const end = u32[(run + INPUT_RUN_END) >>> 2]!
        const input = u32[(run + INPUT_RUN_INPUT) >>> 2]!
        let others = Number.POSITIVE_INFINITY
        for (let j = 0; j < inputs; j++) if (j !== input) others = Math.min(others, f64[(held >>> 3) + j]!)
        let mine = f64[(own >>> 3) + input]!
        for (; row < start; row++) f64[to + row] = so
        for (; row < end; row++) {
          const led = f64[(levels >>> 3) + row]! - behind
          if (led > mine) mine = led
          const least = Math.min(mine, others)
          if (least > so && least < Number.POSITIVE_INFINITY) so = least
          f64[to + row] = so
        }
        f64[(own >>> 3) + input] = mine
        f64[(held >>> 3) + input] = mine
      }
      return so
    },
  }
}
