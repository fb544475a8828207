import { describe, expect, it } from 'vitest'
import { type SessionOptions, session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { type EngineCase, engineCase, type TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'
import { latenessOf } from './window-of-case.ts'
import { type ScriptResult, WindowScript } from './window-script.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })
const END = Number.POSITIVE_INFINITY

const bounds = ({ windowStart, windowEnd }: ScriptResult) => [windowStart, windowEnd]
const boundsAndSum = ({ windowStart, windowEnd, sum }: ScriptResult) => [windowStart, windowEnd, sum]
const flinkRow = ({ key, sum, windowStart, windowEnd }: ScriptResult) => [key, sum, [windowStart, windowEnd]]
/** Sessions as Kafka writes them: the last time belongs to them. */
const kafkaRow =
  (gap: number) =>
  ({ key, windowStart, windowEnd, n }: ScriptResult) => [key, windowStart, windowEnd - gap, n]

/** The same where results are taken back: a session without a value. */
const kafkaUpdate = (gap: number) => (row: ScriptResult) =>
  row.isRetraction ? [...kafkaRow(gap)(row).slice(0, 3), null] : kafkaRow(gap)(row)

/** All sessions of rows that come before any watermark. */
function sessionsOf(gap: number, times: readonly number[], options: SessionOptions = {}): ScriptResult[] {
  const script = new WindowScript(session(gap, options))
  script.rows(...times.map(time => ({ time, value: time })))
  return script.watermark(END)
}

/** Flink's scripts: ["e", key, value, time] and ["w", watermark]; returns what each step brought, by its place. */
function runFlinkScript(script: WindowScript, steps: readonly unknown[][]): { step: unknown[]; rows: unknown[] }[] {
  return steps.flatMap(step => {
    const [what, ...args] = step
    const [key, value, time] = args as [string, number, number]
    const results = what === 'e' ? script.rows({ key, value, time }) : script.watermark(args[0] as number)
    return results.length === 0 ? [] : [{ step, rows: results.map(flinkRow) }]
  })
}

/** What a case of Flink's says each step brings, in the form of `runFlinkScript`. */
const flinkExpectation = (expected: readonly Record<string, unknown>[]) =>
  expected.map(({ at_watermark, immediately_after_event, rows }) => ({
    at: at_watermark ?? immediately_after_event,
    rows,
  }))
const placesOf = (found: ReturnType<typeof runFlinkScript>) =>
  found.map(({ step, rows }) => ({ at: step.at(-1), rows }))

/**
 * Kafka moves time with every row. A session of [first, last] takes rows up to last + gap, so it is closed when stream
 * time is past that: one millisecond later than a window that ends there.
 */
function runKafka(script: WindowScript, grace: number, rows: readonly (readonly [string, number])[]) {
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
class SlidingScript {
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
  'window.session.agg.gt': ({ input: { gap, events, watermarks }, expected }) => {
    const script = new WindowScript(session(gap))
    script.rows(...events.map(([value, time]: [number, number]) => ({ value, time })))
    const emitted = watermarks.flatMap((watermark: number) => script.watermark(watermark).map(boundsAndSum))
    expect(emitted).toEqual(expected.emitted.flat())
  },
  'window.multi.agg': ({ input: { windows, events, watermarks }, expected }) => {
    const found = windows.flatMap(({ session: gap }: { session: number }) => {
      const script = new WindowScript(session(gap))
      script.rows(...events.map(([value, time]: [number, number]) => ({ value, time })))
      return script.watermark(watermarks[0]).map(boundsAndSum)
    })
    expect(found).toHaveLength(expected.contains.length)
    expect(found).toEqual(expect.arrayContaining(expected.contains))
  },
  'lateness.operator': ({ input, expected }) => {
    const script = new WindowScript(session(input.window.session, latenessOf(input)))
    expect(runFlinkScript(script, input.script).flatMap(({ rows }) => rows)).toEqual(expected.output)
    expect(script.lateRows.map(({ key, value, time }) => [key, value, time])).toEqual(expected.sideOutput)
    expect(script.lateCount).toBe(0)
  },
  'lateness.session': ({ input: { gap, grace, events }, expected }) =>
    expect(runKafka(new WindowScript(session(gap)), grace, events).dropped).toEqual(expected.dropped),
  'lateness.session.max': ({ id, input: { gap, maxLateness, script: steps }, expected }) => {
    const script = new WindowScript(session(gap, { allowedLateness: maxLateness }))
    const found: ScriptResult[][] = [[]]
    for (const [what, ...args] of steps as ['e' | 'w', number, number][]) {
      if (what === 'e') found.at(-1)!.push(...script.rows({ value: args[0], time: args[1]! }))
      else {
        found.at(-1)!.push(...script.watermark(args[0]))
        found.push([])
      }
    }
    if (id === 'scotty-sess-late-in') {
      // A late row fires at once here, in Scotty at the next watermark.
      expect(found[1]!.map(boundsAndSum)).toEqual(expected.atWatermark4000)
      expect(script.lateCount).toBe(0)
    } else {
      expect(found[0]!.map(boundsAndSum)).toEqual(expected.atWatermark3000)
      // Scotty measures how late a row is at its time; here it is measured at the end of the session it would make.
      expect(script.lateCount).toBe(0)
      script.rows({ time: expected.dropped[0] - gap + 2 })
      expect(script.lateCount).toBe(0)
      script.rows({ time: expected.dropped[0] - 2 * gap })
      expect(script.lateCount).toBe(1)
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

/** What a case of a name claims. */
const NAMES: Readonly<Record<string, (given: EngineCase) => void>> = {
  'session gap 3 s with restore': ({ input: { gap, steps }, expected }) => {
    const found = runFlinkScript(
      new WindowScript(session(gap)),
      steps.filter(([what]: [string]) => what !== 'snapshot+restore'),
    )
    // Sessions of one end come by their start here, in any order there.
    const sorted = (rows: unknown) => (rows as unknown[]).map(row => JSON.stringify(row)).sort()
    expect(found.map(({ step, rows }) => [step.at(-1), sorted(rows)])).toEqual(
      expected.map(({ at_watermark, rows }: Record<string, unknown>) => [at_watermark, sorted(rows)]),
    )
  },
  'session with lateness 10 ms, accumulating: late row extends a fired session': ({
    input: { gap, lateness, steps },
    expected,
  }) => {
    const script = new WindowScript(session(gap, { allowedLateness: lateness }))
    expect(placesOf(runFlinkScript(script, steps))).toEqual(flinkExpectation(expected))
  },
  'same with lateness 10 s: the late row merges three sessions': ({ input: { gap, lateness }, expected }) => {
    const { steps } = engineCase('session with lateness 10 ms, accumulating: late row extends a fired session').input
    const script = new WindowScript(session(gap, { allowedLateness: lateness }))
    expect(placesOf(runFlinkScript(script, steps))).toEqual(flinkExpectation(expected))
  },
  'session gap 5, no grace: merge retracts the old session': ({ input: { gap, grace, rows }, expected }) => {
    const named = ([key, first, last, n]: unknown[]) => [key, `${first}/${last}`, n]
    const onClose = runKafka(new WindowScript(session(gap)), grace, rows)
    expect(onClose.results.map(kafkaRow(gap)).map(named)).toEqual(expected.final)
    expect(onClose.dropped).toEqual(['k1'])
    const onUpdate = runKafka(new WindowScript(session(gap, { emit: 'onUpdate', firing: 'retracting' })), grace, rows)
    expect(onUpdate.results.map(kafkaUpdate(gap)).map(named)).toEqual(expected.updates)
    expect(onUpdate.dropped).toEqual(['k1'])
  },
  'per-event sliding windows: early records clamp to 0': ({ input: { difference, rows }, expected }) => {
    const script = new SlidingScript(difference)
    for (const [name, time] of rows) script.row(name, time)
    const closed = script.watermark(69)
    expect(Object.keys(closed)).toEqual(['0', '1', '4', '6', '7', '11'])
    const all: Record<string, unknown> = { ...closed, ...script.watermark(70) }
    expect(all).toEqual(Object.fromEntries(Object.entries(expected)))
  },
  'per-event sliding windows (distinct contents), difference 10': ({
    input: { difference, grace, rows },
    expected,
  }) => {
    const script = new SlidingScript(difference)
    for (const [name, time] of rows) script.row(name, time)
    const closed = script.watermark(30 - grace - 1)
    expect(Object.keys(closed)).toEqual(['0', '4', '5', '10', '11', '12'])
    expect({ ...closed, ...script.watermark(END) }).toEqual(expected)
  },
  'session boundary: distance exactly equal to the gap': ({ input: { gap, ts } }) => {
    expect(sessionsOf(gap, ts)).toHaveLength(1)
    expect(sessionsOf(gap, ts, { touch: 'merge' })).toHaveLength(1)
    expect(sessionsOf(gap, ts, { touch: 'split' })).toHaveLength(2)
  },
  'session: insert, extend right, extend left, merge': ({ input, expected }) => {
    const found = input.map(([times, watermark]: [number[], number]) => {
      const script = new WindowScript(session(10))
      script.rows(...times.map(time => ({ time })))
      return script.watermark(watermark).map(boundsAndSum)
    })
    expect(found).toEqual(expected)
  },
  'two session windows and shared slices': ({ input: { gaps, arrivals, watermark }, expected }) => {
    for (const gap of gaps) {
      const script = new WindowScript(session(gap))
      script.rows(...arrivals.map((time: number) => ({ time })))
      expect(script.watermark(watermark).map(boundsAndSum)).toEqual(expected[`gap${gap}`])
    }
  },
  'a row older than the watermark is dropped and counted': ({ input: { steps } }) => {
    // Jet drops by the row's own time; here a row is late when the session it would make is.
    const script = new WindowScript(session(1))
    const [[, watermark], [, key, time]] = steps
    expect(script.watermark(watermark)).toEqual([])
    expect(script.rows({ key, time })).toEqual([])
    expect(script.lateCount).toBe(1)
    expect(script.watermark(END)).toEqual([])
  },
  'end of a bounded input flushes every open session': ({ input: { key, watermark }, expected }) => {
    const script = new WindowScript(session(10))
    script.rows(...[1, 5, 12, 30, 35, 40].map(time => ({ key, time })))
    const row = ({ windowStart, windowEnd, n, ...rest }: ScriptResult) => [rest.key, [windowStart, windowEnd], n]
    expect(script.watermark(watermark).map(row)).toEqual([expected[0]])
    expect(script.watermark(END).map(row)).toEqual([expected[2]])
  },
}

describe('cases of sessions and of sliding windows by event', () => {
  for (const { name, check } of checksOf('session-windows', { areas: AREAS, names: NAMES })) it(name, check)
})
