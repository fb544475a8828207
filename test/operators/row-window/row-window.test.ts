import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { avg, count, first, last, max, min, stdDev, sum } from '../../../src/expression/aggregates.ts'
import type { RowWindowSpec } from '../../../src/time/row-windows.ts'
import { delay } from '../../../src/time/window-kinds/delay.ts'
import { externalTime } from '../../../src/time/window-kinds/external-time.ts'
import { externalTimeBatch } from '../../../src/time/window-kinds/external-time-batch.ts'
import { hoppingCount } from '../../../src/time/window-kinds/hopping-count.ts'
import { length } from '../../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../../src/time/window-kinds/length-batch.ts'
import type { WindowOutput } from '../../../src/time/window-kinds/parameters.ts'
import { sort } from '../../../src/time/window-kinds/sort.ts'
import { time } from '../../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../../src/time/window-kinds/time-batch.ts'
import { timeLength } from '../../../src/time/window-kinds/time-length.ts'
import { unique } from '../../../src/time/window-kinds/unique.ts'
import { type Aggregates, aggregatesOf } from './aggregate-models.ts'
import { type Chunk, type ModelRow, modelOf } from './window-models.ts'
import { models, runRows } from './window-run.ts'

/** A row as it came out. */
interface Out extends Aggregates {
  readonly kind: 'current' | 'expired'
  readonly id: number
  readonly k: string
  readonly windowTime: number
}

interface Run {
  readonly spec: RowWindowSpec<'all'>
  readonly rows: readonly ModelRow[]
  readonly end: number
  readonly keyed: boolean
  readonly maxBatch: number
  readonly engine: 'wasm' | 'js'
}

const VALUES = [0, -0, 1, 1, 2.5, -3, 0.1, 1e16, -1e16, 1e-3, Number.NaN, Number.POSITIVE_INFINITY, 7, 1e300]

const rowsArbitrary = fc
  .array(
    fc.record({
      wait: fc.constantFrom(0, 0, 1, 3, 10, 10, 25, 100),
      lag: fc.integer({ min: -20, max: 20 }),
      k: fc.constantFrom('a', 'b', 'c'),
      v: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 6, arbitrary: fc.constantFrom(...VALUES) }),
    }),
    { maxLength: 40 },
  )
  .map(steps => {
    let at = 1_000
    return steps.map(({ wait, lag, k, v }, id): ModelRow => {
      at += wait
      return { id, at, ts: at + lag, k, v }
    })
  })

const runArbitrary = (spec: fc.Arbitrary<RowWindowSpec<'all'>>): fc.Arbitrary<Run> =>
  fc
    .record({
      spec,
      rows: rowsArbitrary,
      end: fc.constantFrom(0, 5, 60, 1_000),
      keyed: fc.boolean(),
      maxBatch: fc.constantFrom(1, 3, 64),
      engine: fc.constantFrom('wasm' as const, 'js' as const),
    })
    .map(run => ({ ...run, end: (run.rows.at(-1)?.at ?? 1_000) + run.end }))

const all = { output: 'all', rows: 'all' } as const
const small = fc.integer({ min: 1, max: 7 })
const span = fc.constantFrom(1, 5, 10, 25, 60)

const KINDS: Readonly<Record<string, fc.Arbitrary<RowWindowSpec<'all'>>>> = {
  length: small.map(n => length(n, { output: 'all' })),
  lengthBatch: fc
    .record({ n: small, emitIncomplete: fc.boolean() })
    .map(({ n, emitIncomplete }) => lengthBatch(n, { ...all, emitIncomplete })),
  'lengthBatch with streamCurrent': small.map(n => lengthBatch(n, { ...all, streamCurrent: true })),
  hoppingCount: fc
    .record({ every: small, more: fc.integer({ min: 0, max: 5 }), waitForFull: fc.boolean() })
    .map(({ every, more, waitForFull }) => hoppingCount(every + more, every, { ...all, waitForFull })),
  time: span.map(ms => time(ms, { output: 'all' })),
  timeLength: fc.record({ ms: span, n: small }).map(({ ms, n }) => timeLength(ms, n, { output: 'all' })),
  timeBatch: span.map(ms => timeBatch(ms, all)),
  'timeBatch with start': fc
    .record({ ms: span, start: fc.integer({ min: -50, max: 2_000 }) })
    .map(({ ms, start }) => timeBatch(ms, { ...all, start })),
  'timeBatch with streamCurrent': span.map(ms => timeBatch(ms, { ...all, streamCurrent: true })),
  delay: span.map(ms => delay(ms, { output: 'all' })),
  externalTime: span.map(ms => externalTime('ts', ms, { output: 'all' })),
  externalTimeBatch: fc
    .record({ ms: span, start: fc.constantFrom(undefined, 0, 7), stampWithEnd: fc.boolean() })
    .map(({ ms, start, stampWithEnd }) =>
      externalTimeBatch('ts', ms, { ...all, stampWithEnd, ...(start !== undefined && { start }) }),
    ),
  sort: fc
    .record({ n: small, direction: fc.constantFrom('asc' as const, 'desc' as const) })
    .map(({ n, direction }) => sort(n, [['v', direction], 'ts'], { output: 'all' })),
  unique: fc.constantFrom('k', 'v').map(column => unique(column, { output: 'all' })),
  'unique with ttl': span.map(ttl => unique(['k', 'v'], { output: 'all', ttl })),
}

