import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literalNode } from '../../src/expression/literal.ts'
import type { ExpressionNode, FunctionName } from '../../src/expression/node.ts'
import type { RecordBatch, WatermarkTrack } from '../../src/memory/record-batch.ts'
import { FilterOperator } from '../../src/operators/filter.ts'
import { evaluate, FunctionFailed, Overflow, type Row } from '../plan/scalar-interpreter.ts'
import { BatchFixture, Collector, ENGINES } from './batch-fixture.ts'
import { COLUMNS, randomExpression, randomRow } from './random-expression.ts'

const column = (name: string): ExpressionNode => ({ kind: 'column', name })
const call = (fn: FunctionName, ...args: ExpressionNode[]): ExpressionNode => ({ kind: 'call', fn, args })
const number = (value: number) => literalNode(value, 'f64')
const track: WatermarkTrack = { length: 0, least: 0, greatest: 0, firstRowReaching: () => 0, after: () => 0 }

/** The rows the reference lets through, or undefined where it overflows. */
function survivors(predicate: ExpressionNode, rows: readonly Row[], alive: readonly number[]): number[] | undefined {
  try {
    return alive.filter(row => evaluate(predicate, rows[row]!) === true)
  } catch (error) {
    if (error instanceof Overflow || error instanceof FunctionFailed) return undefined
    throw error
  }
}

