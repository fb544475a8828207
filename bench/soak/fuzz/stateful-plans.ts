import {
  approxDistinct,
  argMax,
  asc,
  avg,
  bool,
  boolAnd,
  calendar,
  collect,
  collectSet,
  count,
  cumulate,
  delay,
  desc,
  distinctCount,
  ema,
  everyInterval,
  everyRows,
  externalTime,
  externalTimeBatch,
  f64,
  first,
  globalWindow,
  hopping,
  hoppingCount,
  i32,
  i64,
  ifElse,
  type LogicalPlan,
  last,
  length,
  lengthBatch,
  max,
  maxForever,
  median,
  min,
  onDelta,
  type Processor,
  percentile,
  pipeline,
  rate,
  schema,
  session,
  slidingPerEvent,
  sort,
  sum,
  type Trigger,
  time,
  timeBatch,
  timeLength,
  timestamp,
  topK,
  tumbling,
  unique,
  utf8,
  variance,
} from 'eventflux'
import { JavaRandom } from '../../../examples/nexmark/generator/java-random.ts'

const events = schema({
  time: timestamp(),
  key: utf8(),
  x: f64().nullable(),
  n: i32(),
  l: i64().nullable(),
  p: bool().nullable(),
  t: utf8().nullable(),
})

/** A row with a column of each kind that states tell apart. */
export interface Row {
  readonly time: number
  readonly key: string
  readonly x: number | null
  readonly n: number
  readonly l: bigint | null
  readonly p: boolean | null
  readonly t: string | null
}

/** Rows whose times wander; the same ones every time. */
export function rowsOf(length: number): readonly Row[] {
  const random = new JavaRandom()
  random.seed(38)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random.double() * values.length)]!
  let at = 1_000
  return Array.from({ length }, () => {
    at += Math.floor(random.double() * 14) - 3
    return {
      time: at,
      key: pick(['a', 'b', 'ü', '\ud800']),
      x: pick([null, 0, -0, 1.5, Number.NaN, 7]),
      n: Math.floor(random.double() * 9),
      l: pick([null, 0n, -6n, 2n ** 53n + 1n]),
      p: pick([null, true, false]),
      t: pick([null, 'x', 'y', 'zz', '']),
    }
  })
}

/** Keeps the last row of each key, and tells all of them every 30 ms. */
const latest = (): Processor<{ key: string; n: number }, { key: string; n: number }> => {
  let kept = new Map<string, number>()
  return {
    process({ key, n }, emit, { setTimer }) {
      if (kept.has(key)) emit({ key, n: kept.get(key)! })
      else setTimer(n + 30)
      kept.set(key, n)
    },
    onTimer(_, emit) {
      for (const [key, n] of kept) emit({ key, n })
    },
    snapshot: () => kept,
    restore(state) {
      kept = state as typeof kept
    },
  }
}

const all = { output: 'all' } as const
const late = { allowedLateness: 20 } as const
const source = pipeline(events)
const timed = source.eventTime('time', { outOfOrdernessMs: 15 })
const keyed = timed.keyBy('key')

/** Fires by the sum of a column, and 40 ms after the row that began it. */
const bySum: Trigger<{ sum: number }, Row> = {
  create: () => ({ sum: 0 }),
  onRow(state, { n }, { rowTime, wakeAt }) {
    if (state.sum === 0) wakeAt(rowTime + 40)
    state.sum += n
    return state.sum > 12 ? 'fireAndPurge' : 'continue'
  },
  onTime: () => 'fire',
}

