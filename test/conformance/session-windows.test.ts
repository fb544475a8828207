import { describe, expect, it } from 'vitest'
import { type SessionOptions, session, slidingPerEvent } from '../../src/time/session-windows.ts'
import type { TimeCase } from './cases.ts'
import { kafkaRow, kafkaUpdate, runKafka, SlidingScript } from './kafka-sessions.ts'
import { checksOf } from './suites.ts'
import { latenessOf } from './window-of-case.ts'
import { aggregatedBy, type ScriptResult, WindowScript } from './window-script.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })
const END = Number.POSITIVE_INFINITY

const bounds = ({ windowStart, windowEnd }: ScriptResult) => [windowStart, windowEnd]
const boundsAnd = (aggregate?: string) => (result: ScriptResult) => [
  result.windowStart,
  result.windowEnd,
  aggregatedBy(result, aggregate),
]
const boundsAndSum = boundsAnd('sum')
const flinkRow = (aggregate: string) => (result: ScriptResult) => [
  result.key,
  aggregatedBy(result, aggregate),
  [result.windowStart, result.windowEnd],
]
/** All sessions of rows that come before any watermark. */
function sessionsOf(gap: number, times: readonly number[], options: SessionOptions = {}): ScriptResult[] {
  const script = new WindowScript(session(gap, options))
  script.rows(...times.map(time => ({ time, value: time })))
  return script.watermark(END)
}

/** Flink's scripts: ["e", key, value, time] and ["w", watermark]; returns what each step brought, by its place. */
function runFlinkScript(
  script: WindowScript,
  { script: steps, agg }: TimeCase['input'],
): { step: unknown[]; rows: unknown[] }[] {
  return (steps as readonly unknown[][]).flatMap(step => {
    const [what, ...args] = step
    const [key, value, time] = args as [string, number, number]
    const results = what === 'e' ? script.rows({ key, value, time }) : script.watermark(args[0] as number)
    return results.length === 0 ? [] : [{ step, rows: results.map(flinkRow(agg)) }]
  })
}

