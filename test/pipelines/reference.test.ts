import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AggregateName, ResultNode } from '../../src/expression/node.ts'
import type { LogicalNode, LogicalPlan } from '../../src/plan/logical-node.ts'
import { makePlan } from '../../src/plan/make-node.ts'
import { bounded } from '../bounded.ts'
import { planOf, rowsOf } from '../plan/plan-arbitraries.ts'
import { interpret } from '../plan/row-interpreter.ts'
import { Overflow, type Row } from '../plan/scalar-interpreter.ts'
import { tapes } from '../plan/tape.ts'
import { ENGINES, type Manner, type Outcome, runPlanRows, WAYS_IN } from './run-plan-rows.ts'

const ROWS = 120
/** A run that hangs is a failure; a long search for the smallest counterexample is not worth waiting for. */
const LIMITS = { timeout: 10_000, interruptAfterTimeLimit: 45_000 }

const manners = fc.record<Manner>({
  engine: fc.constantFrom(...ENGINES),
  maxBatch: fc.constantFrom(1, 2, 7, 64, 4096),
  bufferSize: fc.constantFrom(2, 3, 16, 65_536),
  way: fc.constantFrom(...WAYS_IN),
  blockRows: fc.constantFrom(1, 3, 50, 1000),
  stalls: fc.boolean(),
})
const plans = tapes(300).map(tape => planOf(tape, { functions: true }))
const inputs = tapes(2_000).map(tape => rowsOf(tape, ROWS))

/** What the rules of the language say comes out, one row at a time. */
function reference(plan: LogicalPlan, rows: readonly Row[]): Outcome {
  try {
    const { rows: out, branches, late } = interpret(plan, rows)
    return { rows: out, branches, late }
  } catch (error) {
    if (error instanceof Overflow) return { code: error.code }
    throw error
  }
}

const INEXACT: readonly AggregateName[] = ['variance', 'varianceSample', 'stdDev', 'stdDevSample']

/** The plan with sums for variances: the reference computes those in two passes, which rounds otherwise. */
function withoutVariance(plan: LogicalPlan): LogicalPlan {
  const exact = (result: ResultNode): ResultNode => {
    if (result.kind === 'aggregate') return INEXACT.includes(result.fn) ? { ...result, fn: 'sum' } : result
    return result.kind === 'call' ? { ...result, args: result.args.map(exact) } : result
  }
  const step = (node: LogicalNode): LogicalNode => {
    if (node.op === 'tee') return { ...node, plan: node.plan.map(step) }
    if (node.op !== 'windowAggregate') return node
    return { ...node, results: node.results.map(({ name, result }) => ({ name, result: exact(result) })) }
  }
  return makePlan(plan.source, plan.nodes.map(step))
}

it('a plan gives the rows of the reference, in its order, however it is run', async () => {
  const seen = { late: 0, overflow: 0, branches: 0 }
  await fc.assert(
    fc.asyncProperty(plans.map(withoutVariance), inputs, manners, async (plan, rows, manner) => {
      const wanted = reference(plan, rows)
      expect(await runPlanRows(plan, rows, manner)).toEqual(wanted)
      if ('code' in wanted) seen.overflow++
      else {
        if (wanted.late > 0) seen.late++
        if (wanted.branches.size > 0) seen.branches++
      }
    }),
    { ...LIMITS, numRuns: bounded(120, 400) },
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5)
})

it('a plan gives the same rows bit for bit in two manners of running, variances included', async () => {
  await fc.assert(
    fc.asyncProperty(plans, inputs, manners, manners, async (plan, rows, manner, other) => {
      expect(await runPlanRows(plan, rows, manner)).toEqual(await runPlanRows(plan, rows, other))
    }),
    { ...LIMITS, numRuns: bounded(60, 250) },
  )
})
