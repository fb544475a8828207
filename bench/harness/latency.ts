/** The most a percentile may be; misses are printed, they don't fail the run. */
export interface LatencyTarget {
  readonly of: 'p50' | 'p99'
  /** In microseconds. */
  readonly atMost: number
  /** What it may be that much above of; undefined: nothing. */
  readonly above?: LatencyFigure
}

/** How long something took, seen many times: exact percentiles in microseconds, less is better. */
export interface LatencyFigure {
  readonly name: string
  readonly unit: 'µs'
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly samples: number
  readonly targets?: readonly {
    readonly of: LatencyTarget['of']
    readonly atMost: number
    /** The name of the case it is held against. */
    readonly above?: string
    readonly reached: number
    readonly met: boolean
  }[]
}

/** Collects durations without allocating while it measures. */
export class LatencySamples {
  readonly #durationsMs: Float64Array
  #count = 0

  constructor(capacity: number) {
    this.#durationsMs = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  record(durationMs: number): void {
    this.#durationsMs[this.#count++] = durationMs
  }

  /** Nearest-rank percentiles of what was recorded after the first `warmups`. */
  figure(name: string, warmups: number, targets?: readonly LatencyTarget[]): LatencyFigure {
    const sorted = this.#durationsMs.subarray(warmups, this.#count).slice().sort()
    if (sorted.length === 0) throw new Error(`Nothing was measured of ${name}`)
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]! * 1_000
    const [p50, p90, p99, p999, max] = [0.5, 0.9, 0.99, 0.999, 1].map(at) as [number, number, number, number, number]
    const figure: LatencyFigure = { name, unit: 'µs', p50, p90, p99, p999, max, samples: sorted.length }
    if (targets === undefined) return figure
    const judged = targets.map(({ of, atMost, above }) => {
      const reached = figure[of] - (above?.[of] ?? 0)
      return { of, atMost, ...(above && { above: above.name }), reached, met: reached <= atMost }
    })
    return { ...figure, targets: judged }
  }
}
