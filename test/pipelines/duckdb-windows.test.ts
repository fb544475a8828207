import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import type { LogicalPlan } from '../../src/plan/logical-node.ts'
import { eventTimeNode, makePlan, windowAggregateNode } from '../../src/plan/make-node.ts'
import { fieldSpecs } from '../../src/plan/plan-scope.ts'
import { boundedOutOfOrderness } from '../../src/plan/watermarks.ts'
import { bounded } from '../bounded.ts'
import { Random } from '../kernels/random.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'
import { type Tape, tapes } from '../plan/tape.ts'
import { aggregateOf, type SaidAggregate } from './duckdb-aggregates.ts'
import { difference } from './duckdb-comparison.ts'
import { Oracle, oracleColumns, oracleEvents, oracleRows } from './duckdb-events.ts'
import { alignedSql } from './duckdb-expressions.ts'
import { ENGINES, type Manner, runPlanRows } from './run-plan-rows.ts'

/** A run that hangs is a failure; a long search for the smallest counterexample is not worth waiting for. */
const LIMITS = { timeout: 10_000, interruptAfterTimeLimit: 10_000, numRuns: bounded(12, 40) }
const DISORDER = 700
const KEYS = ['y', 'k', 'b', 'm']

const oracles: Oracle[] = []
afterAll(() => {
  for (const oracle of oracles) oracle.close()
})

/** A window of ours, and DuckDB's query for it: `rows` has the window of each row as `ws` and `we`. */
interface Windows {
  readonly spec: Readonly<Record<string, unknown>>
  readonly rows: (keys: readonly string[]) => string
  /** How many rows no window takes; left out, none is late. */
  readonly lateSql?: string
}

interface Question {
  readonly plan: LogicalPlan
  readonly sql: string
  readonly lateSql: string
  readonly keys: readonly string[]
  readonly aggregates: readonly SaidAggregate[]
}

function questionOf(tape: Tape, { spec, rows, lateSql = 'SELECT 0' }: Windows, outOfOrdernessMs: number): Question {
  const keys = KEYS.filter(() => tape.below(3) === 1)
  const aggregates = Array.from({ length: 1 + tape.below(5) }, () => aggregateOf(oracleColumns, tape))
  const results = aggregates.map(({ result }, i) => ({ name: `r${i}`, result }))
  const count = { name: 'rows', result: { kind: 'aggregate', fn: 'count', args: [] } } as const
  const plan = makePlan(fieldSpecs(oracleEvents), [
    eventTimeNode({ column: 'time', watermarks: boundedOutOfOrderness(outOfOrdernessMs), allowedLatenessMs: 0 }),
    windowAggregateNode(keys, spec as never, [...results, count]),
  ])
  const names = keys.map(name => `"${name}"`)
  const selected = ['ws', 'we', ...names, ...aggregates.map(({ sql }) => sql), 'count(*)']
  const sql =
    `SELECT ${[...selected, ...aggregates.map(({ scaleSql }) => scaleSql)].join(', ')} ` +
    `FROM (${rows(keys)}) GROUP BY ${['ws', 'we', ...names].join(', ')}`
  return { plan, sql, lateSql, keys, aggregates }
}

/** The windows of a row by definition, those it is too late for left out. */
function aligned(tape: Tape, boundMs: number): Windows {
  const lateness = tape.pick([0, 50, 400])
  const size = 1 + tape.below(1_500)
  const step = 1 + tape.below(size)
  const steps = 1 + tape.below(6)
  const kind = tape.pick(['tumbling', 'hopping', 'cumulate'])
  const below = (limit: number) => tape.below(2 * limit - 1) - limit + 1
  const every = `(SELECT *, max("time") OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - ${boundMs + 1} AS wm FROM events)`
  const windowed = ((): { spec: Record<string, unknown>; all: string } => {
    if (kind === 'cumulate') {
      const offsetMs = below(step * steps)
      const start = alignedSql('"time"', step * steps, offsetMs)
      return {
        spec: { kind, stepMs: step, maxMs: step * steps, offsetMs },
        all: `SELECT *, ${start} AS ws, ${start} + (i + 1) * ${step} AS we FROM ${every}, range(0, ${steps}) r(i)`,
      }
    }
    const slide = kind === 'tumbling' ? size : Math.max(step, Math.ceil(size / 12))
    const offsetMs = below(slide)
    const start = `${alignedSql('"time"', slide, offsetMs)} - i * ${slide}`
    return {
      spec: kind === 'tumbling' ? { kind, sizeMs: size, offsetMs } : { kind, sizeMs: size, slideMs: slide, offsetMs },
      all: `SELECT *, ${start} AS ws, ${start} + ${size} AS we FROM ${every}, range(0, ${Math.ceil(size / slide)}) r(i)`,
    }
  })()
  const its = `SELECT * FROM (${windowed.all}) WHERE we > "time"`
  const taken = `SELECT * FROM (${its}) WHERE wm IS NULL OR we - 1 + ${lateness} > wm`
  return {
    spec: { ...windowed.spec, allowedLatenessMs: lateness },
    rows: () => taken,
    lateSql: `SELECT count(*) FROM events WHERE seq NOT IN (SELECT seq FROM (${taken}))`,
  }
}

