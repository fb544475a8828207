import { BIN_COUNT, BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from '../../../assembly/abi.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'

/** The percentile of the list of a field, which is put in order. NaN where it has no number. O(n log n), O(n) after. */
export function percentileOfList({ u32, f64 }: LinearMemory, field: number, p: number): number {
  const first = u32[(field + BUFFER_ADDRESS) >>> 2]! >>> 3
  const values = f64.subarray(first, first + f64[(field + BUFFER_COUNT) >>> 3]!)
  // NaN comes last.
  if (!isSorted(values)) values.sort()
  let count = values.length
  while (count > 0 && Number.isNaN(values[count - 1]!)) count--
  return interpolated(count, p, rank => values[rank]!)
}

/** Several percentiles of one list: only the first has to sort it. -0 comes before 0, NaN last. */
function isSorted(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) {
    const before = values[i - 1]!
    const value = values[i]!
    if (!(before < value) && !Object.is(before, value) && !Number.isNaN(value)) return false
  }
  return true
}

/** Which bits of a number's high word name its bin, so that the middle of a bin is within `relativeError` of its ends. */
export function binMask(relativeError: number): number {
  return -1 << (20 - mantissaBits(relativeError))
}

/** A bin is 2^-bits of its lower end wide, half of that from its middle. */
const mantissaBits = (relativeError: number): number => Math.max(0, Math.ceil(-Math.log2(relativeError)) - 1)

/** The percentile of the bins of a field, each taken at its middle. NaN where they hold no number. O(bins log bins). */
export function percentileOfBins({ u32, f64 }: LinearMemory, field: number, p: number, relativeError: number): number {
  const first = u32[(field + BUFFER_ADDRESS) >>> 2]! >>> 3
  const end = first + u32[(field + BUFFER_CAPACITY) >>> 2]! * 2
  const bins: { readonly value: number; readonly count: number }[] = []
  let total = 0
  for (let bin = first; bin < end; bin += 2) {
    const count = f64[bin + BIN_COUNT / 8]!
    const value = f64[bin]!
    if (count === 0 || Number.isNaN(value)) continue
    bins.push({ value: middle(value, relativeError), count })
    total += count
  }
  bins.sort((a, b) => a.value - b.value)
  return interpolated(total, p, rank => {
    let seen = 0
    for (const { value, count } of bins) {
      seen += count
      if (rank < seen) return value
    }
    return Number.NaN
  })
}

/** The middle of the bin whose end nearer to 0 is `value`. */
function middle(value: number, relativeError: number): number {
  return value === 0 || !Number.isFinite(value) ? value : value * (1 + 2 ** -(mantissaBits(relativeError) + 1))
}

/** The value at rank p × (count - 1) of `count` values in order: between two, in proportion. */
function interpolated(count: number, p: number, at: (rank: number) => number): number {
  if (count === 0) return Number.NaN
  const rank = p * (count - 1)
  const below = Math.floor(rank)
  const low = at(below)
  const share = rank - below
  if (share === 0) return low
  const high = at(below + 1)
  return low === high ? low : low * (1 - share) + high * share
}
