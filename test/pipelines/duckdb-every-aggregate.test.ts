import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AggregateName, AggregateNode, ResultNode } from '../../src/expression/node.ts'
import { eventTimeNode, makePlan, windowAggregateNode } from '../../src/plan/make-node.ts'
import { fieldSpecs } from '../../src/plan/plan-scope.ts'
import { boundedOutOfOrderness } from '../../src/plan/watermarks.ts'
import { takingTurns } from '../bounded.ts'
import { Random } from '../kernels/random.ts'
import { inTurns } from '../operators/state-events.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import {
  chosen,
  exact,
  listed,
  listedOnce,
  percentile,
  type SaidAggregate,
  specials,
  spread,
  summed,
} from './duckdb-aggregates.ts'
import { difference } from './duckdb-comparison.ts'
import { Oracle, oracleEvents, oracleRows } from './duckdb-events.ts'
import { alignedSql, type Said } from './duckdb-expressions.ts'
import { ENGINES, runPlanRows } from './run-plan-rows.ts'

/*
 * Every exact aggregate in every window over event time, keyed and not: what is drawn by lot elsewhere meets here for
 * certain. Whole numbers go up to 2^61, times of calendars over changes of clocks, all others from before the epoch on.
 */

const column = (name: string): Said => ({ node: { kind: 'column', name }, sql: `"${name}"` })
const near = (result: ResultNode, sql: string, scaleSql: string): SaidAggregate => ({
  result,
  sql,
  scaleSql,
  nearness: 'sum',
})
const call = (fn: AggregateName, ...args: AggregateNode['args']): AggregateNode => ({ kind: 'aggregate', fn, args })
const SECONDS = '((any_value(we) - any_value(ws)) / 1000)'

function deltaOf({ node, sql }: Said): SaidAggregate {
  const result = { kind: 'call', fn: 'sub', args: [call('last', node), call('first', node)] } as const
  return { result, sql: `arg_max(${sql}, seq) - arg_min(${sql}, seq)`, scaleSql: '0', nearness: 'exact' }
}

/** Of NaN and infinities: what is not a number has no spread. */
const spreadOfSpecials = (
  [
    ['variance', 'variance', 'var_pop'],
    ['varianceSample', 'variance', 'var_samp'],
    ['stdDev', 'deviation', 'stddev_pop'],
    ['stdDevSample', 'deviation', 'stddev_samp'],
  ] as const
).map(([fn, nearness, sqlName]): SaidAggregate => {
  const finite = `${sqlName}("w") FILTER (WHERE isfinite("w"))`
  const isSample = fn.endsWith('Sample')
  return {
    result: call(fn, column('w').node),
    sql: `CASE WHEN count("w") <= ${isSample ? 1 : 0} THEN NULL WHEN bool_and(isfinite("w")) FILTER (WHERE "w" IS NOT NULL) THEN ${finite} ELSE 'nan'::DOUBLE END`,
    scaleSql: 'coalesce(max("w" * "w") FILTER (WHERE isfinite("w")), 0)',
    nearness,
  }
})

/** NaN is passed over, unless there is nothing else; between two infinities there is nothing to interpolate. */
const percentilesOfSpecials = [0, 0.1, 0.5, 0.75, 1].map((p): SaidAggregate => {
  const numbers = `quantile_cont("w", ${p}) FILTER (WHERE NOT isnan("w"))`
  return {
    result: call('percentile', column('w').node, { kind: 'literal', type: 'f64', value: p }),
    sql: `coalesce(${numbers}, CASE WHEN count("w") > 0 THEN 'nan'::DOUBLE END)`,
    scaleSql: 'coalesce(max(abs("w")) FILTER (WHERE isfinite("w")), 0)',
    nearness: 'sum',
  }
})

