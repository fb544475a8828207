import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import type { AggregateName, ResultNode } from '../../src/expression/node.ts'
import { pipeline } from '../../src/packaged.ts'
import type { LogicalPlan } from '../../src/plan/logical-node.ts'
import { eventTimeNode, makePlan, windowAggregateNode } from '../../src/plan/make-node.ts'
import { fieldSpecs } from '../../src/plan/plan-scope.ts'
import { boundedOutOfOrderness } from '../../src/plan/watermarks.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { interpret, type Observed } from '../plan/row-interpreter.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { ENGINES, type Manner, manner, runPlanRows } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), key: utf8(), other: i32().nullable(), value: f64().nullable() })

const aggregate = (fn: AggregateName, column?: string): ResultNode => ({
  kind: 'aggregate',
  fn,
  args: column === undefined ? [] : [{ kind: 'column', name: column }],
})
const results = [
  { name: 'n', result: aggregate('count') },
  { name: 'some', result: aggregate('count', 'value') },
  { name: 'total', result: aggregate('sum', 'value') },
  { name: 'low', result: aggregate('min', 'value') },
  { name: 'high', result: aggregate('max', 'value') },
  { name: 'one', result: aggregate('first', 'value') },
  { name: 'end', result: aggregate('last', 'value') },
  { name: 'who', result: aggregate('last', 'key') },
]

const lateness = fc.record(
  {
    allowedLatenessMs: fc.constantFrom(0, 3, 20, 60),
    firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
    lateTo: fc.constant('late'),
    emit: fc.constant('onUpdate'),
  },
  { requiredKeys: [] },
)
const below = (limit: number, seed: number) => (seed % (2 * limit - 1)) - limit + 1
const length = fc.integer({ min: 1, max: 30 })
const spec: fc.Arbitrary<AlignedSpec> = fc
  .tuple(fc.constantFrom('tumbling', 'hopping', 'hopping', 'hopping', 'cumulate'), length, length, fc.nat(), lateness)
  .map(([kind, a, b, seed, late]) => {
    if (kind === 'tumbling') return { kind, sizeMs: a, offsetMs: below(a, seed), ...late }
    if (kind === 'hopping')
      return {
        kind,
        sizeMs: a,
        slideMs: b,
        offsetMs: below(b, seed),
        ...(b > a && { sampling: true as const }),
        ...late,
      }
    const steps = 1 + (b % 8)
    return { kind: 'cumulate', stepMs: a, maxMs: a * steps, offsetMs: below(a * steps, seed), ...late }
  })

/** Rows whose times wander; steps are mostly small, some jump over many windows, some back. */
const rows = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 12, arbitrary: fc.integer({ min: -4, max: 8 }) },
        { weight: 2, arbitrary: fc.integer({ min: -40, max: 20 }) },
        { weight: 1, arbitrary: fc.integer({ min: 100, max: 300 }) },
      ),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      other: fc.constantFrom(null, 1, 2),
      value: fc.option(fc.integer({ min: -9, max: 9 }), { nil: null }),
    }),
    { maxLength: 120, size: 'max' },
  )
  .map(given => {
    let time = -60
    return given.map(({ step, ...row }): Row => {
      time += step
      return { time, ...row }
    })
  })

const plans = fc
  .tuple(spec, fc.constantFrom(0, 2, 15, 50), fc.subarray(['key', 'other']), fc.constantFrom(0, 10))
  .map(([window, outOfOrdernessMs, keys, allowedLatenessMs]) =>
    makePlan(fieldSpecs(events), [
      eventTimeNode({ column: 'time', watermarks: boundedOutOfOrderness(outOfOrdernessMs), allowedLatenessMs }),
      windowAggregateNode(keys, window, results),
    ]),
  )

/** Rows of one firing may come in another order where a key first came late; those of the reference are in slice order. */
const anyOrderOfKeys = (given: readonly Row[]): unknown => {
  const text = given.map(row => JSON.stringify(row, (_key, value) => (Object.is(value, -0) ? '-0' : value)))
  const firings: string[][] = []
  given.forEach(({ windowEnd }, i) => {
    if (i > 0 && given[i - 1]!.windowEnd === windowEnd) firings.at(-1)!.push(text[i]!)
    else firings.push([text[i]!])
  })
  return firings.map(firing => firing.sort())
}

async function expectReference(plan: LogicalPlan, input: readonly Row[], how: Manner): Promise<Observed> {
  const observed = { stragglers: 0 }
  const wanted = interpret(plan, input, observed)
  const found = await runPlanRows(plan, input, how)
  if (observed.stragglers === 0) expect(found).toEqual(wanted)
  else {
    if ('code' in found) expect.fail(found.code)
    expect({ ...found, rows: anyOrderOfKeys(found.rows) }).toEqual({ ...wanted, rows: anyOrderOfKeys(wanted.rows) })
  }
  return observed
}

describe('tumbling, hopping and cumulating windows', () => {
  it.each(ENGINES)('give what every row in each of its windows gives, on %s', async engine => {
    let stragglers = 0
    await fc.assert(
      fc.asyncProperty(
        plans,
        rows,
        fc.constantFrom(1, 7, 64, 4096),
        fc.boolean(),
        async (plan, input, size, stalls) => {
          stragglers += (await expectReference(plan, input, manner(engine, size, stalls))).stragglers
        },
      ),
      { numRuns: bounded(60, 250) },
    )
    expect(stragglers).toBeGreaterThan(10)
  })

  it('give the same rows in the same order in batches of 1, 7, 64 and 4,096, on both engines', async () => {
    await fc.assert(
      fc.asyncProperty(plans, rows, async (plan, input) => {
        const whole = await runPlanRows(plan, input, manner('js', 4096))
        for (const engine of ENGINES)
          for (const size of [1, 7, 64]) expect(await runPlanRows(plan, input, manner(engine, size))).toEqual(whole)
      }),
      { numRuns: bounded(12, 50) },
    )
  })

  it.each(ENGINES)('take the first and the last instant there are, and lose neither, on %s', async engine => {
    const latest = Number.MAX_SAFE_INTEGER
    const input = [-latest, 0, latest].map(time => ({ time, key: 'a', value: 1 }))
    for (const window of [tumbling(1), tumbling(3), tumbling(10), hopping(10, 5), hopping(12, 5), cumulate(5, 10)]) {
      const stream = pipeline(events).eventTime('time').window(window)
      const { plan } = stream.aggregate(() => ({ n: count() }))
      const found = await runPlanRows(plan, input, manner(engine, 1))
      if ('code' in found) expect.fail(found.code)
      expect(found.late).toBe(0)
      for (const { time } of input)
        expect(
          found.rows.filter(row => (row.windowStart as number) <= time && time < (row.windowEnd as number)),
        ).not.toEqual([])
    }
  })
})