/** Pipelines with every kind of step that keeps something. */
export const STATEFUL: Readonly<Record<string, { readonly plan: LogicalPlan }>> = {
  tumbling: keyed
    .window(tumbling(25, late))
    .aggregate(e => ({ n: sum(e.l), t: first(e.t), who: argMax(e.t, e.n), list: collect(e.t), d: distinctCount(e.x) })),
  'tumbling, no key': timed
    .window(tumbling(25, { fillEmpty: true }))
    .aggregate(e => ({ n: count(), v: variance(e.x), best: topK(e.n, 2) })),
  'gaps filled': keyed.window(tumbling(10, { fillEmpty: true })).aggregate(e => ({ n: sum(e.n), t: first(e.t) })),
  hopping: timed
    .keyBy('key', 'p')
    .window(hopping(30, 10, late))
    .aggregate(e => ({ d: distinctCount(e.t), low: maxForever(e.x), m: avg(e.n), q: median(e.x) })),
  'hopping, retracting': timed
    .keyBy('n')
    .window(hopping(25, 10, { ...late, firing: 'retracting' }))
    .aggregate(e => ({ about: approxDistinct(e.t), t: last(e.t), r: rate() })),
  cumulate: timed
    .keyBy('l', 'x')
    .window(cumulate(10, 40))
    .aggregate(e => ({ p: percentile(e.n, 0.5, { relativeError: 0.1 }), s: collectSet(e.n) })),
  calendar: timed
    .keyBy('t')
    .window(calendar('day', { zone: 'UTC' }))
    .aggregate(e => ({ n: count(), all: boolAnd(e.p) })),
  'early results': keyed
    .window(tumbling(25, { ...late, early: { every: 5 }, firing: 'retracting' }))
    .aggregate(e => ({ n: sum(e.n), t: first(e.t) })),
  session: keyed
    .window(session(12, late))
    .aggregate(e => ({ list: collect(e.t), n: sum(e.l), e: ema(e.n, { halfLife: 20 }) })),
  'session, early': timed
    .keyBy('x')
    .window(session(12, { ...late, early: { everyEventTime: 4 }, firing: 'retracting' }))
    .aggregate(e => ({ n: count(), t: last(e.t) })),
  slidingPerEvent: timed.window(slidingPerEvent(10)).aggregate(e => ({ high: max(e.n), t: first(e.t) })),
  'global, by rows': keyed
    .window(globalWindow({ trigger: everyRows(2), firing: 'retracting', fireAtEnd: true, unbounded: true }))
    .aggregate(e => ({ n: sum(e.n), t: last(e.t) })),
  'global, by intervals': keyed
    .window(globalWindow({ trigger: everyInterval(20), unbounded: true }))
    .aggregate(e => ({ list: collect(e.t, { max: 5 }) })),
  'global, by the clock': keyed
    .window(globalWindow({ trigger: everyInterval(10, { by: 'clock' }), purge: true }))
    .aggregate(e => ({ n: count(), m: min(e.x) })),
  'global, by a change': keyed
    .window(globalWindow({ trigger: onDelta('n', 3), unbounded: true }))
    .aggregate(() => ({ n: count() })),
  'global, by a trigger of its own': keyed
    .window(globalWindow({ trigger: bySum, fireAtEnd: true }))
    .aggregate(e => ({ n: sum(e.n) })),
  length: source
    .keyBy('p')
    .window(length(3, all))
    .aggregate(e => ({ high: max(e.n), mean: avg(e.x), s: sum(e.l), t: first(e.t) }), { groupBy: ['key'] } as never),
  lengthBatch: source
    .window(lengthBatch(3, { ...all, emitIncomplete: true }))
    .aggregate(e => ({ v: variance(e.n), d: distinctCount(e.t) })),
  'lengthBatch, streamed': source
    .window(lengthBatch(3, { streamCurrent: true }))
    .aggregate(e => ({ n: count(), s: sum(e.x) })),
  hoppingCount: source.window(hoppingCount(4, 2, all)).aggregate(e => ({ m: median(e.n) })),
  time: source
    .keyBy('key')
    .window(time(20, all))
    .aggregate(e => ({ m: max(e.n), t: last(e.t) })),
  timeLength: source.window(timeLength(30, 3, all)).aggregate(e => ({ m: min(e.n), e: ema(e.n, { alpha: 0.25 }) })),
  delay: source.window(delay(15)).rows(),
  timeBatch: source.window(timeBatch(20, all)).aggregate(e => ({ d: distinctCount(e.t), t: first(e.t) })),
  externalTime: source
    .keyBy('t')
    .window(externalTime('time', 30, all))
    .aggregate(e => ({ n: sum(e.n) })),
  externalTimeBatch: source.window(externalTimeBatch('time', 30, { ...all, timeout: 10 })).rows(),
  sort: source.window(sort(3, 'n', all)).aggregate(e => ({ v: variance(e.n), m: median(e.n), s: sum(e.l) })),
  unique: source.window(unique('n', { ttl: 40, ...all })).rows(),
  'windows over windows': keyed
    .window(tumbling(20))
    .aggregate(e => ({ n: sum(e.n), top: max(e.n) }))
    .keyBy('top', 'key')
    .window(tumbling(60))
    .aggregate(e => ({ n: sum(e.n), key2: first(e.key) })),
  'computed texts': timed
    .project(e => ({ key: ifElse(e.n.gt(4), e.n.toUtf8(), e.key), n: e.n }))
    .keyBy('key')
    .window(tumbling(25))
    .aggregate(e => ({ n: sum(e.n), texts: distinctCount(e.key) })),
  topRows: keyed.window(hopping(30, 10)).topRows(2, e => [desc(e.l), asc(e.t)], { ties: 'keep' }),
  'top rows so far': keyed
    .window(globalWindow({ trigger: everyRows(2), firing: 'retracting' }))
    .topRows(3, e => [desc(e.n), asc(e.time)], { rank: 'place' }),
  'top rows so far, by text': keyed.window(globalWindow({ trigger: everyInterval(20) })).topRows(2, e => asc(e.t)),
  'last rows of stretches': source.output('snapshot', { every: 10, by: ['key', 't'] }),
  'first rows of stretches': source.output('first', { everyRows: 3, by: ['key'] }),
  'all rows of stretches': source.output('all', { every: 10 }),
  process: timed.process(schema({ key: utf8(), n: i32() }), latest as never),
}

/** Whether a plan runs code of a user, which gets its state back as it stands. */
export const hasFunctions = (name: string): boolean => name === 'process' || name.endsWith('trigger of its own')
