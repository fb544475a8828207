import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inferResultType, inferType } from '../../src/expression/infer-type.ts'
import type { DataType } from '../../src/schema/data-type.ts'
import { Collected } from '../plan/aggregate-interpreter.ts'
import { expressionOf, KINDS, resultOf } from '../plan/expression-arbitraries.ts'
import { everyType, rowsOf } from '../plan/plan-arbitraries.ts'
import { evaluate, evaluateResult, Overflow, type Value } from '../plan/scalar-interpreter.ts'
import { tapes } from '../plan/tape.ts'

/** Whether a value may stand in a column of a type. */
function belongs(value: Value, type: DataType): boolean {
  if (value === null) return type.isNullable
  switch (type.name) {
    case 'f64':
      return typeof value === 'number'
    case 'f32':
      return Object.is(Math.fround(value as number), value)
    case 'i32':
      return value === ((value as number) | 0)
    case 'u32':
      return value === (value as number) >>> 0
    case 'i64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
    case 'bool':
      return typeof value === 'boolean'
    case 'timestamp':
      return Number.isSafeInteger(value)
    case 'utf8':
      return typeof value === 'string'
    case 'object':
      return typeof value === 'object'
  }
}

describe('the inferred type', () => {
  it('holds every value an expression takes', () => {
    let nulls = 0
    fc.assert(
      fc.property(tapes(200), fc.constantFrom(...KINDS), tapes(100), (shape, kind, values) => {
        const node = expressionOf(kind, everyType, shape, 4)
        const type = inferType(node, everyType)
        for (const row of rowsOf(values, 5)) {
          try {
            const value = evaluate(node, row)
            if (value === null) nulls++
            expect(belongs(value, type), `${String(value)} in ${type.name}${type.isNullable ? '?' : ''}`).toBe(true)
          } catch (error) {
            if (!(error instanceof Overflow)) throw error
          }
        }
      }),
      { numRuns: 3_000, interruptAfterTimeLimit: 30_000 },
    )
    expect(nulls).toBeGreaterThan(100)
  })

  it('holds every value a result takes', () => {
    fc.assert(
      fc.property(tapes(200), tapes(300), fc.integer({ min: 1, max: 6 }), (shape, values, rows) => {
        const node = resultOf(everyType, shape)
        const type = inferResultType(node, everyType)
        try {
          const result = evaluateResult(node, call => {
            const collected = new Collected(call)
            for (const row of rowsOf(values, rows)) collected.add(row)
            return collected.result()
          })
          expect(belongs(result, type), `${String(result)} in ${type.name}${type.isNullable ? '?' : ''}`).toBe(true)
        } catch (error) {
          if (!(error instanceof Overflow)) throw error
        }
      }),
      { numRuns: 2_000, interruptAfterTimeLimit: 30_000 },
    )
  })
})
