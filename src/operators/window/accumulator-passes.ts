import type { KernelExports } from '../../wasm/exports.ts'
import type { AccumulatorPass, Placed } from './accumulator.ts'
import { CountMaskAccumulator, CountMasksPass } from './count-accumulators.ts'

/** Most predicates a pass counts. */
const MOST_MASKS = 3

/**
 * The passes over the rows that serve all accumulators of a record, in their order; predicates are counted several in a
 * pass, where the first of them stands.
 */
export function passesOf(kernels: KernelExports, accumulators: readonly Placed[]): readonly AccumulatorPass[] {
  const masks = accumulators.filter(isMask)
  return accumulators.flatMap((placed): AccumulatorPass[] => {
    if (!isMask(placed)) return [passOf(placed)]
    const at = masks.indexOf(placed)
    if (at % MOST_MASKS !== 0) return []
    const together = masks.slice(at, at + MOST_MASKS)
    return [together.length === 1 ? passOf(placed) : new CountMasksPass(kernels, together)]
  })
}

const isMask = (placed: Placed): placed is Placed<CountMaskAccumulator> =>
  placed.accumulator instanceof CountMaskAccumulator

const passOf = ({ accumulator, at }: Placed): AccumulatorPass => ({
  kernels: accumulator.kernels,
  accumulate: rows => accumulator.accumulate(rows, at),
})
