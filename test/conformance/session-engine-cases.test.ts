import { describe, expect, it } from 'vitest'
import { type SessionOptions, session } from '../../src/time/session-windows.ts'
import type { EngineCase } from './cases.ts'
import { expectScript, numberBehind, stepsOf } from './engine-script.ts'
import { kafkaRow, kafkaUpdate, runKafka, SlidingScript } from './kafka-sessions.ts'
import { checksOf } from './suites.ts'
import { type ScriptResult, WindowScript } from './window-script.ts'

const END = Number.POSITIVE_INFINITY
const boundsAndSum = ({ windowStart, windowEnd, sum }: ScriptResult) => [windowStart, windowEnd, sum]
const boundsAndCount = ({ windowStart, windowEnd, n }: ScriptResult) => [windowStart, windowEnd, n]

/** The sessions of rows that come before any watermark, as of a watermark. */
function sessionsOf(
  gap: number,
  times: readonly number[],
  watermark = END,
  options: SessionOptions = {},
): ScriptResult[] {
  const script = new WindowScript(session(gap, options))
  script.rows(...times.map(time => ({ time })))
  return script.watermark(watermark)
}

/** Engines in which sessions that touch are two. */
const SPLITTING = ['Beam', 'Hazelcast Jet', 'Arroyo']

/** The gap of Jet's tests of sessions. */
const JET_GAP = 10

/** Times of as many rows as a session of a case has: `[1,22) 3 rows` begins at 1, and ends a gap before 22. */
function timesOfSession(text: string): number[] {
  const [, start, end, rows] = /^\[(\d+),(\d+)\) (\d+) rows?$/.exec(text)!.map(Number) as [
    number,
    number,
    number,
    number,
  ]
  const last = end - JET_GAP
  return Array.from({ length: rows }, (_, i) => start + Math.floor(((last - start) * i) / Math.max(1, rows - 1)))
}

