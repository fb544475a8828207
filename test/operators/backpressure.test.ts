import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Processor } from '../../src/connector/processor.ts'
import { EventfluxError } from '../../src/errors.ts'
import { count, first, max, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import type { LogicalPlan } from '../../src/plan/logical-node.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { planOf, rowsOf } from '../plan/plan-arbitraries.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { tapes } from '../plan/tape.ts'
import { ENGINES } from './batch-fixture.ts'
import { type ChainRun, runChain } from './chain-run.ts'

const MAX_BATCH = 16

const events = schema({ time: timestamp(), key: utf8(), value: i32() })
const eventRows = (numbers: readonly number[]): Row[] =>
  numbers.map((n, i) => ({ time: i * 40 - (n % 5) * 90, key: `k${n % 4}`, value: n }))

/** Emits none to three rows of each, and one of its own at every watermark that is new to it. */
const scatter = (): Processor<{ time: number; key: string; value: number }, { at: number; key: string }> => {
  let seen = 0
  return {
    process(row, emit) {
      seen++
      for (let i = 0; i < row.value % 4; i++) emit({ at: row.time + i, key: row.key })
    },
    onWatermark(watermark, emit) {
      if (Number.isFinite(watermark)) emit({ at: watermark, key: `seen ${seen}` })
    },
  }
}

const source = pipeline(events)
const timed = source.eventTime('time', { outOfOrdernessMs: 100, allowedLatenessMs: 200 })
const scattered = schema({ at: timestamp(), key: utf8() })
const windowed = timed.keyBy('key').window(tumbling(250))

/** Every operator there is, by itself and among others. */
const PLANS: Record<string, LogicalPlan> = {
  filter: source.filter(e => e.value.mod(3).ne(0)).plan,
  'a filter few rows pass': source.filter(e => e.value.mod(11).eq(0)).plan,
  project: source.project(e => ({ twice: e.value.mul(2), key: e.key })).plan,
  'event time': timed.plan,
  'event time below a filter': source.filter(e => e.value.mod(2).eq(0)).eventTime('time').plan,
  'a window': windowed.aggregate(e => ({ n: count(), high: max(e.value), name: first(e.key) })).plan,
  'a window without keys': timed.window(tumbling(100)).aggregate(e => ({ total: sum(e.value) })).plan,
  'a window over a window': windowed
    .aggregate(e => ({ n: count(), high: max(e.value) }))
    .window(tumbling(1000))
    .aggregate(e => ({ windows: count(), rows: sum(e.n) })).plan,
  filterRows: timed.filterRows(row => row.value % 3 !== 0).plan,
  mapRows: timed.mapRows(events, row => ({ ...row, value: row.value + 1 })).plan,
  process: timed.process(scattered, scatter).plan,
  'process above a window': timed
    .process(scattered, scatter)
    .eventTime('at')
    .keyBy('key')
    .window(tumbling(300))
    .aggregate(() => ({ n: count() })).plan,
  'a branch': timed
    .tee('side', side => side.filter(e => e.value.gt(5)))
    .keyBy('key')
    .window(tumbling(250))
    .aggregate(() => ({ n: count() })).plan,
  'user code in a row': timed
    .filterRows(row => row.value % 5 !== 0)
    .mapRows(events, row => ({ ...row, key: `${row.key}!` }))
    .filter(e => e.value.gt(2))
    .process(events, () => ({
      process: (row, emit) => {
        emit(row)
        emit(row)
      },
    })).plan,
}

/** A run, or the code of the error that ended it. */
function attempt(run: () => ChainRun): ChainRun | string {
  try {
    return run()
  } catch (error) {
    if (error instanceof EventfluxError) return error.code
    throw error
  }
}

const cut = (rows: readonly Row[], sizes: readonly number[]): Row[][] => {
  const batches: Row[][] = []
  for (let at = 0, i = 0; at < rows.length; at += sizes[i % sizes.length]!, i++)
    batches.push(rows.slice(at, at + sizes[i % sizes.length]!))
  return batches
}
const sizes = fc.array(fc.integer({ min: 1, max: MAX_BATCH }), { minLength: 1, maxLength: 8 })
const fullEvery = fc.constantFrom(1, 2, 2, 3, 5)

describe.each(ENGINES)('below an end that is full every other call, on the %s engine', engine => {
  it.each(Object.keys(PLANS))('%s sends the same, and nothing while it is full', name => {
    let refusals = 0
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { minLength: 1, maxLength: 120 }),
        sizes,
        fullEvery,
        (numbers, batchSizes, every) => {
          const batches = cut(eventRows(numbers), batchSizes)
          const run = (fullEvery: number) => runChain(PLANS[name]!, batches, { engine, maxBatch: MAX_BATCH, fullEvery })
          const reluctant = run(every)
          expect(reluctant.arrivals).toEqual(run(0).arrivals)
          refusals += reluctant.refusals
        },
      ),
      { numRuns: bounded(10, 40) },
    )
    expect(refusals).toBeGreaterThan(bounded(2, 10))
  })

  it('any plan sends the same, and nothing while it is full', () => {
    let refusals = 0
    fc.assert(
      fc.property(
        tapes(300).map(tape => planOf(tape, { functions: true })),
        tapes(1_000),
        sizes,
        fullEvery,
        (plan, tape, batchSizes, every) => {
          const batches = cut(rowsOf(tape, 60), batchSizes)
          const run = (fullEvery: number) =>
            attempt(() => runChain(plan, batches, { engine, maxBatch: MAX_BATCH, fullEvery }))
          const [reluctant, ready] = [run(every), run(0)]
          if (typeof reluctant === 'string' || typeof ready === 'string') expect(reluctant).toEqual(ready)
          else {
            expect(reluctant.arrivals).toEqual(ready.arrivals)
            refusals += reluctant.refusals
          }
        },
      ),
      { numRuns: bounded(60, 200) },
    )
    expect(refusals).toBeGreaterThan(bounded(60, 200))
  })
})
