import { describe, expect, it } from 'vitest'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import type { EngineCase, TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'
import { latenessOf } from './window-of-case.ts'
import { groupsOf, type ScriptResult, WindowScript, windowsAt } from './window-script.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })
const END = Number.POSITIVE_INFINITY

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

const inAnyOrder = (rows: readonly unknown[]): unknown[] => rows.map(row => JSON.stringify(row)).sort()

function expectAtWatermarks(
  found: Map<number, unknown[][]>,
  expected: readonly { at_watermark: number; rows: unknown[] }[],
) {
  expect([...found.keys()]).toEqual(expected.map(({ at_watermark }) => at_watermark))
  for (const { at_watermark, rows } of expected) expect(inAnyOrder(found.get(at_watermark)!)).toEqual(inAnyOrder(rows))
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

/** What a case of a name claims. */
const NAMES: Readonly<Record<string, (given: EngineCase) => void>> = {
  'tumbling with offset +100': ({ input: { size, offset, ts }, expected }) =>
    expect(ts.flatMap((time: number) => windowsAt(tumbling(size, { offset }), time))).toEqual(expected),
  'tumbling invalid parameters': ({ input: { params } }) => {
    for (const [size, offset] of params) expect(() => tumbling(size, { offset })).toThrow(refused)
  },
  'tumbling 3 s sum per key: fires when watermark >= end-1; result time = end-1': ({ input, expected }) =>
    expectAtWatermarks(runFlinkScript(new WindowScript(tumbling(input.size)), stepsOf(input)), expected),
  'hopping 3 s / 1 s sum per key': ({ input, expected }) =>
    expectAtWatermarks(runFlinkScript(new WindowScript(hopping(input.size, input.slide)), stepsOf(input)), expected),
  'late drop is per window, not per event, hopping 3 s / 1 s': ({ input, expected, dropped }) => {
    const run = new WindowScript(hopping(input.size, input.slide, { lateTo: 'late' }))
    expectAtWatermarks(runFlinkScript(run, input.steps), expected)
    expect(run.lateRows.map(({ time }) => time)).toEqual(dropped)
  },
  'allowed lateness 500, purging trigger': ({ input, expected }) => {
    const run = (firing: 'discarding' | 'accumulating') =>
      runFlinkScript(new WindowScript(tumbling(input.size, { allowedLateness: input.lateness, firing })), input.steps)
    expectAtWatermarks(run('discarding'), expected)
    expect([...run('accumulating').values()].at(-1)).toEqual([['key2', 3, 1999]])
  },
  'cleanup time must not overflow': ({ input: { size, lateness } }) => {
    const time = Number.MAX_SAFE_INTEGER - 1_750
    const run = new WindowScript(tumbling(size, { allowedLateness: lateness }))
    run.rows({ time })
    expect(run.watermark(Number.MAX_SAFE_INTEGER - 1_500 - size)).toEqual([])
    const end = time - (time % size) + size
    expect(run.watermark(end - 2)).toEqual([])
    expect(run.watermark(end - 1)).toHaveLength(1)
  },
  'hopping with offset -100': ({ input, expected }) => expectStarts(input, expected),
  'hopping with offset 500': ({ input, expected }) => expectStarts(input, expected),
  'hopping 5000/1000: every event is in size/slide windows': ({ input, expected }) => expectStarts(input, expected),
  'final results with a large time jump': ({ input: { size, grace, ts }, expected }) => {
    const run = new WindowScript(tumbling(size))
    const final: unknown[] = []
    let streamTime = 0
    for (const time of ts as number[]) {
      run.rows({ time })
      streamTime = Math.max(streamTime, time)
      for (const { windowStart, windowEnd, n } of run.watermark(streamTime - grace - 1))
        final.push([`${windowStart}/${windowEnd}`, n])
    }
    expect(final).toEqual(expected.final)
    expect(run.lateCount).toBe(1)
    const eager = new WindowScript(tumbling(size, { emit: 'onUpdate' }))
    streamTime = 0
    const updates = (ts as number[]).flatMap(time => {
      streamTime = Math.max(streamTime, time)
      return [...eager.watermark(streamTime - grace - 1), ...eager.rows({ time })]
    })
    expect(updates.map(({ windowStart, windowEnd, n }) => [`${windowStart}/${windowEnd}`, n])).toEqual(expected.updates)
  },
  'hopping parameter limits': ({ input: { bad } }) => {
    for (const { size = 123, advance = size, grace = 0 } of bad) {
      const slide = advance === 'size+1' ? size + 1 : advance
      expect(() => hopping(size, slide, { allowedLateness: grace })).toThrow(refused)
    }
  },
  'hopping where size is not a multiple of the advance': ({ input, expected }) =>
    expect(
      input.map(({ size, advance, ts }: Record<string, number>) => windowsAt(hopping(size!, advance!), ts!)),
    ).toEqual(expected),
  'sampling windows: size smaller than the slide drops events between windows': ({
    input: { size, every, ts },
    expected,
  }) => expect(groupsOf(hopping(size, every, { sampling: true }), ts)).toEqual(expected),
  'sliding 7 every 5': ({ input: { size, every, ts }, expected }) =>
    expect(groupsOf(hopping(size, every), ts)).toEqual(expected),
  'sliding 10 every 5': ({ input: { size, every, ts }, expected }) =>
    expect(groupsOf(hopping(size, every), ts)).toEqual(expected),
  'sliding 10 every 5 offset 2': ({ input: { size, every, offset, ts }, expected }) =>
    expect(groupsOf(hopping(size, every, { offset }), ts)).toEqual(expected),
  'sliding window ids around the alignment point (floor division for negatives)': ({ input, expected }) => {
    // Ids count slides from the alignment point; half seconds are why these run in milliseconds.
    const ids = input.map(({ length, offset, t }: Record<string, number>) =>
      windowsAt(hopping(length! * 1_000, offset! * 1_000), t! * 1_000).map(([start]) => start / (offset! * 1_000)),
    )
    expect(ids).toEqual(expected)
  },
  'hopping 10/4 over slices': ({ input: { size, slide, rows, watermarks }, expected }) => {
    const found = runAtWatermarks(new WindowScript(hopping(size, slide)), rows, watermarks)
    expect(found[0]!.map(boundsAndSum)).toEqual(expected[22])
    // Scotty's test looks at the windows it names; [36, 46) is complete by then, too.
    expect(found[1]!.map(boundsAndSum)).toEqual([...expected[55], [36, 46, 5]])
  },
  'TUMBLE / HOP / CUMULATE on the six-bid sample': ({ input: { bids }, expected }) => {
    const sums = (window: Parameters<typeof windowsAt>[0]) => {
      const run = new WindowScript(window)
      run.rows(...bids.map(([time, value]: [number, number]) => ({ time, value })))
      return Object.fromEntries(
        run.watermark(END).map(({ windowStart, windowEnd, sum }) => [`[${windowStart},${windowEnd})`, sum]),
      )
    }
    expect(sums(tumbling(10))).toEqual(expected.tumble10)
    expect(sums(hopping(10, 5))).toEqual(expected['hop size10 slide5'])
    expect(sums(cumulate(2, 10))).toEqual(expected['cumulate step2 max10'])
    expect(sums(tumbling(10, { offset: 1 }))).toEqual(expected['tumble10 offset1'])
  },
}

function expectStarts(
  { size, slide, offset = 0, ts }: { size: number; slide: number; offset?: number; ts: readonly number[] },
  expected: { starts: unknown },
): void {
  const starts = ts.map(time => windowsAt(hopping(size, slide, { offset }), time).map(([start]) => start))
  expect(starts).toEqual(expected.starts)
}

/** Events first, then watermarks; what is restored in between has to give the same. */
const stepsOf = ({ events, watermarks }: { events: unknown[][]; watermarks: unknown[] }): unknown[][] => [
  ...events.map(event => ['e', ...event]),
  ...watermarks.filter(watermark => typeof watermark === 'number').map(watermark => ['w', watermark]),
]

describe('cases of windows aligned to the epoch', () => {
  for (const { name, check } of checksOf('aligned-windows', { areas: AREAS, names: NAMES })) it(name, check)
})