describe.each(ENGINES)('filter on the %s engine', engine => {
  /** `n < limit` over rows n = 0 … count - 1. */
  function below(limit: number, options: { needed?: number[]; reads?: number[] } = {}) {
    const fixture = new BatchFixture(engine, { n: 'i32', name: 'utf8?', big: 'i64' }, 64)
    const next = new Collector(fixture.context, options.reads)
    const filter = new FilterOperator({
      predicate: call('lt', column('n'), number(limit)),
      columns: fixture.columns,
      context: fixture.context,
      next,
      ...(options.needed && { neededColumns: options.needed }),
    })
    const rows = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ n, name: n % 3 === 0 ? null : `r${n}`, big: BigInt(n) }))
    return { fixture, next, filter, rows }
  }

  it.each([1, 2, 7, 64, 4096])('lets through exactly the rows the rules let through, in batches of %i', size => {
    const fixture = new BatchFixture(engine, COLUMNS, size)
    const rowsOf = (count: number) => fc.array(randomRow, { minLength: count, maxLength: count })
    fc.assert(
      fc.property(
        randomExpression.condition,
        // Long batches repeat a few dozen rows: making thousands of random ones is what would take the time.
        rowsOf(Math.min(size, 48)),
        fc.infiniteStream(fc.boolean()),
        fc.boolean(),
        (predicate, some, coins, hasSelection) => {
          const rows = Array.from({ length: size }, (_, i) => some[(i * 7) % some.length]!)
          const next = new Collector(fixture.context)
          const { columns, context } = fixture
          const filter = new FilterOperator({ predicate, columns, context, next })
          const alive = rows.map((_, i) => i).filter(() => !hasSelection || coins.next().value)
          const batch = fixture.write(rows, hasSelection ? alive : undefined)
          const expected = survivors(predicate, rows, alive)
          if (expected === undefined) {
            expect(() => filter.process(batch)).toThrow(
              expect.objectContaining({ code: expect.stringMatching(/^(OVERFLOW|STAGE_FAILED)$/) }),
            )
            filter.close()
            return
          }
          expect(filter.process(batch)).toBe(true)
          expect(next.origins).toEqual(expected)
          expect(next.rows).toEqual(expected.map(row => columns.map(({ name }) => rows[row]![name])))
          expect([filter.rowsIn, filter.rowsOut]).toEqual([alive.length, expected.length])
          filter.close()
        },
      ),
      { numRuns: size === 4096 ? 10 : 80 },
    )
  })

  it('sends nothing on when no row survives', () => {
    const { fixture, next, filter, rows } = below(0)
    next.accepts = false
    expect(filter.process(fixture.write(rows(10)))).toBe(true)
    expect(next.batches).toEqual([])
    expect([filter.rowsIn, filter.rowsOut]).toEqual([10, 0])
  })

  it('hands the batch itself on when every row survives', () => {
    const { fixture, next, filter, rows } = below(100)
    const batch = fixture.write(rows(10), [2, 5])
    filter.process(batch)
    expect(next.batches[0]).toBe(batch)
  })

  it('lists the survivors in a selection while they are many', () => {
    const { fixture, next, filter, rows } = below(5)
    const batch = fixture.write(rows(10), undefined, { watermarks: track })
    filter.process(batch)
    const sent = next.batches[0]!
    expect(sent).toMatchObject({ length: 10, selectedCount: 5, origin: 0, watermarks: track })
    expect(sent.selection).not.toBe(0)
    expect(sent.columns).toBe(batch.columns)
  })

  it('copies the survivors together when they are few, remembering where they came from', () => {
    const { fixture, next, filter, rows } = below(3)
    filter.process(fixture.write(rows(40), undefined, { watermarks: track }))
    expect(next.batches[0]).toMatchObject({ length: 3, selection: 0, selectedCount: 3, watermarks: track })
    expect(next.rows).toEqual([
      [0, null, 0n],
      [1, 'r1', 1n],
      [2, 'r2', 2n],
    ])
    expect(next.origins).toEqual([0, 1, 2])
  })

  it('composes origins when what it compacts had been compacted before', () => {
    const { fixture, next, filter, rows } = below(3)
    const origin = Array.from({ length: 40 }, (_, i) => 100 + 2 * i)
    filter.process(fixture.write(rows(40), [1, 2, 30], { origin }))
    expect(next.origins).toEqual([102, 104])
    expect(next.rows.map(row => row[0])).toEqual([1, 2])
  })

  it('copies only the columns someone reads', () => {
    const { fixture, next, filter, rows } = below(2, { needed: [2], reads: [2] })
    filter.process(fixture.write(rows(40)))
    expect(next.rows).toEqual([[0n], [1n]])
    expect(next.batches[0]!.columns.map(vector => vector.values !== 0)).toEqual([false, false, true])
  })

  it('asks a later condition about the rows the earlier ones left, so that they guard it', () => {
    const fixture = new BatchFixture(engine, { m: 'i64' }, 8)
    const next = new Collector(fixture.context)
    const small = call('lt', column('m'), literalNode(1000n, 'i64'))
    const square = call('mul', column('m'), column('m'))
    const predicate = call('and', small, call('gt', square, literalNode(10n, 'i64')))
    const filter = new FilterOperator({ predicate, columns: fixture.columns, context: fixture.context, next })
    filter.process(fixture.write([{ m: 2n }, { m: 2n ** 62n }, { m: 5n }]))
    expect(next.rows).toEqual([[5n]])
  })

  it('passes backpressure, watermarks, codes and the end through', () => {
    const { fixture, next, filter, rows } = below(5)
    const before = fixture.context.arena.bytesInUse
    const marked: number[] = []
    next.accepts = false
    expect(filter.process(fixture.write(rows(10)))).toBe(false)
    expect(filter.resume()).toBe(false)
    next.accepts = true
    expect(filter.resume()).toBe(true)
    expect(filter.advanceWatermark(17)).toBe(true)
    filter.markCodes(fixture.columns[1]!.dictionary!, code => marked.push(code))
    expect(marked).toEqual([42])
    expect(next).toMatchObject({ resumed: 2, watermarks: [17] })
    filter.close()
    expect(next.isClosed).toBe(true)
    expect(fixture.context.arena.bytesInUse).toBeLessThan(before)
  })

  it('sends the same batch object each time', () => {
    const { fixture, next, filter, rows } = below(5)
    for (const count of [10, 40, 12]) filter.process(fixture.write(rows(count)) as RecordBatch)
    expect(new Set(next.batches).size).toBe(1)
  })
})

describe('a filter', () => {
  it('refuses a predicate that is no condition', () => {
    const fixture = new BatchFixture('js', { n: 'i32' }, 8)
    const { columns, context } = fixture
    const next = new Collector(context)
    expect(() => new FilterOperator({ predicate: column('n'), columns, context, next })).toThrow(/condition.*n is i32/)
  })
})
