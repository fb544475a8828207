import { expect } from 'vitest'
import { slidingPerEvent } from '../../src/time/session-windows.ts'
import { type ScriptResult, WindowScript } from './window-script.ts'

/** Sessions as Kafka writes them: the last time belongs to them. */
export const kafkaRow =
  (gap: number) =>
  ({ key, windowStart, windowEnd, n }: ScriptResult) => [key, windowStart, windowEnd - gap, n]

/** The same where results are taken back: a session without a value. */
export const kafkaUpdate = (gap: number) => (row: ScriptResult) =>
  row.isRetraction ? [...kafkaRow(gap)(row).slice(0, 3), null] : kafkaRow(gap)(row)

/**
 * Kafka moves time with every row. A session of [first, last] takes rows up to last + gap, so it is closed when stream
 * time is past that: one millisecond later than a window that ends there.
 */
export function runKafka(script: WindowScript, grace: number, rows: readonly (readonly [string, number])[]) {
  const results: ScriptResult[] = []
  const dropped: string[] = []
  let streamTime = Number.NEGATIVE_INFINITY
  for (const [key, time] of rows) {
    const before = script.lateCount
    results.push(...script.rows({ key, time }))
    if (script.lateCount > before) dropped.push(key)
    streamTime = Math.max(streamTime, time)
    results.push(...script.watermark(streamTime - grace - 2))
  }
  return { results, dropped }
}

/** Windows of Kafka's sliding kind by start; each row's value is a power of two, so that a sum tells which rows it is of. */
export class SlidingScript {
  readonly #script: WindowScript

  constructor(diff: number) {
    this.#script = new WindowScript(slidingPerEvent(diff))
  }

  row(name: number, time: number): void {
    expect(this.#script.rows({ time, value: 2 ** name })).toEqual([])
  }

  watermark(watermark: number): Record<string, number[]> {
    return Object.fromEntries(
      this.#script
        .watermark(watermark)
        .map(({ windowStart, sum }) => [windowStart, [...Array(31).keys()].filter(name => (sum / 2 ** name) & 1)]),
    )
  }
}
