/** What a handful of measurements say: the median, and how far the others lie from it. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly p25: number
  readonly p75: number
  readonly samples: number
}

/** Median, quartiles (linear interpolation) and extremes of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => {
    const position = (sorted.length - 1) * share
    const low = Math.floor(position)
    const high = Math.ceil(position)
    return sorted[low]! + (sorted[high]! - sorted[low]!) * (position - low)
  }
  return { median: at(0.5), min: at(0), max: at(1), p25: at(0.25), p75: at(0.75), samples: sorted.length }
}
