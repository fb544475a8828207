import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import type { LogicalNode, LogicalPlan } from '../../src/plan/logical-node.ts'
import { eventTimeNode, filterNode, makePlan, projectNode, windowAggregateNode } from '../../src/plan/make-node.ts'
import { fieldSpecs } from '../../src/plan/plan-scope.ts'
import { boundedOutOfOrderness } from '../../src/plan/watermarks.ts'
import { bounded } from '../bounded.ts'
import { type Tape, tapes } from '../plan/tape.ts'
import { aggregateOf, type SaidAggregate } from './duckdb-aggregates.ts'
import { difference } from './duckdb-comparison.ts'
import { Oracle, oracleColumns, oracleEvents, oracleRows } from './duckdb-events.ts'
import { alignedSql, type Kind, type OracleColumn, Sayings } from './duckdb-expressions.ts'
import { ENGINES, type Manner, runPlanRows, WAYS_IN } from './run-plan-rows.ts'

/** A run that hangs is a failure; a long search for the smallest counterexample is not worth waiting for. */
const LIMITS = { timeout: 10_000, interruptAfterTimeLimit: 25_000, numRuns: bounded(60, 200) }
const PROJECTED: readonly Kind[] = ['number', 'number', 'i64', 'bool', 'timestamp', 'utf8']

const oracles: Oracle[] = []
afterAll(() => {
  for (const oracle of oracles) oracle.close()
})

/** A plan of ours with DuckDB's query: both give window start, window end, keys, results, in this order. */
interface Question {
  readonly plan: LogicalPlan
  readonly sql: string
  readonly keys: readonly string[]
  readonly aggregates: readonly SaidAggregate[]
}

/** filter, project, filter, keyed window, filter; any of them but the window may be missing. */
function questionOf(tape: Tape, disorderMs: number): Question {
  const nodes: LogicalNode[] = []
  let columns = oracleColumns
  let from = 'SELECT * FROM events'
  const eventTime = eventTimeNode({
    column: 'time',
    watermarks: boundedOutOfOrderness(disorderMs),
    allowedLatenessMs: 0,
  })
  const hasTimeFirst = tape.below(2) === 0
  if (hasTimeFirst) nodes.push(eventTime)

  const filter = () => {
    if (tape.below(2) === 0) return
    const { node, sql } = new Sayings(columns, tape).of('bool', 3)
    nodes.push(filterNode(node))
    from = `SELECT * FROM (${from}) WHERE ${sql}`
  }
  filter()
  if (!hasTimeFirst) nodes.push(eventTime)
  if (tape.below(3) > 0) {
    const say = new Sayings(columns, tape)
    const projected = Array.from({ length: 3 + tape.below(5) }, (_, i) => {
      const kind = tape.pick(PROJECTED)
      return { name: `p${i}`, kind, ...say.of(kind, 3) }
    })
    const scope = { schema: oracleEvents, eventTime: 'time' }
    nodes.push(
      projectNode(
        scope,
        projected.map(({ name, node }) => ({ name, expression: node })),
      ),
    )
    from = `SELECT seq, "time", ${projected.map(({ name, sql }) => `${sql} AS "${name}"`).join(', ')} FROM (${from})`
    columns = [...projected, { name: 'time', kind: 'timestamp' }]
    filter()
  }

  const keys = keysOf(columns, tape)
  const size = 1 + tape.below(6_000)
  const offset = tape.below(2 * size - 1) - size + 1
  const aggregates = Array.from({ length: 1 + tape.below(5) }, () => aggregateOf(columns, tape))
  const results = aggregates.map(({ result }, i) => ({ name: `r${i}`, result }))
  const count = { name: 'rows', result: { kind: 'aggregate', fn: 'count', args: [] } } as const
  const window = { kind: 'tumbling', sizeMs: size, offsetMs: offset }
  nodes.push(windowAggregateNode(keys, window, [...results, count]))
  const least = tape.below(4)
  if (least > 0) {
    const limit = { kind: 'literal', type: 'f64', value: least } as const
    nodes.push(filterNode({ kind: 'call', fn: 'ge', args: [{ kind: 'column', name: 'rows' }, limit] }))
  }

  const names = keys.map(name => `"${name}"`)
  const selected = ['ws', `ws + ${size}`, ...names, ...aggregates.map(({ sql }) => sql), 'count(*)']
  const sql =
    `SELECT ${[...selected, ...aggregates.map(({ scaleSql }) => scaleSql)].join(', ')} ` +
    `FROM (SELECT *, ${alignedSql('"time"', size, offset)} AS ws FROM (${from})) ` +
    `GROUP BY ${['ws', ...names].join(', ')} HAVING count(*) >= ${least} ORDER BY ws, min(seq)`
  return { plan: makePlan(fieldSpecs(oracleEvents), nodes), sql, keys, aggregates }
}

/** No key, one of any type, or several. */
function keysOf(columns: readonly OracleColumn[], tape: Tape): string[] {
  const keys = Array.from({ length: tape.below(4) }, () => tape.pick(columns).name)
  return [...new Set(keys)]
}

const manners = fc.record<Manner>({
  engine: fc.constantFrom(...ENGINES),
  maxBatch: fc.constantFrom(2, 64, 4096),
  bufferSize: fc.constantFrom(2, 16, 65_536),
  way: fc.constantFrom(...WAYS_IN),
  blockRows: fc.constantFrom(3, 50, 1000),
  stalls: fc.boolean(),
})

it.each([
  ['in order', 0],
  ['out of order within the bound', 700],
])('windows over random events %s are those of DuckDB', async (_, disorderMs) => {
  // One for each test: a search that was interrupted may still be asking its own.
  const oracle = await Oracle.open()
  oracles.push(oracle)
  let windows = 0
  const questions = tapes(400).map(tape => questionOf(tape, disorderMs))
  await fc.assert(
    fc.asyncProperty(questions, fc.integer(), fc.nat(250), manners, async (question, seed, count, manner) => {
      const events = oracleRows(seed, count, disorderMs)
      await oracle.load(events)
      const wanted = await oracle.query(question.sql)
      const outcome = await runPlanRows(question.plan, events, manner)
      if (!('rows' in outcome)) return expect.fail(`the job failed with ${outcome.code}`)
      const found = outcome.rows
      const differences = found.map((row, i) => wanted[i] && difference(question, row, wanted[i]))
      expect(
        { late: outcome.late, rows: found.length, differences: differences.filter(Boolean) },
        question.sql,
      ).toEqual({
        late: 0,
        rows: wanted.length,
        differences: [],
      })
      windows += found.length
    }),
    LIMITS,
  )
  expect(windows).toBeGreaterThan(bounded(300, 1_000))
})
