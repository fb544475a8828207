import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sum } from '../../../src/expression/aggregates.ts'
import { delta, ema, rate } from '../../../src/expression/change-aggregates.ts'
import {
  argMax,
  argMin,
  boolAnd,
  boolOr,
  bottomK,
  collect,
  collectSet,
  maxForever,
  minForever,
  topK,
} from '../../../src/expression/choice-aggregates.ts'
import { approxDistinct, distinctCount, median, percentile } from '../../../src/expression/distribution-aggregates.ts'
import type { AggregateNode } from '../../../src/expression/node.ts'
import { aggregateOf } from '../../../src/expression/user-aggregate.ts'
import { f64 } from '../../../src/schema/data-type.ts'
import type { RowWindowSpec } from '../../../src/time/row-windows.ts'
import { length } from '../../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../../src/time/window-kinds/length-batch.ts'
import { sort } from '../../../src/time/window-kinds/sort.ts'
import { time } from '../../../src/time/window-kinds/time.ts'
import { unique } from '../../../src/time/window-kinds/unique.ts'
import { Collected } from '../../plan/aggregate-interpreter.ts'
import { type ModelRow, modelOf } from './window-models.ts'
import { models, row, runRows } from './window-run.ts'

/** A user's aggregates: the sum of id × ts, by keeping it, by taking values out again, and from what is there. */
const product = {
  create: () => 0,
  add: (sum: number, id: number, ts: number) => sum + id * ts,
  result: (sum: number) => sum,
}
const computedAnew = aggregateOf({ ...product, returns: f64() })
const takenOut = aggregateOf({
  ...product,
  remove: (sum: number, id: number, ts: number) => sum - id * ts,
  returns: f64(),
})

const results = (e: ReturnType<typeof columns>) => ({
  distinct: distinctCount(e.v),
  texts: distinctCount(e.k),
  about: approxDistinct(e.v),
  middle: median(e.v),
  high: percentile(e.v, 0.9, { relativeError: 0.01 }),
  leastBy: argMin(e.k, e.v),
  greatestBy: argMax(e.id, e.v),
  every: boolAnd(e.v.gt(0)),
  some: boolOr(e.v.gt(0)),
  top: topK(e.v, 2),
  bottom: bottomK(e.v, 3),
  list: collect(e.k, { max: 3 }),
  set: collectSet(e.k, { max: 2 }),
  faded: ema(e.v, { alpha: 0.25 }),
  anew: computedAnew(e.id as never, e.ts as never),
  kept: takenOut(e.id as never, e.ts as never),
  change: delta(e.v),
  filled: sum(e.v.coalesce(0)),
})
// biome-ignore lint/suspicious/noExplicitAny: the columns of any window, which differ in what may be null
const columns = (): any => undefined

const WINDOWS: Readonly<Record<string, RowWindowSpec<'all'>>> = {
  length: length(4, { output: 'all' }),
  time: time(25, { output: 'all' }),
  lengthBatch: lengthBatch(3, { output: 'all', rows: 'all' }),
  sort: sort(3, 'v', { output: 'all' }),
  unique: unique('k', { output: 'all', unbounded: true }),
}

// Sums of these and their products are exact, so that it doesn't matter in which order they come and go.
const VALUES = [0, 1, 1, 2.5, -3, 7, Number.NaN]

const rowsArbitrary = fc
  .array(
    fc.record({
      wait: fc.constantFrom(0, 1, 10, 30),
      k: fc.constantFrom('a', 'b', 'c', 'd'),
      v: fc.constantFrom(null, ...VALUES),
    }),
    { maxLength: 25 },
  )
  .map(steps => {
    let at = 0
    return steps.map(({ wait, k, v }, id): ModelRow => {
      at += wait
      return row(id, at, k, v)
    })
  })

/** What the aggregate makes of rows, by the interpreter that knows them all. */
function interpreted(node: AggregateNode, rows: readonly ModelRow[]): unknown {
  const collected = new Collected(node, row => row.ts as number)
  for (const { id, ts, k, v } of rows) collected.add({ id, ts, k, v })
  return collected.result()
}

