import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../../src/errors.ts'
import { literalNode } from '../../../src/expression/literal.ts'
import type { ExpressionNode } from '../../../src/expression/node.ts'
import { Dictionary } from '../../../src/memory/dictionary.ts'
import type { RecordBatch } from '../../../src/memory/record-batch.ts'
import { ExpressionSet } from '../../../src/operators/evaluator/expression-set.ts'
import { bounded } from '../../bounded.ts'
import { evaluate, FunctionFailed, Overflow, type Row, type Value } from '../../plan/scalar-interpreter.ts'
import { BatchFixture, ENGINES, type EngineName } from '../batch-fixture.ts'
import { COLUMNS, randomExpression, randomRow } from '../random-expression.ts'

const FAILED = 'failed'

/** The reference's value of every selected row, or `failed` if it can't say. */
function expected(node: ExpressionNode, rows: readonly Row[], selected: readonly number[]): Value[] | typeof FAILED {
  try {
    return selected.map(row => evaluate(node, rows[row]!))
  } catch (error) {
    if (error instanceof Overflow || error instanceof FunctionFailed) return FAILED
    throw error
  }
}

function actual(
  fixture: BatchFixture,
  set: ExpressionSet,
  evaluate: () => ReturnType<ReturnType<ExpressionSet['compile']>['evaluate']>,
  batch: RecordBatch,
  selected: readonly number[],
): Value[] | typeof FAILED {
  try {
    set.bind(batch)
    const vector = evaluate()
    return selected.map(row => fixture.read(vector, row))
  } catch (error) {
    if (error instanceof EventfluxError && ['OVERFLOW', 'STAGE_FAILED'].includes(error.code)) return FAILED
    throw error
  }
}

const fixtureOf = (engine: EngineName, maxBatch: number) => {
  const shared = new Dictionary({ maxCodes: 1000 })
  return new BatchFixture(engine, COLUMNS, maxBatch, { t1: shared, t2: shared })
}

const all = (rows: readonly Row[]) => rows.map((_, i) => i)

describe.each(ENGINES)('expressions on the %s engine', engine => {
  it('give the value the row-at-a-time rules give, for any tree, any rows and any selection', () => {
    const fixture = fixtureOf(engine, 20)
    const { arena } = fixture.context
    const before = arena.bytesInUse
    fc.assert(
      fc.property(
        fc.array(randomExpression.any, { minLength: 1, maxLength: 3 }),
        fc.array(fc.array(randomRow, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.boolean()),
        (nodes, batches, coins) => {
          const set = new ExpressionSet(fixture.columns, fixture.context)
          const compiled = nodes.map(node => set.compile(node))
          for (const rows of batches) {
            const selected = all(rows).filter(() => coins.next().value)
            const batch = fixture.write(rows, selected)
            nodes.forEach((node, i) => {
              const outcome = actual(fixture, set, () => compiled[i]!.evaluate(), batch, selected)
              expect(outcome).toEqual(expected(node, rows, selected))
            })
          }
          set.close()
          expect(arena.bytesInUse).toBe(before)
        },
      ),
      { numRuns: bounded(250, 1000) },
    )
  })

  it('find the start of an interval exactly, at every safe time and from every safe offset', () => {
    const { MAX_SAFE_INTEGER: most, MIN_SAFE_INTEGER: least } = Number
    const safe = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, most, least))
    const size = fc.oneof(fc.integer({ min: 1 }), fc.integer({ min: 1, max: most }))
    const fixture = new BatchFixture(engine, { time: 'timestamp' }, 8)
    fc.assert(
      fc.property(size, safe, fc.array(safe, { minLength: 1, maxLength: 8 }), (size, offset, times) => {
        const set = new ExpressionSet(fixture.columns, fixture.context)
        const literals = [size, offset].map(ms => literalNode(ms, 'f64'))
        const floorTo = set.compile({
          kind: 'call',
          fn: 'floorTo',
          args: [{ kind: 'column', name: 'time' }, ...literals],
        })
        set.bind(fixture.write(times.map(time => ({ time }))))
        const starts = floorTo.evaluate()
        times.forEach((time, row) => {
          const ahead = (BigInt(time) - BigInt(offset)) % BigInt(size)
          const start = BigInt(time) - (ahead < 0n ? ahead + BigInt(size) : ahead)
          expect(fixture.read(starts, row)).toBe(Math.max(Number(start), least))
        })
        set.close()
      }),
      { numRuns: bounded(500, 5000) },
    )
  })
})
