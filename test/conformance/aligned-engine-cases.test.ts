import { describe, expect, it } from 'vitest'
import { session } from '../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import type { EngineCase } from './cases.ts'
import { expectScript, stepsOf } from './engine-script.ts'
import { checksOf } from './suites.ts'
import { groupsOf, type ScriptResult, WindowScript, windowsAt } from './window-script.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })
const END = Number.POSITIVE_INFINITY

/** A window of a case: cumulating where it has steps, hopping where it has a slide. */
const alignedOf = (
  { step, max, size, slide = size, advance = slide, offset = 0 }: EngineCase['input'],
  options: object = {},
): WindowSpec =>
  step === undefined ? hopping(size, advance, { offset, ...options }) : cumulate(step, max, { offset, ...options })

/** Instants near the end of time: `i64max-1750` is 1,750 ms before the greatest there is. */
const instantOf = (text: string): number => Number.MAX_SAFE_INTEGER - Number(/^i64max-(\d+)$/.exec(text)![1])

/** Windows by name as a case of SQL has them: `hop size10 slide5`, `tumble10 offset1`. */
const NAMED: readonly (readonly [RegExp, (numbers: readonly number[]) => WindowSpec])[] = [
  [/^tumble(\d+)(?: offset(-?\d+))?$/, ([size, offset]) => tumbling(size!, { offset: offset! })],
  [
    /^hop size(\d+) slide(\d+)(?: offset(-?\d+))?$/,
    ([size, slide, offset]) => hopping(size!, slide!, { offset: offset! }),
  ],
  [
    /^cumulate step(\d+) max(\d+)(?: offset(-?\d+))?$/,
    ([step, max, offset]) => cumulate(step!, max!, { offset: offset! }),
  ],
  [/^session gap(\d+)$/, ([gap]) => session(gap!)],
]

function windowNamed(name: string): WindowSpec {
  for (const [pattern, make] of NAMED) {
    const found = pattern.exec(name)
    if (found !== null) return make(found.slice(1).map(number => Number(number ?? 0)))
  }
  throw new Error(`no window is called ${name}`)
}

const sumOf = (rows: readonly (readonly [value: number, time: number])[], from: number, to: number): number =>
  rows.reduce((sum, [value, time]) => (time >= from && time < to ? sum + value : sum), 0)