const AGGREGATES: readonly SaidAggregate[] = [
  ...(['d', 'w', 'l', 'b', 'x', 't'] as const).flatMap(name => [
    exact('count', column(name), x => `count(${x})`),
    exact('first', column(name), x => `arg_min(${x}, seq)`),
    exact('last', column(name), x => `arg_max(${x}, seq)`),
    exact('distinctCount', column(name), x => `count(DISTINCT ${x})`),
  ]),
  // Exact for as few values as there are here.
  ...(['w', 'b', 'x', 'y', 's'] as const).map(name =>
    exact('approxDistinct', column(name), x => `count(DISTINCT ${x})`),
  ),
  ...(['x', 'b', 'l', 'd', 't'] as const).map(name => listedOnce(column(name), 6)),
  listedOnce(column('n'), 1_000),
  exact('countIf', column('b'), x => `count(*) FILTER (WHERE ${x})`),
  exact('boolAnd', column('b'), x => `bool_and(${x})`),
  exact('boolOr', column('b'), x => `bool_or(${x})`),
  ...(['d', 'n', 'u', 's', 'l', 't'] as const).flatMap(name => [
    exact('min', column(name), x => `min(${x})`),
    exact('max', column(name), x => `max(${x})`),
  ]),
  ...specials(column('w')),
  ...spreadOfSpecials,
  ...percentilesOfSpecials,
  exact('sum', column('l'), x => `sum(${x})`),
  ...(['d', 's', 'n', 'u'] as const).map(name => summed('sum', column(name), x => `fsum(${x})`)),
  ...(['d', 's', 'n', 'u'] as const).map(name => summed('avg', column(name), x => `fsum(${x}) / count(${x})`)),
  summed('avg', column('l'), x => `avg(${x})`),
  ...['d', 'n'].map(name => deltaOf(column(name))),
  ...(['d', 'n'] as const).flatMap(name => [
    spread('variance', 'variance', column(name), 'var_pop'),
    spread('varianceSample', 'variance', column(name), 'var_samp'),
    spread('stdDev', 'deviation', column(name), 'stddev_pop'),
    spread('stdDevSample', 'deviation', column(name), 'stddev_samp'),
  ]),
  chosen('argMin', column('x'), column('l')),
  chosen('argMax', column('l'), column('d')),
  chosen('argMin', column('b'), column('t')),
  ...[0, 0.25, 0.5, 1].map(p => percentile(column('d'), p)),
  listed('topK', column('l'), 3),
  listed('bottomK', column('d'), 4),
  listed('topK', column('t'), 1),
  listed('collect', column('x'), 5),
  listed('collect', column('l'), 3),
  near(call('rate'), `count(*) / ${SECONDS}`, '0'),
  near(call('rate', column('d').node), `fsum("d") / ${SECONDS}`, `sum(abs("d")) / ${SECONDS}`),
]

/** The mean whose rows weigh half as much for every half-life they are older than the last of their window. */
function weighed(halfLifeMs: number): SaidAggregate {
  const sumOf = (sql: string) => `(sum(${sql} * pow(2, ("time" - we) / ${halfLifeMs})) FILTER (WHERE "d" IS NOT NULL))`
  const result = call('ema', column('d').node, { kind: 'literal', type: 'f64', value: halfLifeMs })
  return near(result, `${sumOf('"d"')} / ${sumOf('1')}`, 'max(abs("d"))')
}

/** A window, and the query that gives each row of each of its windows, with their bounds as `ws` and `we`. */
interface Windows {
  readonly spec: Readonly<Record<string, unknown>>
  readonly rows: (keys: readonly string[]) => string
  /** Where its rows begin, and what a millisecond of the others' is to it. */
  readonly from?: number
  readonly unitMs?: number
}

const hops = (size: number, slide: number, offset: number): string => {
  const start = `${alignedSql('"time"', slide, offset)} - i * ${slide}`
  const all = `SELECT *, ${start} AS ws, ${start} + ${size} AS we FROM events, range(0, ${Math.ceil(size / slide)}) r(i)`
  return `SELECT * FROM (${all}) WHERE we > "time"`
}

