import { describe, expect, it } from 'vitest'
import { count, first, last, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import type { NumberExpression } from '../../src/expression/expression.ts'
import { asc } from '../../src/expression/ordering.ts'
import { pipeline } from '../../src/packaged.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { everyInterval } from '../../src/time/triggers.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { tumbling, type WindowSpec } from '../../src/time/windows.ts'
import { bounded, takingTurns } from '../bounded.ts'
import { textOf } from '../threads/events.ts'
import { ROW_WINDOWS, WINDOWS } from './every-window.ts'
import { eventRows, events } from './state-events.ts'

/*
 * What a window gives, in which order, and which rows are late for it hangs on the rows and on nothing else.
 */

/** What tells the rows of a window, and their order. */
const aggregates = ({ n }: { n: NumberExpression<boolean, 'row'> }) => ({
  rows: count(),
  total: sum(n),
  first: first(n),
  last: last(n),
  all: collect(n, { max: 20 }),
})

/** Each size on an engine, in the long form on both. */
const RUNS = [1, 7, 64, 4_096].flatMap((maxBatch, turn) =>
  takingTurns(turn, ['wasm', 'js'] as const).map(engine => [engine, maxBatch] as const),
)
const FEWER_RUNS: typeof RUNS = [
  ['wasm', 7],
  ['js', 4_096],
]
const ROWS = eventRows(bounded(200, 300))

type Stream = ReturnType<typeof streamOf>
const streamOf = (engine: 'wasm' | 'js', maxBatch: number) =>
  pipeline(events, { engine, maxBatch, bufferSize: 8_192 }).eventTime('time', { outOfOrdernessMs: 10 })

async function resultsOf(
  build: (stream: Stream) => { run(options: never): Promise<unknown> },
  engine: 'wasm' | 'js',
  maxBatch: number,
) {
  const results: string[] = []
  const job = (await build(streamOf(engine, maxBatch)).run({
    clock: new VirtualClock(0),
    sink: (row: object) => void results.push(textOf(row as never)),
  } as never)) as { pushMany(rows: readonly object[]): unknown; drain(): Promise<{ numLateRecordsDropped: number }> }
  await job.pushMany(ROWS)
  const { numLateRecordsDropped: late } = await job.drain()
  return { results, late }
}

async function expectTheSame(build: Parameters<typeof resultsOf>[0], runs: typeof RUNS = RUNS) {
  const wanted = await resultsOf(build, 'js', 1)
  for (const [engine, maxBatch] of runs)
    expect(await resultsOf(build, engine, maxBatch), `${engine}, ${maxBatch}`).toEqual(wanted)
  return wanted
}

/** Windows that give results on the way of the watermark, and not only when it ends them. */
const SECOND: Readonly<Record<string, WindowSpec>> = {
  'early results by rows': tumbling(60, { early: { rows: 2 } }),
  'early results by the watermark': tumbling(60, { early: { everyEventTime: 10 } }),
  'a trigger by the watermark': globalWindow({ trigger: everyInterval(20) }),
}

const named = (windows: Readonly<Record<string, Readonly<Record<string, WindowSpec>>>>) =>
  Object.entries(windows).flatMap(([kind, manners]) =>
    Object.entries(manners).map(([manner, window]) => [`${kind}, ${manner}`, window] as const),
  )

/** Global windows give what they hold at the end, so that all of it is compared. */
const atLast = (window: WindowSpec): object =>
  window.kind === 'global' ? { ...window, unbounded: true, fireAtEnd: true } : window

describe('batches of 1, 7, 64 and 4,096 rows give the same', () => {
  it.each(named(WINDOWS))('%s', async (_, window) => {
    const { results, late } = await expectTheSame(
      stream =>
        stream
          .keyBy('key')
          .window(atLast(window) as never)
          .aggregate(aggregates as never) as never,
    )
    expect(results.length).toBeGreaterThan(0)
    if (window.kind === 'tumbling' && window.allowedLatenessMs === undefined) expect(late).toBeGreaterThan(0)
  })

  it.each(Object.entries(ROW_WINDOWS))('%s', async (_, window) => {
    await expectTheSame(
      stream =>
        stream
          .keyBy('key')
          .window(window as RowWindowSpec<'current'>)
          .rows() as never,
    )
  })

  it.each(
    named(WINDOWS).flatMap(([name, window], turn) =>
      takingTurns(turn, Object.entries(SECOND)).map(([second, to]) => [name, second, window, to] as const),
    ),
  )('%s, and behind it %s', async (_, __, window, to) => {
    await expectTheSame(
      stream =>
        stream
          .filter(({ n }) => n.mod(3).ne(0))
          .keyBy('key')
          .window(atLast(window) as never)
          .aggregate((({ n }: { n: NumberExpression<boolean, 'row'> }) => ({ n: sum(n), rows: count() })) as never)
          .keyBy('key' as never)
          .window(atLast(to) as never)
          .aggregate(aggregates as never) as never,
      FEWER_RUNS,
    )
  })

  it.each(Object.entries(SECOND))('the first rows of each window, and behind them %s', async (_, to) => {
    await expectTheSame(
      stream =>
        stream
          .keyBy('key')
          .window(tumbling(25))
          .topRows(2, ({ n }) => asc(n))
          .keyBy('key')
          .window(atLast(to) as never)
          .aggregate(aggregates as never) as never,
    )
  })
})