/** What a case of a kind claims. */
const KINDS = {
  'tumbling.windows': ({ input, expected }: EngineCase) =>
    expect(input.ts.flatMap((time: number) => windowsAt(alignedOf(input), time))).toEqual(expected),
  'hopping.starts': ({ input, expected }: EngineCase) =>
    expect(input.ts.map((time: number) => windowsAt(alignedOf(input), time).map(([start]) => start))).toEqual(
      expected.starts,
    ),
  'hopping.windows': ({ input, expected }: EngineCase) =>
    expect(input.map((each: EngineCase['input']) => windowsAt(alignedOf(each), each.ts))).toEqual(expected),
  'aligned.lists': ({ input, expected }: EngineCase) => {
    const spec = alignedOf(input)
    const byStart = (a: number[], b: number[]) => a[0]! - b[0]! || a[1]! - b[1]!
    const inOrder = (lists: readonly number[][][]) => lists.map(windows => windows.toSorted(byStart))
    expect(inOrder(input.ts.map((time: number) => windowsAt(spec, time)))).toEqual(inOrder(expected))
  },
  'hopping.groups': ({ input: { size, slide = size, every = slide, offset = 0, ts }, expected }: EngineCase) =>
    expect(groupsOf(hopping(size, every, { offset, sampling: every > size }), ts)).toEqual(expected),
  'hopping.ids': ({ input, expected }: EngineCase) => {
    // Ids count slides from the alignment point; half seconds are why these run in milliseconds.
    const ids = input.map(({ length, offset = length, t }: Record<string, number>) =>
      windowsAt(hopping(length! * 1_000, offset! * 1_000), t! * 1_000).map(([start]) => start / (offset! * 1_000)),
    )
    expect(ids).toEqual(expected)
  },
  'aligned.script': ({ input, expected, dropped }: EngineCase) => {
    const { lateness = 0, accumulate = true } = input
    const firing = accumulate ? 'accumulating' : 'discarding'
    const script = new WindowScript(alignedOf(input, { allowedLateness: lateness, firing, lateTo: 'late' }))
    expectScript(script, stepsOf(input), expected)
    if (dropped !== undefined) expect(script.lateRows.map(({ time }) => time)).toEqual(dropped)
  },
  'aligned.overflow': ({ input, expected }: EngineCase) => {
    const { lateness, ts, watermarks } = input
    const spec = alignedOf(input, { allowedLateness: lateness })
    const time = instantOf(ts)
    const script = new WindowScript(spec)
    script.rows({ time })
    const [, end] = windowsAt(spec, time)[0]!
    watermarks.forEach((text: string, i: number) => {
      const [, amount] = /^(nothing|one row) at /.exec(expected[i])!
      const watermark = text === 'end-1' ? end - 1 : instantOf(text)
      expect(script.watermark(watermark)).toHaveLength(amount === 'nothing' ? 0 : 1)
    })
  },
  'aligned.sums': ({ input, expected }: EngineCase) => {
    const { rows, watermarks } = input
    const script = new WindowScript(alignedOf(input))
    script.rows(...rows.map(([value, time]: [number, number]) => ({ value, time })))
    for (const watermark of watermarks) {
      const found = script
        .watermark(watermark)
        .filter(({ windowStart }) => windowStart >= 0)
        .map(({ windowStart, windowEnd, sum }) => [windowStart, windowEnd, sum] as const)
      const named: readonly unknown[] = expected[watermark]
      // Scotty's tests look at the windows they name, and leave unsaid which others are complete by then.
      expect(found.slice(0, named.length)).toEqual(named)
      for (const [start, end, sum] of found.slice(named.length)) expect(sum).toBe(sumOf(rows, start, end))
    }
  },
  'aligned.updates': ({ input, expected }: EngineCase) => {
    // Kafka moves time with every row, and closes a window when it reaches its end plus grace.
    const { ts, rows, grace = 0 } = input
    const update = ({ key, windowStart, windowEnd, n }: ScriptResult) => [
      ...(rows === undefined ? [] : [key]),
      ...[`${windowStart}/${windowEnd}`, n],
    ]
    const arrivals: readonly (readonly [string, number])[] = rows ?? ts.map((time: number) => ['key', time])
    const sinceEpoch = ({ windowStart }: ScriptResult) => windowStart >= 0
    const [closing, eager] = [
      new WindowScript(alignedOf(input)),
      new WindowScript(alignedOf(input, { emit: 'onUpdate' })),
    ]
    const [final, updates]: [unknown[], unknown[]] = [[], []]
    let [streamTime, late] = [Number.NEGATIVE_INFINITY, 0]
    for (const [key, time] of arrivals) {
      if (windowsAt(alignedOf(input), time).every(([, end]) => end + grace <= streamTime)) late++
      streamTime = Math.max(streamTime, time)
      closing.rows({ key, time })
      final.push(
        ...closing
          .watermark(streamTime - grace - 1)
          .filter(sinceEpoch)
          .map(update),
      )
      const seen = [...eager.watermark(streamTime - grace - 1), ...eager.rows({ key, time })]
      updates.push(...seen.filter(sinceEpoch).map(update))
    }
    expect(final).toEqual(expected.final)
    if (expected.updates !== undefined) expect(updates).toEqual(expected.updates)
    if (expected.dropped !== undefined) expect(late).toBe(expected.dropped.length)
    expect(closing.lateCount).toBe(late)
  },
  'aligned.refused': ({ input: { params } }: EngineCase) => {
    for (const [size, ...others] of params as number[][]) {
      const [slide, offset] = others.length === 1 ? [undefined, others[0]] : others
      expect(() =>
        slide === undefined ? tumbling(size!, { offset: offset! }) : alignedOf({ size, slide, offset }),
      ).toThrow(refused)
    }
  },
  'aligned.limits': ({ input: { bad } }: EngineCase) => {
    for (const { size = 123, advance = size, grace = 0 } of bad) {
      const slide = advance === 'size+1' ? size + 1 : advance
      expect(() => hopping(size, slide, { allowedLateness: grace })).toThrow(refused)
    }
  },
  'aligned.sample': ({ input: { bids }, expected }: EngineCase) => {
    const found = Object.keys(expected).map(name => {
      const run = new WindowScript(windowNamed(name))
      run.rows(...bids.map(([time, value]: [number, number]) => ({ time, value })))
      const sums = run.watermark(END).map(({ windowStart, windowEnd, sum }) => [`[${windowStart},${windowEnd})`, sum])
      return [name, Object.fromEntries(sums)]
    })
    expect(Object.fromEntries(found)).toEqual(expected)
  },
} as const

describe('cases of engines: windows aligned to the epoch', () => {
  for (const { name, check } of checksOf('aligned-engine-cases', { kinds: KINDS })) it(name, check)
})
