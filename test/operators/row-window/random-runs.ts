import fc from 'fast-check'
import type { RowWindowSpec } from '../../../src/time/row-windows.ts'
import { delay } from '../../../src/time/window-kinds/delay.ts'
import { externalTime } from '../../../src/time/window-kinds/external-time.ts'
import { externalTimeBatch } from '../../../src/time/window-kinds/external-time-batch.ts'
import { hoppingCount } from '../../../src/time/window-kinds/hopping-count.ts'
import { length } from '../../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../../src/time/window-kinds/length-batch.ts'
import { sort } from '../../../src/time/window-kinds/sort.ts'
import { time } from '../../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../../src/time/window-kinds/time-batch.ts'
import { timeLength } from '../../../src/time/window-kinds/time-length.ts'
import { unique } from '../../../src/time/window-kinds/unique.ts'
import type { ModelRow } from './window-models.ts'

/** Rows through a window, and how they are run. */
export interface Run {
  readonly spec: RowWindowSpec<'all'>
  readonly rows: readonly ModelRow[]
  readonly end: number
  readonly keyed: boolean
  readonly maxBatch: number
  readonly engine: 'wasm' | 'js'
}

const VALUES = [0, -0, 1, 1, 2.5, -3, 0.1, 1e16, -1e16, 1e-3, Number.NaN, Number.POSITIVE_INFINITY, 7, 1e300]

const rowsArbitrary = fc
  .array(
    fc.record({
      wait: fc.constantFrom(0, 0, 1, 3, 10, 10, 25, 100),
      lag: fc.integer({ min: -20, max: 20 }),
      k: fc.constantFrom('a', 'b', 'c'),
      v: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 6, arbitrary: fc.constantFrom(...VALUES) }),
    }),
    { maxLength: 40 },
  )
  .map(steps => {
    let at = 1_000
    return steps.map(({ wait, lag, k, v }, id): ModelRow => {
      at += wait
      return { id, at, ts: at + lag, k, v }
    })
  })

export const runArbitrary = (spec: fc.Arbitrary<RowWindowSpec<'all'>>): fc.Arbitrary<Run> =>
  fc
    .record({
      spec,
      rows: rowsArbitrary,
      end: fc.constantFrom(0, 5, 60, 1_000),
      keyed: fc.boolean(),
      maxBatch: fc.constantFrom(1, 3, 64),
      engine: fc.constantFrom('wasm' as const, 'js' as const),
    })
    .map(run => ({ ...run, end: (run.rows.at(-1)?.at ?? 1_000) + run.end }))

const all = { output: 'all', rows: 'all' } as const
const small = fc.integer({ min: 1, max: 7 })
const span = fc.constantFrom(1, 5, 10, 25, 60)

/** Random windows of each kind, all of whose rows come out. */
export const KINDS: Readonly<Record<string, fc.Arbitrary<RowWindowSpec<'all'>>>> = {
  length: small.map(n => length(n, { output: 'all' })),
  lengthBatch: fc
    .record({ n: small, emitIncomplete: fc.boolean() })
    .map(({ n, emitIncomplete }) => lengthBatch(n, { ...all, emitIncomplete })),
  'lengthBatch with streamCurrent': small.map(n => lengthBatch(n, { ...all, streamCurrent: true })),
  hoppingCount: fc
    .record({ every: small, more: fc.integer({ min: 0, max: 5 }), waitForFull: fc.boolean() })
    .map(({ every, more, waitForFull }) => hoppingCount(every + more, every, { ...all, waitForFull })),
  time: span.map(ms => time(ms, { output: 'all' })),
  timeLength: fc.record({ ms: span, n: small }).map(({ ms, n }) => timeLength(ms, n, { output: 'all' })),
  timeBatch: span.map(ms => timeBatch(ms, all)),
  'timeBatch with start': fc
    .record({ ms: span, start: fc.integer({ min: -50, max: 2_000 }) })
    .map(({ ms, start }) => timeBatch(ms, { ...all, start })),
  'timeBatch with streamCurrent': span.map(ms => timeBatch(ms, { ...all, streamCurrent: true })),
  delay: span.map(ms => delay(ms, { output: 'all' })),
  externalTime: span.map(ms => externalTime('ts', ms, { output: 'all' })),
  externalTimeBatch: fc
    .record({ ms: span, start: fc.constantFrom(undefined, 0, 7), stampWithEnd: fc.boolean() })
    .map(({ ms, start, stampWithEnd }) =>
      externalTimeBatch('ts', ms, { ...all, stampWithEnd, ...(start !== undefined && { start }) }),
    ),
  sort: fc
    .record({ n: small, direction: fc.constantFrom('asc' as const, 'desc' as const) })
    .map(({ n, direction }) => sort(n, [['v', direction], 'ts'], { output: 'all' })),
  unique: fc.constantFrom('k', 'v').map(column => unique(column, { output: 'all', unbounded: true })),
  'unique with ttl': span.map(ttl => unique(['k', 'v'], { output: 'all', ttl })),
}