/** Runs a window with all aggregates. */
async function run({ spec, rows, end, keyed, maxBatch, engine }: Run): Promise<Out[]> {
  const start = models({ engine, maxBatch })
  const windowed = keyed ? start.keyBy('k').window(spec) : start.window(spec)
  const stream = windowed.aggregate((e, row) => ({
    id: row.id,
    group: row.k,
    rows: count(),
    values: count(e.v),
    sum: sum(e.v),
    mean: avg(e.v),
    least: min(e.v),
    greatest: max(e.v),
    first: first(e.v),
    last: last(e.v),
    spread: stdDev(e.v),
  }))
  const out = await runRows<Out & { group: string }>(stream, rows, end)
  return out.map(row => ({ ...row, k: row.group }))
}

/** The rows a model's chunks put out, each with the aggregates of what is inside after it. */
function expectedOf(chunks: readonly Chunk[]): Out[] {
  let held: ModelRow[] = []
  const out: Out[] = []
  for (const event of chunks.flat()) {
    if (event.kind === 'reset') {
      held = []
      continue
    }
    const { kind, row, time: windowTime } = event
    held = kind === 'current' ? [...held, row] : held.filter(({ id }) => id !== row.id)
    out.push({ kind, id: row.id, k: row.k, windowTime, ...aggregatesOf(held.map(({ v }) => v)) })
  }
  return out
}

const expectRow = (found: Out, expected: Out): void => {
  const { spread, ...exact } = expected
  expect(found).toMatchObject(exact)
  if (spread === null || Number.isNaN(spread)) expect(found.spread).toEqual(spread)
  // The model squares 1e300 to infinity only where the deviation isn't 0.
  else if (Number.isFinite(spread) && Math.abs(expected.greatest!) < 1e100) {
    expect(Math.abs(found.spread! - spread)).toBeLessThanOrEqual(1e-9 * spread)
  }
}

describe.each(Object.keys(KINDS))('%s', kind => {
  it('puts out what its model does, with the aggregates of what it holds', async () => {
    let rowsSeen = 0
    await fc.assert(
      fc.asyncProperty(runArbitrary(KINDS[kind]!), async given => {
        const found = await run(given)
        const keys = given.keyed ? ['a', 'b', 'c'] : [undefined]
        let checked = 0
        for (const key of keys) {
          const rows = given.rows.filter(({ k }) => key === undefined || k === key)
          const expected = expectedOf(modelOf(given.spec, rows, given.end))
          const its = found.filter(({ k }) => key === undefined || k === key)
          expect(its.map(({ kind, id, windowTime }) => [kind, id, windowTime])).toEqual(
            expected.map(({ kind, id, windowTime }) => [kind, id, windowTime]),
          )
          for (const [i, row] of expected.entries()) expectRow(its[i]!, row)
          checked += expected.length
        }
        expect(found).toHaveLength(checked)
        rowsSeen += checked
      }),
      { numRuns: 60 },
    )
    expect(rowsSeen).toBeGreaterThan(100)
  })

  it('puts out the same rows of either kind alone as of both', async () => {
    await fc.assert(
      fc.asyncProperty(runArbitrary(KINDS[kind]!), async given => {
        const both = await run(given)
        for (const output of ['current', 'expired'] as WindowOutput[]) {
          const alone = await run({ ...given, spec: { ...given.spec, output } as never })
          const strip = (rows: readonly Out[]) => rows.map(({ kind: _, ...row }) => row)
          // A key whose window is forgotten and comes up again may change places with others of the same instant.
          for (const key of given.keyed ? ['a', 'b', 'c'] : [undefined]) {
            const its = (rows: readonly Out[]) => rows.filter(({ k }) => key === undefined || k === key)
            expect(strip(its(alone))).toEqual(strip(its(both.filter(row => row.kind === output))))
          }
        }
      }),
      { numRuns: 20 },
    )
  })
})