describe.each(Object.keys(WINDOWS))('%s', kind => {
  it('computes every other aggregate over what it holds', async () => {
    const spec = WINDOWS[kind]!
    const stream = models()
      .window(spec)
      .aggregate((e, row) => ({ id: row.id, ...results(e) }))
    const { results: given } = stream.plan.nodes[0] as never as {
      results: readonly { name: string; result?: AggregateNode }[]
    }
    const nodes = given.filter(each => each.result?.kind === 'aggregate')
    expect(nodes.length).toBeGreaterThan(15)
    await fc.assert(
      fc.asyncProperty(rowsArbitrary, async rows => {
        const end = (rows.at(-1)?.at ?? 0) + 20
        const found = await runRows<Record<string, unknown>>(stream, rows, end)
        let held: ModelRow[] = []
        const states: (readonly ModelRow[])[] = []
        for (const event of modelOf(spec, rows, end).flat()) {
          if (event.kind === 'reset') held = []
          else {
            held = event.kind === 'current' ? [...held, event.row] : held.filter(({ id }) => id !== event.row.id)
            states.push(held)
          }
        }
        expect(found).toHaveLength(states.length)
        for (const [i, state] of states.entries())
          for (const { name, result } of nodes) {
            const expected = interpreted(result!, state)
            // Within 1%, as asked for.
            if (name === 'high' && Number.isFinite(expected))
              expect(Math.abs((found[i]![name] as number) - (expected as number))).toBeLessThanOrEqual(
                0.01 * Math.abs(expected as number),
              )
            else if (name === 'faded' && Number.isFinite(expected))
              expect(found[i]![name]).toBeCloseTo(expected as number, 9)
            else expect([name, found[i]![name]]).toEqual([name, expected])
          }
      }),
      { numRuns: 40 },
    )
  })
})

describe('aggregates over windows of rows', () => {
  it('remember the least and greatest of all time, whatever leaves and begins anew', async () => {
    const rows = [5, 3, 9, 4, 6, 7].map((v, id) => row(id, id, id % 2 === 0 ? 'a' : 'b', v))
    const stream = models()
      .window(lengthBatch(2))
      .aggregate(e => ({ least: minForever(e.v), greatest: maxForever(e.v) }))
    expect(await runRows(stream, rows, 100)).toMatchObject([
      { least: 3, greatest: 5 },
      { least: 3, greatest: 9 },
      { least: 3, greatest: 9 },
    ])
    const grouped = models()
      .window(time(2))
      .aggregate(e => ({ least: minForever(e.v), greatest: maxForever(e.v) }), { groupBy: ['k'] })
    expect(
      (await runRows<Record<string, unknown>>(grouped, rows, 100)).map(each => [each.k, each.least, each.greatest]),
    ).toEqual([
      ['a', 5, 5],
      ['b', 3, 3],
      ['a', 5, 9],
      ['b', 3, 4],
      ['a', 5, 9],
      ['b', 3, 7],
    ])
  })

  it('refuse what goes by event time', () => {
    for (const result of [() => rate(), () => rate().add(1)])
      expect(() =>
        models()
          .window(length(3))
          .aggregate(() => ({ r: result() })),
      ).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
    expect(() =>
      models()
        .window(length(3))
        .aggregate(e => ({ r: ema(e.v, { halfLife: '1m' }) })),
    ).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
  })

  it("name a user's aggregate that fails, and end the job", async () => {
    const broken = aggregateOf({
      name: 'broken',
      create: () => 0,
      add: () => {
        throw new Error('no')
      },
      result: (kept: number) => kept,
      returns: f64(),
    })
    const stream = models()
      .window(length(2))
      .aggregate(() => ({ r: broken() }))
    await expect(runRows(stream, [row(0, 0)], 1)).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringContaining('broken'),
    })
  })
})
