import { describe, expect, it } from 'vitest'
import { count, first, last, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import type { NumberExpression } from '../../src/expression/expression.ts'
import { pipeline } from '../../src/packaged.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import type { WindowSpec } from '../../src/time/windows.ts'
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

const BATCHES = [1, 7, 64, 4_096]
const ENGINES = ['wasm', 'js'] as const
const ROWS = eventRows(300)

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

async function expectTheSame(build: Parameters<typeof resultsOf>[0]) {
  const wanted = await resultsOf(build, 'js', 1)
  for (const engine of ENGINES)
    for (const maxBatch of BATCHES)
      expect(await resultsOf(build, engine, maxBatch), `${engine}, ${maxBatch}`).toEqual(wanted)
  return wanted
}

const named = (windows: Readonly<Record<string, Readonly<Record<string, WindowSpec>>>>) =>
  Object.entries(windows).flatMap(([kind, manners]) =>
    Object.entries(manners).map(([manner, window]) => [`${kind}, ${manner}`, window] as const),
  )

describe('batches of 1, 7, 64 and 4,096 rows give the same', () => {
  it.each(named(WINDOWS))('%s', async (_, window) => {
    const given = window.kind === 'global' ? { ...window, unbounded: true, fireAtEnd: true } : window
    const { results, late } = await expectTheSame(
      stream =>
        stream
          .keyBy('key')
          .window(given as never)
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
})