/** What a case of an area claims. */
const AREAS: Readonly<Record<string, (given: TimeCase) => void>> = {
  'window.session.assign': ({ input: { ts, gap }, expected }) =>
    expect(sessionsOf(gap, [ts]).map(bounds)).toEqual(expected.windows),
  'window.session.merge': ({ input: { windows }, expected }) =>
    expect(
      sessionsOf(
        1,
        windows.map(([start]: [number]) => start),
      ).map(bounds),
    ).toEqual(expected.merged),
  'window.session.intersects': ({ input: { a, b }, expected }) =>
    expect(sessionsOf(a[1] - a[0], [a[0], b[0]])).toHaveLength(expected.intersects ? 1 : 2),
  'window.session.invalid': ({ input: { gap } }) => expect(() => session(gap)).toThrow(refused),
  'window.session.group.lt': ({ input: { gap, ts }, expected }) => {
    const found = sessionsOf(gap, ts, { touch: 'split' }).map(({ windowStart, windowEnd, n, sum }) => [
      `[${windowStart},${windowEnd})`,
      n,
      sum,
    ])
    const groups = Object.entries(expected.groups as Record<string, number[]>)
    expect(found).toEqual(groups.map(([name, times]) => [name, times.length, times.reduce((sum, t) => sum + t, 0)]))
  },
  'window.session.count.le': ({ input: { gap, events }, expected }) => {
    const script = new WindowScript(session(gap))
    script.rows(...events.map(([key, time]: [string, number]) => ({ key, time })))
    expect(script.watermark(END).map(kafkaRow(gap))).toEqual(expected.sessions)
  },
  'window.session.groups': ({ input: { gap, ts }, expected }) => {
    const found = sessionsOf(gap, ts).map(({ windowStart, windowEnd, n }) => [windowStart, windowEnd - gap, n])
    expect(found).toEqual(expected.groups)
  },
  'window.session.emit': ({ input: { gap, events }, expected }) => {
    const script = new WindowScript(session(gap, { emit: 'onUpdate', firing: 'retracting' }))
    const found = events.flatMap(([key, time]: [string, number]) => script.rows({ key, time }))
    expect(found.map(kafkaUpdate(gap))).toEqual(expected.emissions)
  },
  'window.session.agg.gt': ({ input: { gap, agg, events, watermarks }, expected }) => {
    const script = new WindowScript(session(gap))
    script.rows(...events.map(([value, time]: [number, number]) => ({ value, time })))
    const emitted = watermarks.flatMap((watermark: number) => script.watermark(watermark).map(boundsAnd(agg)))
    expect(emitted).toEqual(expected.emitted.flat())
  },
  'lateness.operator': ({ input, expected }) => {
    const script = new WindowScript(session(input.window.session, latenessOf(input)))
    expect(runFlinkScript(script, input).flatMap(({ rows }) => rows)).toEqual(expected.output)
    expect(script.lateRows.map(({ key, value, time }) => [key, value, time])).toEqual(expected.sideOutput)
    expect(script.lateCount).toBe(0)
  },
  'lateness.session': ({ input: { gap, grace, events }, expected }) =>
    expect(runKafka(new WindowScript(session(gap)), grace, events).dropped).toEqual(expected.dropped),
  'lateness.session.max': ({ input: { gap, maxLateness, script: steps }, expected }) => {
    const spec = session(gap, { allowedLateness: maxLateness })
    const script = new WindowScript(spec)
    // A late row fires at once here, in Scotty at the next watermark.
    const found: Record<string, unknown[]> = {}
    let [early, last]: [ScriptResult[], number] = [[], Number.NEGATIVE_INFINITY]
    for (const [what, ...args] of steps as ['e' | 'w', number, number][]) {
      if (what === 'e') early.push(...script.rows({ value: args[0], time: args[1]! }))
      else {
        last = args[0]
        found[`atWatermark${last}`] = [...early, ...script.watermark(last)].map(boundsAndSum)
        early = []
      }
    }
    for (const [name, rows] of Object.entries(expected)) if (name !== 'dropped') expect(found[name]).toEqual(rows)
    // Scotty measures how late a row is at its time; here it is measured at the end of the session it would make.
    expect(script.lateCount).toBe(0)
    for (const dropped of expected.dropped) {
      expect(dropped).toBeLessThan(last - maxLateness)
      const alone = (time: number) => {
        const fresh = new WindowScript(spec)
        fresh.watermark(last)
        fresh.rows({ time })
        return fresh.lateCount
      }
      expect([alone(last - maxLateness - gap + 1), alone(last - maxLateness - gap + 2)]).toEqual([1, 0])
    }
  },
  'window.sliding_record_aligned.keyed': ({ input, expected }) =>
    expect(slidingByKey(input)).toEqual(expected.finalOnClose),
  'window.sliding_record_aligned': ({ input: { timeDifference, grace, events }, expected }) => {
    const script = new SlidingScript(timeDifference)
    const closed: Record<string, string> = {}
    let streamTime = Number.NEGATIVE_INFINITY
    for (const [name, time] of events as [string, number][]) {
      script.row(Number(name), time)
      streamTime = Math.max(streamTime, time)
      for (const [start, names] of Object.entries(script.watermark(streamTime - grace - 1)))
        closed[start] = names.join('+')
    }
    expect(closed).toEqual(expected.finalOnClose)
  },
}

/** Rows of several keys, whose values are powers of two by the order they come in: which of them each window has. */
function slidingByKey({ timeDifference, grace, events, ends }: TimeCase['input']) {
  const rows: readonly (readonly [key: string, name: string, time: number])[] = events
  const script = new WindowScript(slidingPerEvent(timeDifference))
  const found: Record<string, Record<string, string>> = {}
  const take = (results: readonly ScriptResult[]) => {
    for (const { key, windowStart, sum } of results) {
      const names = rows.filter((_, place) => Math.floor(sum / 2 ** place) % 2 === 1).map(([, name]) => name)
      ;(found[key] ??= {})[windowStart] = names.join('+')
    }
  }
  let streamTime = Number.NEGATIVE_INFINITY
  rows.forEach(([key, , time], place) => {
    script.rows({ key, time, value: 2 ** place })
    streamTime = Math.max(streamTime, time)
    take(script.watermark(streamTime - grace - 1))
  })
  if (ends) take(script.watermark(END))
  return found
}

describe('cases of sessions and of sliding windows by event', () => {
  for (const { name, check } of checksOf('session-windows', { areas: AREAS })) it(name, check)
})
