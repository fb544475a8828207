import { describe, expect, it } from 'vitest'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { cumulate, hopping } from '../../src/time/windows.ts'
import { runQuery } from './row-window-script.ts'
import { type ScriptResult, WindowScript, windowsAt } from './window-script.ts'

/*
 * Cases of the same engines that the files of data don't have, with the values those engines' own tests expect.
 */

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })
const END = Number.POSITIVE_INFINITY

/** An event's time, or a watermark. */
type Step = readonly ['e' | 'w', number]

/** What each step of a script over one key brings: how many rows, and the session's bounds. */
function sessionsOfScript(script: WindowScript, steps: readonly Step[]): Record<string, number[][]> {
  const found: Record<string, number[][]> = {}
  for (const [what, at] of steps) {
    const results = what === 'e' ? script.rows({ time: at }) : script.watermark(at)
    if (results.length > 0)
      found[`${what} ${at}`] = results.map(({ sum, windowStart, windowEnd }) => [sum, windowStart, windowEnd])
  }
  return found
}

/** Flink, WindowOperatorTest#testDropDueToLatenessSession…: gap 3 s, one key, values of 1. */
const LATE_SESSIONS: readonly Step[] = [
  ['e', 1_000],
  ['w', 1_999],
  ['e', 2_000],
  ['w', 4_998],
  ['e', 4_500],
  ['e', 8_500],
  ['w', 7_400],
  ['e', 7_000],
  ['w', 11_501],
  ['e', 11_600],
  ['w', 14_600],
  ['e', 10_000],
  ['e', 14_500],
  ['w', 20_000],
  ['w', 100_000],
]

describe('Flink', () => {
  it.each(['accumulating', 'discarding'] as const)('sessions without lateness, %s: what is late is dropped', firing => {
    const script = new WindowScript(session(3_000, { firing, lateTo: 'late' }))
    expect(sessionsOfScript(script, LATE_SESSIONS)).toEqual({
      'w 11501': [[5, 1_000, 11_500]],
      'w 14600': [[1, 11_600, 14_600]],
      'w 20000': [[1, 14_500, 17_500]],
    })
    expect(script.lateRows.map(({ time }) => time)).toEqual([10_000])
  })

  it('sessions with a purging trigger and lateness of 10 ms: a fired session grows on, its rows are gone', () => {
    const script = new WindowScript(session(3_000, { firing: 'discarding', allowedLateness: 10 }))
    expect(sessionsOfScript(script, LATE_SESSIONS)).toEqual({
      'w 11501': [[5, 1_000, 11_500]],
      'w 14600': [[1, 11_600, 14_600]],
      'e 10000': [[1, 10_000, 14_600]],
      'w 20000': [[1, 10_000, 17_500]],
    })
  })

  it('sessions with a purging trigger and lateness of 10 s: three join, only new rows come out', () => {
    const script = new WindowScript(session(3_000, { firing: 'discarding', allowedLateness: 10_000 }))
    expect(sessionsOfScript(script, LATE_SESSIONS)).toEqual({
      'w 11501': [[5, 1_000, 11_500]],
      'w 14600': [[1, 11_600, 14_600]],
      'e 10000': [[1, 1_000, 14_600]],
      'w 20000': [[1, 1_000, 17_500]],
    })
  })

  it.each([0, 100])('cumulating windows of 5 s in steps of 1 s with offset %i', offset => {
    const spec = cumulate(1_000, 5_000, { offset })
    const five = (start: number) => [1, 2, 3, 4, 5].map(k => [start + offset, start + offset + k * 1_000])
    expect(windowsAt(spec, offset)).toEqual(five(0))
    expect(windowsAt(spec, 4_999 + offset)).toEqual([[offset, 5_000 + offset]])
    expect(windowsAt(spec, 5_000 + offset)).toEqual(five(5_000))
  })

  it('cumulating windows whose size is no multiple of the step, or not positive, are refused', () => {
    for (const [step, max] of [
      [2_000, 5_000],
      [-1_000, 2_000],
      [1_000, -2_000],
      [0, 1_000],
    ] as const)
      expect(() => cumulate(step, max)).toThrow(refused)
  })
})

