import { readdirSync, readFileSync } from 'node:fs'
import type { CsvDecoderOptions } from '../../src/connector/csv-decoder.ts'
import type { Source } from '../../src/connector/source.ts'
import { csvFile } from '../../src/node/files.ts'
import { f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { session } from '../../src/time/session-windows.ts'
import { hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'

const data = new URL('../data/', import.meta.url)
const DAY_MS = 86_400_000
/** A row at the very end of a session still joins it, so sessions wait for the other rows of that millisecond. */
const AT_ITS_END = 1

export interface Event {
  readonly time: number
  readonly key: string
  readonly value: number
}

/** Recorded events, and the windows DuckDB found in them. */
export interface Dataset {
  readonly name: string
  readonly events: readonly Event[]
  /** The same events straight from their files. */
  readonly sources: () => Source<never>[]
  /** How far the files go back in time, or ahead of one another. */
  readonly outOfOrdernessMs: number
  readonly window: WindowSpec
  readonly isInteger: boolean
  /** Where the windows stand: a file of test/data/expected. */
  readonly expectedFile: string
  readonly expected: readonly ExpectedWindow[]
}

export interface ExpectedWindow {
  readonly key: string
  readonly windowStart: number
  readonly windowEnd: number
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly variance: number | null
}

/** The windows of every dataset by key and time. */
export const inOrder = <W extends { readonly key: string; readonly windowStart: number }>(windows: readonly W[]): W[] =>
  [...windows].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.windowStart - b.windowStart))

function linesOf(path: string): string[] {
  return readFileSync(new URL(path, data), 'utf8').trim().split('\n').slice(1)
}

function expectedIn(expectedFile: string): Pick<Dataset, 'expectedFile' | 'expected'> {
  const windows = linesOf(`expected/${expectedFile}`).map(line => {
    const [key, ...cells] = line.split(',')
    const [windowStart, windowEnd, count, sum, min, max, mean] = cells.map(Number) as [number, ...number[]]
    const variance = cells[7] === '' ? null : Number(cells[7])
    return { key, windowStart, windowEnd, count, sum, min, max, mean, variance } as ExpectedWindow
  })
  return { expectedFile, expected: inOrder(windows) }
}

/** The events of a file, its columns read as text by position. */
function eventsOf(path: string, read: (cells: readonly string[]) => Event): Event[] {
  return linesOf(path).map(line => read(line.split(',')))
}