/** Sessions of rows that are all in time: where a row is further from the one before it than the gap, the next begins. */
function sessions(tape: Tape): Windows {
  const gap = 1 + tape.below(400)
  const touch = tape.pick(['merge', 'split'])
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

/** Events with long gaps between some of them, and some that come twice. */
function eventsOf(seed: number, count: number): Row[] {
  const random = new Random(seed)
  let shift = 0
  return oracleRows(seed, count, DISORDER).flatMap(row => {
    if (random.chance(0.03)) shift += random.below(20_000)
    const moved = { ...row, time: (row.time as number) + shift }
    return random.chance(0.1) ? [moved, { ...moved }] : [moved]
  })
}

const manners = fc.record<Manner>({
  engine: fc.constantFrom(...ENGINES),
  maxBatch: fc.constantFrom(2, 64, 4096),
  bufferSize: fc.constantFrom(16, 65_536),
  way: fc.constant('pushMany'),
  blockRows: fc.constantFrom(50, 1000),
  stalls: fc.boolean(),
})

const nameOf = (start: unknown, end: unknown, keys: readonly unknown[]) =>
  JSON.stringify([start, end, keys].map(String))

/** The last result of each window and key: with an allowed lateness there may be several. */
const lastOf = (rows: readonly Row[], keys: readonly string[]): Map<string, Row> =>
  new Map(
    rows.map(row => [
      nameOf(
        row.windowStart,
        row.windowEnd,
        keys.map(key => row[key]),
      ),
      row,
    ]),
  )

const KINDS = {
  'aligned windows, all rows in time': { windowsOf: (tape: Tape) => aligned(tape, DISORDER), boundMs: DISORDER },
  'aligned windows, some rows too late': { windowsOf: (tape: Tape) => aligned(tape, 100), boundMs: 100 },
  // A row at the very end of a session still joins it: the others of that millisecond are waited for.
  sessions: { windowsOf: sessions, boundMs: DISORDER + 1 },
}

it.each(Object.entries(KINDS))('%s: what DuckDB makes of random events', async (_, { windowsOf, boundMs }) => {
  const oracle = await Oracle.open()
  oracles.push(oracle)
  let windows = 0
  let late = 0
  const questions = tapes(200).map(tape => questionOf(tape, windowsOf(tape), boundMs))
  await fc.assert(
    fc.asyncProperty(questions, fc.integer(), fc.nat(150), manners, async (question, seed, count, manner) => {
      const { keys } = question
      const events = eventsOf(seed, count)
      await oracle.load(events)
      const wanted = await oracle.query(question.sql)
      const [[wantedLate]] = (await oracle.query(question.lateSql)) as [[Value]]
      const outcome = await runPlanRows(question.plan, events, manner)
      if (!('rows' in outcome)) return expect.fail(`the job failed with ${outcome.code}`)
      const found = lastOf(outcome.rows, keys)
      const differences = wanted.flatMap(row => {
        const name = nameOf(row[0], row[1], row.slice(2, 2 + keys.length))
        const ours = found.get(name)
        return (ours === undefined ? `no ${name}` : difference(question, ours, row)) ?? []
      })
      expect({ late: outcome.late, windows: found.size, differences }, question.sql).toEqual({
        late: Number(wantedLate),
        windows: wanted.length,
        differences: [],
      })
      windows += found.size
      late += outcome.late
    }),
    LIMITS,
  )
  expect(windows).toBeGreaterThan(bounded(150, 500))
  expect(late > 0).toBe(boundMs < DISORDER)
})