describe('Kafka Streams', () => {
  it('sliding windows: early records that repeat clamp to 0', () => {
    const script = new WindowScript(slidingPerEvent(5))
    const times = [0, 2, 4, 0, 2, 2, 0]
    times.forEach((time, i) => {
      script.rows({ time, value: 2 ** (i + 1) })
    })
    const names = (sum: number) => [1, 2, 3, 4, 5, 6, 7].filter(name => (sum / 2 ** name) & 1)
    expect(script.watermark(END).map(({ windowStart, sum }) => [windowStart, names(sum)])).toEqual([
      [0, [1, 2, 3, 4, 5, 6, 7]],
      [1, [2, 3, 5, 6]],
      [3, [3]],
    ])
  })

  it('sliding windows take a record until stream time is past the end and grace of any it could be in', () => {
    // A window [s, s + 10] with grace 5 is closed once stream time is more than s + 15; the record at 100 has [90, 100].
    const dropped = (streamTime: number, time: number) => {
      const script = new WindowScript(slidingPerEvent(10))
      script.rows({ time: streamTime })
      script.watermark(streamTime - 5 - 1)
      script.rows({ time })
      return script.lateCount
    }
    expect(dropped(100, 95)).toBe(0)
    expect(dropped(100, 90)).toBe(0)
    expect(dropped(100, 84)).toBe(1)
  })
})

describe('Hazelcast Jet', () => {
  it('sliding windows by 1: they fill, and run empty', () => {
    const script = new WindowScript(hopping(4, 1))
    script.rows({ time: 0 }, { time: 1 }, { time: 2 })
    const frames = script.watermark(END).map(({ windowEnd, n }: ScriptResult) => [windowEnd, n])
    expect(frames).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 3],
      [5, 2],
      [6, 1],
    ])
  })

  it('sessions that touch are not merged, those that overlap are', () => {
    const script = new WindowScript(session(10, { touch: 'split' }))
    script.rows({ time: 0 }, { time: 10 }, { time: 19 })
    expect(script.watermark(END).map(({ windowStart, windowEnd, n }) => [windowStart, windowEnd, n])).toEqual([
      [0, 10, 1],
      [10, 29, 2],
    ])
  })
})

describe.each(['wasm', 'js'] as const)('windows over rows on %s', engine => {
  it('Siddhi, SortWindowTestCase#sortWindowTest1: the two least volumes', async () => {
    const arrivals = [100, 300, 200, 20, 40].map(volume => ({ data: { volume } }))
    const emitted = await runQuery({ window: sort(2, 'volume', { output: 'all' }) }, arrivals, { engine })
    expect(emitted.map(({ kind, volume }) => [kind, volume])).toEqual([
      ['current', 100],
      ['current', 300],
      ['current', 200],
      ['expired', 300],
      ['current', 20],
      ['expired', 200],
      ['current', 40],
      ['expired', 100],
    ])
  })

  it('Siddhi: aggregates of a sliding window by group, as rows come and go', async () => {
    const arrivals = ['A', 'B', 'A', 'A'].map((symbol, i) => ({ data: { symbol, price: 10 * (i + 1) } }))
    const query = {
      window: length(2, { output: 'all' }),
      select: ['sum(price)', 'count()'],
      groupBy: ['symbol'],
    }
    const emitted = await runQuery(query, arrivals, { engine })
    expect(emitted.map(row => [row.kind, row.symbol, row['sum(price)'], row['count()']])).toEqual([
      ['current', 'A', 10, 1],
      ['current', 'B', 20, 1],
      ['expired', 'A', null, 0],
      ['current', 'A', 30, 1],
      ['expired', 'B', null, 0],
      ['current', 'A', 70, 2],
    ])
  })

  it('eKuiper, COUNTWINDOW(3): three by three, the rest waits', async () => {
    const arrivals = [1, 2, 3, 4, 5, 6, 7].map(v => ({ data: { v } }))
    const query = { window: lengthBatch(3), select: ['sum(v)', 'count()'] }
    const emitted = await runQuery(query, arrivals, { engine })
    expect(emitted.map(row => [row['sum(v)'], row['count()']])).toEqual([
      [6, 3],
      [15, 3],
    ])
  })
})
