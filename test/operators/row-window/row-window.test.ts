import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { avg, count, first, last, max, min, stdDev, sum } from '../../../src/expression/aggregates.ts'
import type { WindowOutput } from '../../../src/time/window-kinds/parameters.ts'
import { bounded } from '../../bounded.ts'
import { type Aggregates, aggregatesOf } from './aggregate-models.ts'
import { KINDS, type Run, runArbitrary } from './random-runs.ts'
import { type Chunk, type ModelRow, modelOf } from './window-models.ts'
import { models, runRows } from './window-run.ts'

/** A row as it came out. */
interface Out extends Aggregates {
  readonly kind: 'current' | 'expired'
  readonly id: number
  readonly k: string
  readonly windowTime: number
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
      { numRuns: bounded(15, 60) },
    )
    expect(rowsSeen).toBeGreaterThan(bounded(25, 100))
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
      { numRuns: bounded(5, 20) },
    )
  })
})
