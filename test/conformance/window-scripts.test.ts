import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import { everyInterval, everyRows, onDelta } from '../../src/time/triggers.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { cumulate } from '../../src/time/windows.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'
import { type Step, windowOf } from './window-of-case.ts'
import { type ScriptResult, WindowScript, windowsAt } from './window-script.ts'

/** What each step of a script brought, by its place. */
function runScript(script: WindowScript, steps: readonly Step[], bound?: number): [number, ScriptResult[]][] {
  let latest = Number.NEGATIVE_INFINITY
  const results = steps.map(([what, ...args]) => {
    if (what === 'w') return script.watermark(args[0] === 'end' ? Number.POSITIVE_INFINITY : (args[0] as number))
    const [key, value, time] = args as [string, number, number]
    const found = script.rows({ key, value, time })
    if (bound === undefined) return found
    latest = Math.max(latest, time)
    return [...found, ...script.watermark(latest - bound - 1)]
  })
  return results.map((rows, step) => [step, rows] as [number, ScriptResult[]]).filter(([, rows]) => rows.length > 0)
}

const scriptRow = ({ key, sum, windowStart, windowEnd, isRetraction }: ScriptResult) =>
  isRetraction ? [key, sum, windowStart, windowEnd, 'taken back'] : [key, sum, windowStart, windowEnd]
const boundsAndSum = ({ windowStart, windowEnd, sum }: ScriptResult) => [windowStart, windowEnd, sum]
const sorted = (rows: readonly unknown[]): unknown[] => rows.map(row => JSON.stringify(row)).sort()

const TRIGGERS = {
  rows: everyRows,
  interval: everyInterval,
  delta: ([column, threshold]: [string, number]) => onDelta(column, threshold),
} as const

/** What a case of an area claims. */
const AREAS: Readonly<Record<string, (given: TimeCase) => unknown>> = {
  'window.script': ({ input: { window, script: steps, watermark, fromZero }, expected: { out, late, anyOrder } }) => {
    const script = new WindowScript(windowOf({ ...window, lateTo: 'late' }))
    const isThere = ({ windowStart }: ScriptResult) => !fromZero || windowStart >= 0
    const found = runScript(script, steps, watermark).map(([step, rows]) => [step, rows.filter(isThere).map(scriptRow)])
    const ordered = (all: [number, unknown[]][]) => (anyOrder ? all.map(([step, rows]) => [step, sorted(rows)]) : all)
    expect(ordered(found as [number, unknown[]][])).toEqual(ordered(out))
    expect(script.lateRows.map(({ time }) => time)).toEqual(late)
    expect(script.lateCount).toBe(0)
  },
  'window.multi.script': ({ input: { windows, events, watermarks }, expected }) => {
    const scripts = windows.map((window: never) => new WindowScript(windowOf(window)))
    for (const script of scripts) script.rows(...events.map(([value, time]: [number, number]) => ({ value, time })))
    const found = watermarks.map((watermark: number) =>
      scripts.flatMap((script: WindowScript) =>
        script
          .watermark(watermark)
          .filter(({ windowStart }) => windowStart >= 0)
          .map(boundsAndSum),
      ),
    )
    expect(found).toEqual(expected.emitted)
  },
  'window.cumulate.assign': ({ input: { step, max, offset, ts }, expected }) =>
    expect(ts.map((time: number) => windowsAt(cumulate(step, max, { offset }), time))).toEqual(expected.windows),
  'window.calendar.group': ({ input: { unit, zone, weekStartsOn, ts }, expected }) => {
    const script = new WindowScript(calendar(unit, { zone, ...(weekStartsOn && { weekStartsOn }) }))
    script.rows(...ts.map((time: number) => ({ time, value: time })))
    expect(script.watermark(Number.POSITIVE_INFINITY).map(boundsAndSum)).toEqual(
      expected.groups.map(([start, end, times]: [number, number, number[]]) => [
        start,
        end,
        times.reduce((total, time) => total + time, 0),
      ]),
    )
  },
  'window.global.script': ({ input: { trigger, purge, script: steps }, expected }) => {
    const [[name, parameter]] = Object.entries(trigger) as [[keyof typeof TRIGGERS, never]]
    const script = new WindowScript(globalWindow({ trigger: TRIGGERS[name](parameter), purge }))
    const found = runScript(script, steps).map(([step, rows]) => [step, rows.map(({ key, sum }) => [key, sum])])
    expect(found).toEqual(expected.out)
  },
  'window.processing.script': async ({ input: { window, script }, expected }) => {
    const clock = new VirtualClock(0)
    let results: unknown[] = []
    const job = await pipeline(schema({ key: utf8(), value: f64() }))
      .processingTime('at')
      .keyBy('key')
      .window(windowOf(window))
      .aggregate(e => ({ n: count(), sum: sum(e.value) }))
      .run({
        clock,
        sink: ({ key, sum, windowStart, windowEnd }) => void results.push([key, sum, windowStart, windowEnd]),
      })
    const found: [number, unknown[]][] = []
    for (const [place, step] of (script as Step[]).entries()) {
      if (step[0] === 't') clock.advanceTo(step[1])
      else job.push({ key: step[1] as string, value: step[2] as number })
      await job.flush()
      if (results.length > 0) found.push([place, results])
      results = []
    }
    await job.stop()
    expect(found).toEqual(expected.out)
  },
}

describe('cases of windows as scripts', () => {
  for (const { name, check } of checksOf('window-scripts', { areas: AREAS })) it(name, check as () => unknown)
})
