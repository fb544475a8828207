import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../../src/expression/aggregates.ts'
import { asc, desc } from '../../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../../src/packaged.ts'
import { f64, i32, i64, utf8 } from '../../../src/schema/data-type.ts'
import { schema } from '../../../src/schema/schema.ts'
import { verifyPipeline } from '../../../src/testing/operator-harness.ts'
import { length } from '../../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../../src/time/window-kinds/length-batch.ts'

const sales = schema({ key: utf8(), n: i32(), x: f64().nullable(), l: i64() })
interface Sale {
  readonly key: string
  readonly n: number
  readonly x: number | null
  readonly l: bigint
}
const start = pipeline(sales)

const salesOf = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', ''),
    n: fc.integer({ min: -3, max: 3 }),
    x: fc.constantFrom(null, Number.NaN, 0, 1.5, -2),
    l: fc.constantFrom(0n, 1n, 2n ** 60n, 2n ** 60n + 1n),
  }),
  { maxLength: 12 },
)

/** Rows without a value come last, whichever the direction. */
function bySize(a: number | bigint | string | null, b: typeof a, isDescending: boolean): number {
  const [hasA, hasB] = [a, b].map(value => value !== null && !Number.isNaN(value))
  if (!hasA || !hasB) return Number(hasB) - Number(hasA)
  const way = a! < b! ? -1 : a! > b! ? 1 : 0
  return isDescending ? -way : way
}
const chunksOf = <T>(rows: readonly T[], n: number): T[][] =>
  Array.from({ length: Math.floor(rows.length / n) }, (_, i) => rows.slice(i * n, i * n + n))

describe('the rows that come out of a window together', () => {
  it('are ordered, and counted off, each chunk for itself', () => {
    fc.assert(
      fc.property(
        salesOf,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(2),
        fc.integer({ min: 1, max: 4 }),
        (rows, n, offset, limit) => {
          const stream = start
            .window(lengthBatch(n))
            .rows({ orderBy: r => [desc(r.x), asc(r.l), desc(r.key)], offset, limit })
          const wanted = chunksOf(rows, n).flatMap(chunk =>
            [...chunk]
              .sort((a, b) => bySize(a.x, b.x, true) || bySize(a.l, b.l, false) || bySize(a.key, b.key, true))
              .slice(offset, offset + limit),
          )
          const out = verifyPipeline(stream, rows, { batchSizes: [1, 3] }).rows
          expect(out.map(({ key, n, x, l }) => ({ key, n, x, l }))).toEqual(wanted)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('are ordered by what was computed, after those that having leaves out', () => {
    fc.assert(
      fc.property(salesOf, fc.constantFrom('last', 'all'), (rows, which) => {
        const stream = start
          .window(lengthBatch(4, { rows: which as 'last' }))
          .aggregate(e => ({ total: sum(e.n), seen: count() }), {
            groupBy: ['key'],
            having: r => r.total.gt(0),
            orderBy: r => desc(r.total.mul(r.seen)),
            limit: 2,
          })
        const wanted = chunksOf(rows, 4).flatMap(chunk => {
          const running = chunk.map((row, i) => {
            const group = chunk.slice(0, i + 1).filter(({ key }) => key === row.key)
            return { key: row.key, total: group.reduce((total, { n }) => total + n, 0), seen: group.length }
          })
          const met = running.filter(({ total }) => total > 0)
          // A group comes up with its first row that meets the condition, and the last one that does is what comes out.
          const shown = which === 'all' ? met : [...new Map(met.map(row => [row.key, row])).values()]
          return [...shown].sort((a, b) => b.total * b.seen - a.total * a.seen).slice(0, 2)
        })
        const out = verifyPipeline(stream, rows, { batchSizes: [1, 3] }).rows
        expect(out.map(({ key, total, seen }) => ({ key, total: Number(total), seen: Number(seen) }))).toEqual(wanted)
      }),
      { numRuns: 30 },
    )
  })

  it('are one row, or one that leaves and one that enters, where a window slides', () => {
    const rows: Sale[] = [1, 2, 3, 4].map(n => ({ key: '', n, x: null, l: 0n }))
    const out = verifyPipeline(
      start.window(length(2, { output: 'all' })).rows({ orderBy: r => desc(r.n), limit: 1 }),
      rows,
    )
    expect(out.rows.map(({ kind, n }) => [kind, n])).toEqual([1, 2, 3, 4].map(n => ['current', n]))
  })

  it('keep their order as data', () => {
    const stream = start.window(lengthBatch(3)).rows({ orderBy: r => [desc(r.x), asc(r.key)], limit: 2, offset: 1 })
    const again = pipelineFromJSON(JSON.parse(JSON.stringify(stream)))
    expect(again.plan).toEqual(stream.plan)
    expect(again.explain()).toContain('order       x desc, key asc; without the first 1; the first 2 of each chunk')
    expect(JSON.stringify(start.window(lengthBatch(3)).rows())).not.toContain('order')
  })

  it.each([
    ['a limit of none', { limit: 0 }, 'OPTION_INVALID'],
    ['half a row', { offset: 0.5 }, 'OPTION_INVALID'],
    ['a column itself', { orderBy: (r: { n: unknown }) => r.n }, 'PLAN_INVALID'],
  ])('refuse %s', (_, options, code) => {
    expect(() => start.window(lengthBatch(3)).rows(options as never)).toThrow(expect.objectContaining({ code }))
  })
})