function calendarIn(unit: 'day' | 'week' | 'month', zone: string, from: number): Windows {
  const local = `date_trunc('${unit}', make_timestamptz("time" * 1000) AT TIME ZONE '${zone}')`
  const instant = (sql: string) => `epoch_ms((${sql}) AT TIME ZONE '${zone}')`
  return {
    spec: { kind: 'calendar', unit, zone },
    rows: () => `SELECT *, ${instant(local)} AS ws, ${instant(`${local} + INTERVAL 1 ${unit}`)} AS we FROM events`,
    from,
    unitMs: unit === 'month' ? 60_000 : 6_000,
  }
}

function sessionOf(gap: number, touch: 'merge' | 'split'): Windows {
  return {
    spec: { kind: 'session', gapMs: gap, touch },
    rows: keys => {
      const partition = keys.length === 0 ? '' : `PARTITION BY ${keys.map(name => `"${name}"`).join(', ')}`
      const before = `lag("time") OVER (${partition} ORDER BY "time", seq)`
      const begins = `SELECT *, coalesce("time" - ${before} ${touch === 'merge' ? '>' : '>='} ${gap}, true) AS begins FROM events`
      const numbered = `SELECT *, count(*) FILTER (WHERE begins) OVER (${partition} ORDER BY "time", seq) AS number FROM (${begins})`
      const within = [...keys.map(name => `"${name}"`), 'number'].join(', ')
      return `SELECT *, min("time") OVER (PARTITION BY ${within}) AS ws, max("time") OVER (PARTITION BY ${within}) + ${gap} AS we FROM (${numbered})`
    },
  }
}

/** Of each time of a key the window that ends with it, and the one that begins behind it, if it has rows. */
function slidingBy(diff: number): Windows {
  return {
    spec: { kind: 'slidingPerEvent', diffMs: diff },
    rows: keys => {
      const names = keys.map(name => `"${name}"`)
      const list = (column: string) => [...names, column].join(', ')
      const starts = `SELECT ${list(`"time" - ${diff} AS ws`)} FROM events UNION SELECT ${list('"time" + 1 AS ws')} FROM events`
      const same = names.map(name => `e.${name} IS NOT DISTINCT FROM s.${name}`)
      const on = [...same, `e."time" BETWEEN s.ws AND s.ws + ${diff}`].join(' AND ')
      return `SELECT e.*, s.ws, s.ws + ${diff + 1} AS we FROM (${starts}) s JOIN events e ON ${on}`
    },
    from: 1_000_000,
  }
}

const WINDOWS: Readonly<Record<string, Windows>> = {
  tumbling: { spec: { kind: 'tumbling', sizeMs: 700, offsetMs: -130 }, rows: () => hops(700, 700, -130) },
  'tumbling, a millisecond': { spec: { kind: 'tumbling', sizeMs: 1, offsetMs: 0 }, rows: () => hops(1, 1, 0) },
  'hopping by a part of the size': {
    spec: { kind: 'hopping', sizeMs: 900, slideMs: 300, offsetMs: 7 },
    rows: () => hops(900, 300, 7),
  },
  'hopping by what is no part of the size': {
    spec: { kind: 'hopping', sizeMs: 1_000, slideMs: 370, offsetMs: -50 },
    rows: () => hops(1_000, 370, -50),
  },
  sampling: {
    spec: { kind: 'hopping', sizeMs: 200, slideMs: 900, offsetMs: 0, sampling: true },
    rows: () => hops(200, 900, 0),
  },
  cumulate: {
    spec: { kind: 'cumulate', stepMs: 250, maxMs: 1_000, offsetMs: 40 },
    rows: () => {
      const start = alignedSql('"time"', 1_000, 40)
      return `SELECT * FROM (SELECT *, ${start} AS ws, ${start} + (i + 1) * 250 AS we FROM events, range(0, 4) r(i)) WHERE we > "time"`
    },
  },
  'sessions that merge where they touch': sessionOf(60, 'merge'),
  'sessions that do not': sessionOf(60, 'split'),
  'sliding per event': slidingBy(150),
  'days of Lord Howe, of half an hour more': calendarIn('day', 'Australia/Lord_Howe', Date.UTC(2024, 3, 5)),
  'days of Lord Howe, of half an hour less': calendarIn('day', 'Australia/Lord_Howe', Date.UTC(2024, 9, 4)),
  'days of Berlin, one of 23 hours': calendarIn('day', 'Europe/Berlin', Date.UTC(2024, 2, 29)),
  'days of Berlin, one of 25 hours': calendarIn('day', 'Europe/Berlin', Date.UTC(2024, 9, 25)),
  'weeks of New York': calendarIn('week', 'America/New_York', Date.UTC(2024, 2, 9)),
  'months of Berlin, from before the epoch': calendarIn('month', 'Europe/Berlin', Date.UTC(1969, 10, 20)),
}

