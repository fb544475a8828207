import { describe, expect, it } from 'vitest'
import { hopping, tumbling } from '../../src/time/windows.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'
import { latenessOf } from './window-of-case.ts'
import { groupsOf, type ScriptResult, WindowScript, windowsAt } from './window-script.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })

/** Windows of the engines that know no time before the epoch. */
const sinceEpoch = ({ windowStart }: { windowStart: number }) => windowStart >= 0
const bounds = ({ windowStart, windowEnd }: ScriptResult) => [windowStart, windowEnd]
const boundsAndSum = ({ windowStart, windowEnd, sum }: ScriptResult) => [windowStart, windowEnd, sum]
/** A result as Flink's tests write it: key, value, time. */
const flinkRow = ({ key, sum, windowEnd }: ScriptResult) => [key, sum, windowEnd - 1]

/** Flink's scripts: ["e", key, value, time] and ["w", watermark]; returns what each watermark brought. */
function runFlinkScript(script: WindowScript, steps: readonly unknown[][]): Map<number, unknown[][]> {
  const byWatermark = new Map<number, unknown[][]>()
  let early: ScriptResult[] = []
  for (const [what, ...args] of steps) {
    if (what === 'e') {
      const [key, value, time] = args as [string, number, number]
      early.push(...script.rows({ key, value, time }))
    } else {
      const watermark = args[0] as number
      const rows = [...early, ...script.watermark(watermark)].map(flinkRow)
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
  'window.tumbling.agg': ({ input: { size, events, watermarks }, expected }) => {
    const found = runAtWatermarks(new WindowScript(tumbling(size)), events, watermarks)
    expect(found.map(rows => rows.map(boundsAndSum))).toEqual(expected.emitted)
  },
  'window.hopping.assign': ({ input: { ts, size, slide, offset }, expected }) =>
    expect(windowsAt(hopping(size, slide, { offset }), ts)).toEqual(expected.windows),
  'window.hopping.assign.nonneg': ({ input: { ts, size, slide }, expected }) =>
    expect(windowsAt(hopping(size, slide), ts)).toEqual(expected.windows),
  'window.hopping.invalid': ({ input: { size, slide, offset = 0 } }) =>
    expect(() => hopping(size, slide ?? size, { offset })).toThrow(refused),
  'window.hopping.group': ({ input: { size, slide, offset, ts }, expected }) =>
    expect(groupsOf(hopping(size, slide, { offset }), ts)).toEqual(expected.groups),
  'window.hopping.agg.nonneg': ({ input: { size, slide, events, watermarks }, expected }) => {
    const found = runAtWatermarks(new WindowScript(hopping(size, slide)), events, watermarks)
    expect(found.map(rows => rows.map(boundsAndSum))).toEqual(expected.emitted)
  },
  'lateness.operator': ({ input, expected }) => {
    const { window, script } = input
    const [size, slide] = window.hopping ?? [window.tumbling, window.tumbling]
    const run = new WindowScript(hopping(size, slide, latenessOf(input)))
    const rows = [...runFlinkScript(run, script).values()].flat()
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
    let streamTime = Number.NEGATIVE_INFINITY
    const closed: ScriptResult[] = []
    let [lateRows, droppedUpdates] = [0, 0]
    for (const [name, time] of events as [string, number][]) {
      // Kafka counts a row once per window that is gone, and has no windows before the epoch.
      const all = windowsAt(hopping(size, slide), time)
      const gone = all.filter(([, end]) => end <= streamTime - grace)
      if (gone.length === all.length) lateRows++
      droppedUpdates += gone.filter(([start]) => start >= 0).length
      closed.push(...run.rows({ time, value: Number(name) }))
      streamTime = Math.max(streamTime, time)
      closed.push(...run.watermark(streamTime - grace - 1))
    }
    const concatenated = closed
      .filter(sinceEpoch)
      .map(({ windowStart, windowEnd, n, first, last }) => [
        windowStart,
        windowEnd,
        n === 1 ? `+${first}` : `+${first}+${last}`,
      ])
    expect(concatenated).toEqual(expected.finalOnClose ?? [])
    // Without suppression every row gives a result.
    const eager = new WindowScript(hopping(size, slide, { emit: 'onUpdate' }))
    const updates: unknown[] = []
    let latest = Number.NEGATIVE_INFINITY
    const seen = new Map<number, string>()
    for (const [name, time] of events as [string, number][]) {
      latest = Math.max(latest, time)
      expect(eager.watermark(latest - grace - 1)).toEqual([])
      for (const { windowStart, windowEnd, last } of eager.rows({ time, value: Number(name) }).filter(sinceEpoch)) {
        seen.set(windowStart, `${seen.get(windowStart) ?? ''}+${last}`)
        updates.push([windowStart, windowEnd, seen.get(windowStart)])
      }
    }
    expect(updates).toEqual(expected.updates)
    expect(run.lateCount).toBe(lateRows)
    expect(droppedUpdates).toBe(expected.droppedWindowUpdates)
  },
  'window.multi.agg': ({ input: { windows, events, watermarks }, expected }) => {
    const found = windows.map(({ tumbling: size }: { tumbling: number }) =>
      runAtWatermarks(new WindowScript(tumbling(size)), events, watermarks),
    )
    const together = watermarks.map((_: number, i: number) =>
      found.flatMap((rows: ScriptResult[][]) => rows[i]!.map(boundsAndSum)),
    )
    expect(together).toEqual(expected.emitted)
  },
}

describe('cases of windows aligned to the epoch', () => {
  for (const { name, check } of checksOf('aligned-windows', { areas: AREAS })) it(name, check)
})
