import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogicalNode, LogicalPlan } from '../../src/plan/logical-node.ts'
import { optimise, RULES, type RuleName } from '../../src/plan/optimise.ts'
import { passedOnColumns } from '../../src/plan/passed-on.ts'
import { sourceScope } from '../../src/plan/plan-scope.ts'
import { unreadColumns } from '../../src/plan/required-columns.ts'
import { bounded } from '../bounded.ts'
import { planOf, rowsOf } from './plan-arbitraries.ts'
import { interpret } from './row-interpreter.ts'
import type { Row, Value } from './scalar-interpreter.ts'
import { tapes } from './tape.ts'

/** All that can be seen of a run; an overflow ends it. */
function outcome(plan: LogicalPlan, rows: readonly Row[]): unknown {
  try {
    const { rows: out, branches, late } = interpret(plan, rows)
    return { out, branches, late }
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
}

const cases = fc.record({ plan: tapes(300).map(tape => planOf(tape, { functions: true })), rows: tapes(1_000) })

describe('a plan with a rule equals the plan without', () => {
  const names = Object.keys(RULES) as RuleName[]
  for (const rules of [...names.map(name => [name]), names, [...names].reverse()]) {
    it(`for ${rules.join(', ')}`, () => {
      let changed = 0
      fc.assert(
        fc.property(cases, ({ plan, rows }) => {
          const optimised = optimise(plan, { rules })
          const input = rowsOf(rows, 60)
          expect(outcome(optimised, input)).toEqual(outcome(plan, input))
          if (
            optimised.nodes.length !== plan.nodes.length ||
            optimised.nodes.some((node, i) => !same(node, plan.nodes[i]))
          )
            changed++
        }),
        { numRuns: bounded(200, 800), interruptAfterTimeLimit: 30_000 },
      )
      expect(changed).toBeGreaterThanOrEqual(bounded(3, 10))
    })
  }
})

const same = (a: LogicalNode, b: LogicalNode | undefined) => JSON.stringify(a) === JSON.stringify(b)

describe('unreadColumns', () => {
  it('names only columns whose values do not matter', () => {
    let spared = 0
    fc.assert(
      fc.property(cases, ({ plan, rows }) => {
        const unread = unreadColumns(sourceScope(plan).schema, plan.nodes)
        const required = plan.source.map(({ name }) => name).filter(name => !unread.has(name))
        const input = rowsOf(rows, 40)
        // Another tape's values in every column that isn't required.
        const other = input.map((row, i) => ({ ...input[(i + 7) % input.length]!, ...only(row, required) }))
        if (unread.size > 0) spared++
        expect(outcome(plan, other)).toEqual(outcome(plan, input))
      }),
      { numRuns: bounded(200, 800), interruptAfterTimeLimit: 30_000 },
    )
    expect(spared).toBeGreaterThan(10)
  })
})

describe('passedOnColumns', () => {
  it('names only columns whose texts no step compares', () => {
    const plans = fc.record({ plan: tapes(300).map(tape => planOf(tape)), rows: tapes(1_000) })
    let passed = 0
    fc.assert(
      fc.property(plans, ({ plan, rows }) => {
        const source = sourceScope(plan).schema
        const texts = source.fields.filter(({ type }) => type.name === 'utf8').map(({ name }) => name)
        const names = [...passedOnColumns(source, plan.nodes)].filter(name => texts.includes(name))
        const input = rowsOf(rows, 40)
        // No two of their texts are equal.
        const apart = input.map((row, i) => ({ ...row, ...only(row, names, text => text && `${text}#${i}`) }))
        if (names.length > 0) passed++
        expect(withoutNumbers(outcome(plan, apart))).toEqual(outcome(plan, input))
      }),
      { numRuns: bounded(200, 800), interruptAfterTimeLimit: 30_000 },
    )
    expect(passed).toBeGreaterThan(10)
  })
})

function withoutNumbers(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/#\d+$/, '')
  if (Array.isArray(value)) return value.map(withoutNumbers)
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, withoutNumbers(each)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNumbers(each)]))
}

const only = (row: Row, names: readonly string[], change = (value: Value): Value => value): Row =>
  Object.fromEntries(names.map(name => [name, change(row[name]!)]))