const DISORDER = 700

/** Rows out of order by at most `DISORDER` units, with gaps, and some that come twice. */
function eventsOf({ from = -5_000, unitMs = 1 }: Windows): Row[] {
  const random = new Random(20_26)
  let shift = 0
  return oracleRows(11, 500, DISORDER).flatMap((row, i) => {
    if (random.chance(0.03)) shift += random.below(8_000)
    const time = from + ((row.time as number) + 5_000 + shift) * unitMs
    // As large as 500 of them may be without their sum leaving the range.
    const large = BigInt(random.below(2 ** 31) - 2 ** 30) * 2n ** 23n + BigInt(random.below(2 ** 23))
    const moved = { ...row, time, l: row.l === null ? null : i % 3 === 0 ? large : row.l! }
    return random.chance(0.1) ? [moved, { ...moved }] : [moved]
  })
}

let oracle: Oracle
beforeAll(async () => {
  oracle = await Oracle.open()
})
afterAll(() => oracle.close())

const nameOf = (values: readonly unknown[]) => JSON.stringify(values.map(String))

it.each(inTurns(WINDOWS))('%s: every aggregate is DuckDB’s', async (_, windows, turn) => {
  const { unitMs = 1, spec } = windows
  const halfLifeMs = spec.kind === 'calendar' ? 9_000 * unitMs : 90
  const events = eventsOf(windows)
  await oracle.load(events)
  const aggregates = [...AGGREGATES, weighed(halfLifeMs)]
  for (const keys of takingTurns(turn, [[], ['k'], ['b', 'y']] as const)) {
    const results = aggregates.map(({ result }, i) => ({ name: `r${i}`, result }))
    const plan = makePlan(fieldSpecs(oracleEvents), [
      eventTimeNode({
        column: 'time',
        watermarks: boundedOutOfOrderness((DISORDER + 1) * unitMs),
        allowedLatenessMs: 0,
      }),
      windowAggregateNode([...keys], spec as never, results),
    ])
    const names = keys.map(name => `"${name}"`)
    const selected = [...aggregates.map(({ sql }) => sql), '0', ...aggregates.map(({ scaleSql }) => scaleSql)]
    const wanted = await oracle.query(
      `SELECT ws, we, ${[...names, ...selected].join(', ')} FROM (${windows.rows(keys)}) GROUP BY ${['ws', 'we', ...names].join(', ')}`,
    )
    for (const engine of ENGINES) {
      const manner = {
        engine,
        maxBatch: 64,
        bufferSize: 65_536,
        way: 'pushMany',
        blockRows: 50,
        stalls: false,
      } as const
      const outcome = await runPlanRows(plan, events, manner)
      if (!('rows' in outcome)) return expect.fail(`the job failed with ${outcome.code}`)
      const found = new Map(
        outcome.rows.map(row => [nameOf([row.windowStart, row.windowEnd, ...keys.map(key => row[key])]), row]),
      )
      const differences = wanted.flatMap(row => {
        const name = nameOf(row.slice(0, 2 + keys.length))
        const ours = found.get(name)
        const at = ours === undefined ? 'there is none' : difference({ keys, aggregates }, ours, row)
        return at === undefined ? [] : [`${name} ${at}`]
      })
      expect({ late: outcome.late, windows: outcome.rows.length, differences }).toEqual({
        late: 0,
        windows: wanted.length,
        differences: [],
      })
    }
    expect(wanted.length).toBeGreaterThan(1)
  }
})