/** What a case of a kind claims. */
const KINDS = {
  'session.script': ({ input, expected, dropped }: EngineCase) => {
    const { gap, lateness = 0, accumulate = true } = input
    const firing = accumulate ? 'accumulating' : 'discarding'
    const script = new WindowScript(session(gap, { allowedLateness: lateness, firing, lateTo: 'late' }))
    expectScript(script, stepsOf(input), expected)
    if (dropped !== undefined) expect(script.lateRows.map(({ time }) => time)).toEqual(dropped)
  },
  'session.updates': ({ input: { gap, grace = 0, rows }, expected }: EngineCase) => {
    const named = ([key, first, last, n]: unknown[]) => [key, `${first}/${last}`, n]
    const closing = new WindowScript(session(gap))
    const onClose = runKafka(closing, grace, rows)
    expect(onClose.results.map(kafkaRow(gap)).map(named)).toEqual(expected.final)
    const counted = [...onClose.results, ...closing.watermark(END)].reduce((sum, { n }) => sum + n, 0)
    expect(counted + onClose.dropped.length).toBe(rows.length)
    const onUpdate = runKafka(new WindowScript(session(gap, { emit: 'onUpdate', firing: 'retracting' })), grace, rows)
    expect(onUpdate.dropped).toEqual(onClose.dropped)
    if (expected.updates !== undefined)
      expect(onUpdate.results.map(kafkaUpdate(gap)).map(named)).toEqual(expected.updates)
    if (expected.dropped !== undefined) expect(onClose.dropped).toHaveLength(expected.dropped.length)
  },
  'session.touch': ({ input: { gap, ts }, expected }: EngineCase) => {
    const sessions = (options: SessionOptions) => sessionsOf(gap, ts, END, options).length
    if (expected.one_session.length > 0) expect([sessions({}), sessions({ touch: 'merge' })]).toEqual([1, 1])
    if (expected.two_sessions?.length > 0) expect(sessions({ touch: 'split' })).toBe(2)
  },
  'session.lists': ({ input, semantics, expected }: EngineCase) =>
    expect(
      input.map(([times, watermark]: [number[], number]) =>
        sessionsOf(numberBehind('gap', semantics), times, watermark).map(boundsAndCount),
      ),
    ).toEqual(expected),
  'session.gaps': ({ input: { gaps, arrivals, watermark }, expected }: EngineCase) => {
    const found = gaps.map((gap: number) => [`gap${gap}`, sessionsOf(gap, arrivals, watermark).map(boundsAndCount)])
    expect(Object.fromEntries(found)).toEqual(expected)
  },
  'session.groups': ({ engine, input: { gap, ts }, expected }: EngineCase) => {
    const touch = SPLITTING.includes(engine) ? 'split' : 'merge'
    const script = new WindowScript(session(gap, { touch }))
    script.rows(...ts.map((time: number, place: number) => ({ time, value: 2 ** place })))
    const timesOf = ({ sum }: ScriptResult) =>
      ts.filter((_: number, place: number) => Math.floor(sum / 2 ** place) % 2 === 1)
    const found = script.watermark(END).map(row => [`[${row.windowStart},${row.windowEnd})`, timesOf(row)])
    expect(Object.fromEntries(found)).toEqual(expected)
  },
  'session.sums': ({ input: { gap, rows, watermarks }, expected }: EngineCase) => {
    const script = new WindowScript(session(gap))
    script.rows(...rows.map(([value, time]: [number, number]) => ({ value, time })))
    for (const watermark of watermarks)
      expect(script.watermark(watermark).map(boundsAndSum)).toEqual(expected[watermark] ?? [])
  },
  'session.refused': ({ input: { params } }: EngineCase) => {
    for (const gap of params) expect(() => session(gap)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  },
  'session.late': ({ input: { steps }, expected }: EngineCase) => {
    // Jet drops by the row's own time, and so does a session that ends behind it.
    const script = new WindowScript(session(1))
    let [watermark, late] = [Number.NEGATIVE_INFINITY, 0]
    for (const [what, ...args] of steps as (string | number)[][]) {
      if (what === 'w') {
        watermark = args[0] as number
        expect(script.watermark(watermark)).toEqual([])
        continue
      }
      const [key, time] = args as [string, number]
      if (time <= watermark) late++
      expect(script.rows({ key, time })).toEqual([])
    }
    expect(script.lateCount).toBe(late)
    expect(script.watermark(END)).toHaveLength(expected.filter((each: unknown) => Array.isArray(each)).length)
  },
  'session.flush': ({ input: { key, sessions, watermark }, expected }: EngineCase) => {
    const script = new WindowScript(session(JET_GAP))
    const times = (sessions as string).split(/, (?=\[)/).flatMap(timesOfSession)
    script.rows(...times.map(time => ({ key, time })))
    const row = ({ windowStart, windowEnd, n, ...rest }: ScriptResult) => [rest.key, [windowStart, windowEnd], n]
    const atWatermark = script.watermark(watermark).map(row)
    expect([...atWatermark, `watermark ${watermark}`, ...script.watermark(END).map(row)]).toEqual(expected)
  },
  'sliding.contents': ({ input: { difference, grace = 0, rows }, expected }: EngineCase) => {
    const script = new SlidingScript(difference)
    const found: Record<string, number[]> = {}
    let streamTime = Number.NEGATIVE_INFINITY
    for (const [name, time] of rows as [number, number][]) {
      script.row(name, time)
      streamTime = Math.max(streamTime, time)
      Object.assign(found, script.watermark(streamTime - grace - 1))
    }
    // A window [s, s + difference] is closed once stream time is past its end and grace.
    const isClosed = (start: string) => Number(start) + difference + grace < streamTime
    expect(Object.keys(found)).toEqual(Object.keys(expected).filter(isClosed))
    expect({ ...found, ...script.watermark(END) }).toEqual(expected)
  },
} as const

describe('cases of engines: sessions and sliding windows by event', () => {
  for (const { name, check } of checksOf('session-engine-cases', { kinds: KINDS })) it(name, check)
})
