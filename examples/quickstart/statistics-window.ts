/** What the pipelines of the example compute for one key and one window. */
export interface Statistics {
  /** Milliseconds since the epoch. */
  readonly windowStart: number
  /** Milliseconds since the epoch; the window ends before it. */
  readonly windowEnd: number
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Of a sample: null for a single event. */
  readonly variance: number | null
}

export interface StatisticsWindow extends Statistics {
  readonly key: string
}

/** What tells a window from all others. */
export function nameOf({ key, windowStart, windowEnd }: StatisticsWindow): string {
  return `${key} ${shortTime(windowStart)} – ${shortTime(windowEnd)}`
}

/** `2015-07-15 00:00:01`, with milliseconds only where there are some. */
export function shortTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('.000Z', '').replace('Z', '')
}
