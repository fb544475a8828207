import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  count,
  cumulate,
  desc,
  f64,
  hopping,
  pipeline,
  schema,
  sum,
  timestamp,
  tumbling,
  utf8,
} from '../../src/index.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded } from '../bounded.ts'
import { type EarlyStep, earlyWindowsModel } from '../pipelines/early-windows-model.ts'
import { repeatedOrderModel } from '../pipelines/repeated-order-model.ts'
import { wanderingStep } from '../pipelines/wandering-time.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { watchWorkers } from './started-workers.ts'

watchWorkers()

const events = schema({ time: timestamp(), key: utf8(), value: f64() })
const START_MS = 503

/** What happens: a row, some of the clock's time passes, or the job ends at a checkpoint and another goes on from it. */
type Step = EarlyStep | 'goes on'

const windows = fc
  .record({
    kind: fc.constantFrom('tumbling', 'hopping', 'sampling', 'cumulate'),
    early: fc.constantFrom<Early>({ every: 5 }, { every: 7 }, { every: 30 }, { rows: 2 }, { everyEventTime: 4 }),
    allowedLateness: fc.constantFrom(0, 8, 40),
    firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
  })
  .map(({ kind, ...options }): AlignedSpec => {
    if (kind === 'tumbling') return tumbling(20, { offset: 1, ...options })
    if (kind === 'hopping') return hopping(25, 10, options)
    if (kind === 'sampling') return hopping(5, 15, { sampling: true, ...options })
    return cumulate(10, 30, { offset: -9, ...options })
  })

const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          step: wanderingStep,
          key: fc.constantFrom('a', 'b', 'c', 'd'),
          value: fc.integer({ min: -4, max: 4 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ passesMs: fc.integer({ min: 0, max: 12 }) }) },
      { weight: 1, arbitrary: fc.constant('goes on' as const) },
    ),
    { maxLength: 60, size: 'max' },
  )
  .map(all => {
    let [time, clockMs] = [-60, START_MS]
    return all.map((step): Step => {
      if (step === 'goes on') return step
      if ('passesMs' in step) return { clockMs: (clockMs += step.passesMs) }
      time += step.step
      return { time, key: step.key, value: step.value }
    })
  })

const build = (spec: AlignedSpec, outOfOrdernessMs: number, config: { maxBatch: number; engine: 'wasm' | 'js' }) =>
  pipeline(events, config)
    .eventTime('time', { outOfOrdernessMs })
    .keyBy('key')
    .window(spec)
    .aggregate(e => ({ n: count(), total: sum(e.value) }))

interface Runs {
  run(options: object): Promise<{
    pushMany(rows: readonly object[]): unknown
    flush(): Promise<void>
    checkpoint(): Promise<{ readonly bytes: Uint8Array }>
    stop(options: object): Promise<unknown>
    drain(): Promise<unknown>
  }>
}

/** Runs a plan through all that happens; rows that follow one another are pushed together. */
async function run(plan: Runs, all: readonly Step[], options: object = {}): Promise<Row[]> {
  const clock = new VirtualClock(START_MS)
  const out: Row[] = []
  const start = (restore?: Uint8Array) =>
    plan.run({ ...options, clock, sink: (row: Row) => void out.push(row), ...(restore && { restore }) })
  let job = await start()
  let rows: EarlyStep[] = []
  const settle = async () => {
    await job.pushMany(rows)
    rows = []
    await job.flush()
  }
  for (const step of all) {
    if (step === 'goes on') {
      await settle()
      const { bytes } = await job.checkpoint()
      await job.stop({ drain: false })
      job = await start(bytes)
    } else if ('clockMs' in step) {
      await settle()
      clock.advanceTo(step.clockMs)
      await job.flush()
    } else rows.push(step)
  }
  await settle()
  await job.drain()
  return out.map(row => ({ ...row, n: Number(row.n) }))
}

const happened = (all: readonly Step[]): readonly EarlyStep[] => [
  { clockMs: START_MS },
  ...all.filter((step): step is EarlyStep => step !== 'goes on'),
]
/** Those of each key in the order they came in. */
const byKey = (rows: readonly Row[]) => [...rows].sort((a, b) => `${a.key}`.localeCompare(`${b.key}`))

describe('early results while the clock goes on and jobs go on from checkpoints', () => {
  it.each(['wasm', 'js'] as const)(
    'are those of the rules, and so are conditions and orders behind (%s)',
    async engine => {
      await fc.assert(
        fc.asyncProperty(
          windows,
          steps,
          fc.constantFrom(0, 6, 50),
          fc.constantFrom(1, 2, 5, 64),
          async (spec, all, disorder, maxBatch) => {
            const { rows, firings } = earlyWindowsModel(spec, happened(all), disorder)
            const totals = build(spec, disorder, { maxBatch, engine })
            expect(await run(totals as Runs, all)).toEqual(rows)
            const few = totals.filter(r => r.key.ne('b'))
            expect(await run(few as Runs, all)).toEqual(rows.filter(({ key }) => key !== 'b'))
            const top = totals.topN(2, r => desc(r.total), { rank: 'place' })
            const { firing = 'accumulating' } = spec
            const compare = (a: Row, b: Row) => Number(b.total) - Number(a.total)
            expect(await run(top as Runs, all)).toEqual(
              repeatedOrderModel(firings, { firing, compare, limit: 2, rank: true }).flat(),
            )
          },
        ),
        { numRuns: bounded(12, 200) },
      )
    },
  )

  it('are those of the rules for each key on workers, and in stages', async () => {
    await fc.assert(
      fc.asyncProperty(
        windows,
        steps,
        fc.constantFrom(1, 5, 64),
        fc.constantFrom(1, 2, 4, 'stages'),
        async (spec, all, maxBatch, workers) => {
          const { rows } = earlyWindowsModel(spec, happened(all), 6)
          const config = { maxBatch, engine: 'wasm' } as const
          if (workers === 'stages') {
            const plan = build(spec, 6, config)
              .stage()
              .filter(r => r.n.gt(0))
            expect(await run(plan as Runs, all)).toEqual(rows)
          } else expect(byKey(await run(build(spec, 6, config) as Runs, all, { workers }))).toEqual(byKey(rows))
        },
      ),
      { numRuns: bounded(2, 40) },
    )
  })
})
