import { describe, expect, it } from 'vitest'
import { hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'
import { latenessOf, windowNamed } from './window-of-case.ts'
import { aggregatedBy, groupsOf, type ScriptResult, WindowScript, windowsAt } from './window-script.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })

/** Windows of the engines that know no time before the epoch. */
const sinceEpoch = ({ windowStart }: { windowStart: number }) => windowStart >= 0
const bounds = ({ windowStart, windowEnd }: ScriptResult) => [windowStart, windowEnd]
const boundsAnd = (aggregate?: string) => (result: ScriptResult) => [
  result.windowStart,
  result.windowEnd,
  aggregatedBy(result, aggregate),
]
/** A result as Flink's tests write it: key, value, time. */
const flinkRow = (aggregate?: string) => (result: ScriptResult) => [
  result.key,
  aggregatedBy(result, aggregate),
  result.windowEnd - 1,
]
const sampled = (size: number, slide: number, offset = 0): WindowSpec =>
  hopping(size, slide, { offset, sampling: slide > size })
/** Windows one instant is in, in any order. */
const sorted = (windows: readonly (readonly [number, number])[]) => windows.toSorted(([a], [b]) => a - b)

/** Flink's scripts: ["e", key, value, time] and ["w", watermark]; returns what each watermark brought. */
function runFlinkScript(script: WindowScript, { script: steps, agg }: TimeCase['input']): Map<number, unknown[][]> {
  const byWatermark = new Map<number, unknown[][]>()
  let early: ScriptResult[] = []
  for (const [what, ...args] of steps as readonly unknown[][]) {
    if (what === 'e') {
      const [key, value, time] = args as [string, number, number]
      early.push(...script.rows({ key, value, time }))
    } else {
      const watermark = args[0] as number
      const rows = [...early, ...script.watermark(watermark)].map(flinkRow(agg))
      if (rows.length > 0) byWatermark.set(watermark, rows)
      early = []
    }
  }
  return byWatermark
}

/** Scotty's and others' watermark lists: what each brings. */
function runAtWatermarks(
  script: WindowScript,
  rows: readonly (readonly [value: number, time: number])[],
  watermarks: readonly number[],
): ScriptResult[][] {
  // Scotty's rows all come before the first watermark; windows only fire when it comes.
  script.rows(...rows.map(([value, time]) => ({ value, time })))
  return watermarks.map(watermark => script.watermark(watermark).filter(sinceEpoch))
}

/** What a case of an area claims. */
const AREAS: Readonly<Record<string, (given: TimeCase) => void>> = {
  'window.tumbling.start': ({ input: { ts, offset, size }, expected: { start, end } }) =>
    expect(windowsAt(tumbling(size, { offset }), ts)).toEqual([[start, end]]),
  'window.tumbling.assign': ({ input: { ts, offset, size }, expected }) =>
    expect(windowsAt(tumbling(size, { offset }), ts)).toEqual(expected.windows),
  'window.tumbling.invalid': ({ input: { size, offset } }) => expect(() => tumbling(size, { offset })).toThrow(refused),
  'window.tumbling.group': ({ input: { size, offset, ts }, expected }) =>
    expect(groupsOf(tumbling(size, { offset }), ts)).toEqual(expected.groups),
  'window.tumbling.agg': ({ input: { size, agg, events, watermarks }, expected }) => {
    const found = runAtWatermarks(new WindowScript(tumbling(size)), events, watermarks)
    expect(found.map(rows => rows.map(boundsAnd(agg)))).toEqual(expected.emitted)
  },
  'window.hopping.assign': ({ input: { ts, size, slide, offset }, expected }) =>
    expect(windowsAt(sampled(size, slide, offset), ts)).toEqual(sorted(expected.windows)),
  'window.hopping.assign.nonneg': ({ input: { ts, size, slide }, expected }) =>
    expect(windowsAt(sampled(size, slide), ts).filter(([start]) => start >= 0)).toEqual(sorted(expected.windows)),
  'window.hopping.invalid': ({ input: { size, slide, offset = 0 } }) =>
    expect(() => hopping(size, slide ?? size, { offset })).toThrow(refused),
  'window.hopping.group': ({ input: { size, slide, offset, ts }, expected }) =>
    expect(groupsOf(sampled(size, slide, offset), ts)).toEqual(expected.groups),
  'window.hopping.agg.nonneg': ({ input: { size, slide, agg, events, watermarks }, expected }) => {
    const found = runAtWatermarks(new WindowScript(sampled(size, slide)), events, watermarks)
    expect(found.map(rows => rows.map(boundsAnd(agg)))).toEqual(expected.emitted)
  },
  'lateness.operator': ({ input, expected }) => {
    const run = new WindowScript(windowNamed(input.window, latenessOf(input)))
    const rows = [...runFlinkScript(run, input).values()].flat()
    expect(rows).toEqual(expected.output)
    expect(run.lateRows.map(({ key, value, time }) => [key, value, time])).toEqual(expected.sideOutput)
    expect(run.lateCount).toBe(0)
  },
  'lateness.overflow': () => {
    // The greatest time there is, a lateness that leads beyond it: the window fires at its end and not before.
    const latest = Number.MAX_SAFE_INTEGER - 1_750
    const run = new WindowScript(tumbling(1_000, { allowedLateness: Number.MAX_SAFE_INTEGER }))
    expect(run.rows({ time: latest })).toEqual([])
    const end = latest - (latest % 1_000) + 1_000
    expect(run.watermark(end - 2)).toEqual([])
    expect(run.watermark(end - 1).map(bounds)).toEqual([[end - 1_000, end]])
    expect(run.lateCount).toBe(0)
  },
  'lateness.hopping': ({ input: { size, slide, grace, events }, expected }) => {
    // Kafka's grace is out-of-orderness: a window closes when stream time reaches its end plus grace.
    const run = new WindowScript(hopping(size, slide))
    // Without suppression every row gives a result.
    const eager = new WindowScript(hopping(size, slide, { emit: 'onUpdate' }))
    const rows = events as readonly (readonly [name: string, time: number])[]
    // A sum of powers of two tells which rows it is of.
    const names = (sum: number) =>
      rows.map(([name], i) => (Math.floor(sum / 2 ** i) % 2 === 1 ? `+${name}` : '')).join('')
    const named = (results: readonly ScriptResult[]) =>
      results.filter(sinceEpoch).map(({ windowStart, windowEnd, sum }) => [windowStart, windowEnd, names(sum)] as const)
    const [closed, updates]: [unknown[], unknown[]] = [[], []]
    let [streamTime, lateRows, droppedUpdates] = [Number.NEGATIVE_INFINITY, 0, 0]
    rows.forEach(([, time], i) => {
      // Kafka counts a row once per window that is gone, and has no windows before the epoch.
      const all = windowsAt(hopping(size, slide), time)
      const gone = all.filter(([, end]) => end <= streamTime - grace)
      if (gone.length === all.length) lateRows++
      droppedUpdates += gone.filter(([start]) => start >= 0).length
      streamTime = Math.max(streamTime, time)
      const row = { time, value: 2 ** i }
      closed.push(...named(run.rows(row)), ...named(run.watermark(streamTime - grace - 1)))
      expect(eager.watermark(streamTime - grace - 1)).toEqual([])
      updates.push(...named(eager.rows(row)))
    })
    expect(closed).toEqual(expected.finalOnClose ?? [])
    expect(updates).toEqual(expected.updates)
    expect(run.lateCount).toBe(lateRows)
    expect(droppedUpdates).toBe(expected.droppedWindowUpdates)
  },
  'window.multi.agg': ({ input: { windows, agg, events, watermarks }, expected }) => {
    const found = windows.map((window: TimeCase['input']) =>
      runAtWatermarks(new WindowScript(windowNamed(window)), events, watermarks),
    )
    const together: unknown[][] = watermarks.map((_: number, i: number) =>
      found.flatMap((rows: ScriptResult[][]) => rows[i]!.map(boundsAnd(agg))),
    )
    if (expected.emitted !== undefined) expect(together).toEqual(expected.emitted)
    else expect(together.flat()).toEqual(expect.arrayContaining(expected.contains))
  },
}

describe('cases of windows aligned to the epoch', () => {
  for (const { name, check } of checksOf('aligned-windows', { areas: AREAS })) it(name, check)
})
