// npm run docs:pictures
//
// Draws each kind of window: docs/pictures/<kind>.svg. What is drawn is what the library gives for the rows at the top of
// a picture, so the pictures stay true; a test compares them.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  calendar,
  collect,
  cumulate,
  delay,
  everyRows,
  externalTime,
  externalTimeBatch,
  globalWindow,
  hopping,
  hoppingCount,
  length,
  lengthBatch,
  pipeline,
  type RowWindowSpec,
  schema,
  session,
  slidingPerEvent,
  sort,
  time,
  timeBatch,
  timeLength,
  timestamp,
  tumbling,
  unique,
  utf8,
  type WindowSpec,
} from 'eventflux'
import { VirtualClock } from 'eventflux/testing'

const HOUR_MS = 3_600_000
const events = schema({ time: timestamp(), key: utf8() })
const TIMES = [1, 3, 4, 8, 9, 14, 15, 23]

/** A result: the stretch it is of, and the times of the rows in it. */
interface Drawn {
  readonly from: number
  readonly to: number
  readonly times: readonly number[]
}

interface Picture {
  readonly title: string
  readonly times: readonly number[]
  /** Of the axis, and how long one is called. */
  readonly unitMs: number
  readonly unit: string
  readonly results: readonly Drawn[]
}

const WINDOWS: Readonly<Record<string, readonly [title: string, window: WindowSpec]>> = {
  tumbling: ['tumbling(10)', tumbling(10)],
  hopping: ['hopping(10, 5)', hopping(10, 5)],
  cumulate: ['cumulate(5, 15)', cumulate(5, 15)],
  session: ['session(4)', session(4)],
  'sliding-per-event': ['slidingPerEvent(5)', slidingPerEvent(5)],
  'global-window': ['globalWindow({ trigger: everyRows(3) })', globalWindow({ trigger: everyRows(3) })],
}

const ROW_WINDOWS: Readonly<Record<string, readonly [title: string, window: RowWindowSpec<'current'>]>> = {
  length: ['length(3)', length(3)],
  'length-batch': ['lengthBatch(3)', lengthBatch(3)],
  'hopping-count': ['hoppingCount(4, 2)', hoppingCount(4, 2)],
  time: ['time(6)', time(6)],
  'time-batch': ['timeBatch(6)', timeBatch(6)],
  'time-length': ['timeLength(6, 2)', timeLength(6, 2)],
  delay: ['delay(5)', delay(5)],
  'external-time': ["externalTime('time', 6)", externalTime('time', 6)],
  'external-time-batch': ["externalTimeBatch('time', 6)", externalTimeBatch('time', 6)],
  sort: ["sort(2, ['key'])", sort(2, ['key'])],
  unique: ["unique('key', { maxRows: 2 })", unique('key', { maxRows: 2 })],
}

/** Every picture, as the text of its file, by the file's name. */
export async function windowPictures(): Promise<Readonly<Record<string, string>>> {
  const pictures: Record<string, string> = {}
  for (const [name, [title, window]] of Object.entries(WINDOWS))
    pictures[name] = draw({ title, times: TIMES, unitMs: 1, unit: 'ms', results: await boundsOf(window, TIMES) })
  for (const [name, [title, window]] of Object.entries(ROW_WINDOWS))
    pictures[name] = draw({ title, times: TIMES, unitMs: 1, unit: 'ms', results: await contentsOf(window) })
  pictures.calendar = await clocksSetForward()
  return pictures
}

/** Three days, one of which is an hour short. */
async function clocksSetForward(): Promise<string> {
  const start = Date.parse('2024-03-29T23:00Z')
  const times = [5, 20, 26, 40, 46, 49, 65].map(hour => start + hour * HOUR_MS)
  const results = await boundsOf(calendar('day', { zone: 'Europe/Berlin' }), times)
  const fromStart = ({ from, to, times }: Drawn): Drawn => ({
    from: from - start,
    to: to - start,
    times: times.map(each => each - start),
  })
  return draw({
    title: "calendar('day', { zone: 'Europe/Berlin' }), when clocks are set forward",
    times: times.map(each => each - start),
    unitMs: HOUR_MS,
    unit: 'h',
    results: results.map(fromStart),
  })
}