const utcMs = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`)
const inTime = (events: Event[]): Event[] => events.sort((a, b) => a.time - b.time)

/** A file whose columns are, in their order, those of `columns`; names a schema lacks are passed over. */
function file(path: string, columns: readonly string[], options: CsvDecoderOptions = {}): Source<never> {
  return csvFile(new URL(path, data), undefined, { header: true, columns, ...options })
}

/** A file that holds no key but belongs to one. */
function keyedFile(path: string, key: string): Source<never> {
  const ownColumns = schema({ time: timestamp(), value: i32() })
  const source = csvFile(new URL(path, data), ownColumns, {
    header: true,
    columns: ['time', 'value'],
    timestamps: 'iso',
  })
  return {
    metadata: source.metadata,
    run: intake =>
      source.run({
        signal: intake.signal,
        clock: intake.clock,
        push: event => intake.push(event),
        pushMany: events => intake.pushMany(events),
        pushColumns: block =>
          intake.pushColumns({ ...block, key: Array<string>((block.value as Int32Array).length).fill(key) }),
        reject: error => intake.reject(error),
      }),
  }
}

const tickers = readdirSync(new URL('nab/', data)).flatMap(name => /^Twitter_volume_(\w+)\.csv$/.exec(name)?.[1] ?? [])

const bids = {
  events: eventsOf('nexmark/bids.csv', ([, key, value, time]) => ({
    key: key!,
    value: Number(value),
    time: Number(time),
  })),
  sources: () => [file('nexmark/bids.csv', ['auction', 'key', 'value', 'time'])],
}

const mentions = {
  events: inTime(
    tickers.flatMap(key =>
      eventsOf(`nab/Twitter_volume_${key}.csv`, ([time, value]) => ({ key, value: Number(value), time: utcMs(time!) })),
    ),
  ),
  sources: () => tickers.map(ticker => keyedFile(`nab/Twitter_volume_${ticker}.csv`, ticker)),
  outOfOrdernessMs: 90 * DAY_MS,
}

const earthquakes = {
  events: inTime(
    eventsOf('usgs-earthquakes/earthquakes.csv', ([time, key, value]) => ({
      key: key!,
      value: Number(value),
      time: Number(time),
    })),
  ),
  sources: () => [file('usgs-earthquakes/earthquakes.csv', ['time', 'key', 'value'])],
  outOfOrdernessMs: 8 * DAY_MS,
}

export const datasets: readonly Dataset[] = [
  {
    name: 'NEXMark bids per second',
    ...bids,
    outOfOrdernessMs: 0,
    window: tumbling('1s'),
    isInteger: true,
    ...expectedIn('bids_tumble_1s.csv'),
  },
  {
    name: 'ticker mentions per hour',
    ...mentions,
    window: tumbling('1h'),
    isInteger: true,
    ...expectedIn('tweets_tumble_1h.csv'),
  },
  {
    name: 'taxi rides per day',
    events: eventsOf('nab/nyc_taxi.csv', ([time, value]) => ({ key: 'nyc', value: Number(value), time: utcMs(time!) })),
    sources: () => [keyedFile('nab/nyc_taxi.csv', 'nyc')],
    outOfOrdernessMs: 0,
    window: tumbling('1d'),
    isInteger: true,
    ...expectedIn('taxi_tumble_1d.csv'),
  },
  {
    name: 'earthquakes per six hours',
    ...earthquakes,
    window: tumbling('6h'),
    isInteger: false,
    ...expectedIn('quakes_tumble_6h.csv'),
  },
  {
    name: 'NEXMark bids of ten seconds every two',
    events: eventsOf('nexmark/bids.csv', ([key, , value, time]) => ({
      key: key!,
      value: Number(value),
      time: Number(time),
    })),
    sources: () => [file('nexmark/bids.csv', ['key', 'bidder', 'value', 'time'])],
    outOfOrdernessMs: 0,
    window: hopping('10s', '2s'),
    isInteger: true,
    ...expectedIn('bids_hop_2s_10s.csv'),
  },
  {
    name: 'taxi rides of a week every day',
    events: eventsOf('nab/nyc_taxi.csv', ([time, value]) => ({ key: 'nyc', value: Number(value), time: utcMs(time!) })),
    sources: () => [keyedFile('nab/nyc_taxi.csv', 'nyc')],
    outOfOrdernessMs: 0,
    window: hopping('7d', '1d'),
    isInteger: true,
    ...expectedIn('taxi_hop_1d_7d.csv'),
  },
  {
    name: 'sessions of NEXMark bidders',
    ...bids,
    outOfOrdernessMs: AT_ITS_END,
    window: session('500ms'),
    isInteger: true,
    ...expectedIn('bids_session_500ms.csv'),
  },
  {
    name: 'sessions of ticker mentions',
    ...mentions,
    window: session('5m'),
    isInteger: true,
    ...expectedIn('tweets_session_5m.csv'),
  },
  {
    name: 'sessions of earthquakes',
    ...earthquakes,
    window: session('1h'),
    isInteger: false,
    ...expectedIn('quakes_session_1h.csv'),
  },
]

/** Text keys and f64 values, as all datasets fit them; i64 where they are integers. */
export const floatEvents = schema({ time: timestamp(), key: utf8(), value: f64() })
export const integerEvents = schema({ time: timestamp(), key: utf8(), value: i64() })