/** Results of windows over event time; one without bounds is drawn from its first row to when it fired. */
async function boundsOf(window: WindowSpec, times: readonly number[]): Promise<Drawn[]> {
  const results: Drawn[] = []
  const job = await pipeline(events)
    .eventTime('time')
    .window(window)
    .aggregate(e => ({ times: collect(e.time) }))
    .run({
      sink: (row: { windowStart?: number; windowEnd?: number; windowTime?: number; times: unknown }) => {
        const held = (row.times as readonly number[]).map(Number)
        results.push({ from: row.windowStart ?? held[0]!, to: row.windowEnd ?? row.windowTime!, times: held })
      },
    } as never)
  for (const each of times) await job.push({ time: each, key: '' })
  await job.drain()
  return results
}

/** What windows over rows hold whenever something comes out of them, on a clock that goes with the rows. */
async function contentsOf(window: RowWindowSpec<'current'>): Promise<Drawn[]> {
  const clock = new VirtualClock(0)
  const results: Drawn[] = []
  const job = await pipeline(events)
    .window(window)
    .aggregate((e, row) => ({ times: collect(e.time), own: row.time }))
    .run({
      clock,
      sink: ({ windowTime, times, own }) => {
        // Nothing leaves what only delays: each row is drawn alone.
        const held = window.kind === 'delay' ? [own] : (times as readonly number[]).map(Number)
        results.push({ from: Math.min(...held), to: windowTime, times: held })
      },
    })
  for (const [i, each] of TIMES.entries()) {
    clock.advanceTo(each)
    await job.push({ time: each, key: i % 2 === 0 ? 'a' : 'b' })
    await job.flush()
  }
  clock.advanceTo(TIMES.at(-1)! + 7)
  await job.drain()
  return results
}

const WIDTH = 640
const MARGIN = 24
const LINE = 18
const STYLE = `
  text { font: 12px ui-monospace, monospace; fill: #57606a }
  .title { font-size: 13px; fill: #1f2328 }
  .axis { stroke: #8c959f } .row { fill: #cf222e } .window { fill: #54aeff66; stroke: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #8b949e } .title { fill: #e6edf3 }
    .axis { stroke: #6e7681 } .row { fill: #ff7b72 } .window { fill: #1f6feb66; stroke: #58a6ff }
  }
`

/** The rows over an axis, and below it one line for each result. */
function draw({ title, times, unitMs, unit, results }: Picture): string {
  const least = Math.min(0, ...results.map(({ from }) => from))
  const greatest = Math.max(...times, ...results.map(({ to }) => to))
  const x = (at: number): number =>
    Math.round((MARGIN + ((at - least) / (greatest - least)) * (WIDTH - 2 * MARGIN)) * 10) / 10
  const top = 70
  const height = top + results.length * LINE + 12
  const dot = (at: number, y: number): string => `<circle class="row" cx="${x(at)}" cy="${y}" r="3.5"/>`
  const marks = [least, ...results.map(({ to }) => to)].map(at => at / unitMs)
  const shown = [...new Set(marks)].sort((a, b) => a - b)
  const isFar = (at: number, i: number): boolean => i === 0 || x(at * unitMs) - x(shown[i - 1]! * unitMs) > 22
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="${MARGIN}" y="18">${escaped(title)}</text>`,
    `<path class="axis" d="M${MARGIN} 40H${WIDTH - MARGIN}"/>`,
    ...times.map(at => dot(at, 40)),
    ...shown.filter(isFar).map(at => `<text x="${x(at * unitMs)}" y="58" text-anchor="middle">${at}</text>`),
    `<text x="${WIDTH - MARGIN}" y="18" text-anchor="end">${unit}</text>`,
    ...results.flatMap(({ from, to, times: held }, i) => {
      const y = top + i * LINE
      const width = Math.max(2, Math.round((x(to) - x(from)) * 10) / 10)
      return [
        `<rect class="window" x="${x(from)}" y="${y}" width="${width}" height="${LINE - 6}" rx="3"/>`,
        ...held.map(at => dot(at, y + (LINE - 6) / 2)),
      ]
    }),
    '</svg>',
    '',
  ].join('\n')
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = new URL('pictures/', import.meta.url)
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(await windowPictures()))
    writeFileSync(new URL(`${name}.svg`, directory), text)
}
