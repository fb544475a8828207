import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { avg, count, max, min, sum, varianceSample } from '../../src/expression/aggregates.ts'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { takingTurns } from '../bounded.ts'
import { type Dataset, datasets, type ExpectedWindow, floatEvents, inOrder, integerEvents } from './datasets.ts'

const BLOCK_ROWS = 1_000
const RELATIVE_TOLERANCE = 1e-9
const engines = ['wasm', 'js'] as const

/** The exact fields as they are, the rounded ones apart. */
function split(windows: readonly ExpectedWindow[], isInteger: boolean) {
  return {
    exact: windows.map(({ key, windowStart, windowEnd, count, sum, min, max, variance }) =>
      [key, windowStart, windowEnd, count, min, max, variance === null, ...(isInteger ? [sum] : [])].join(' '),
    ),
    rounded: windows.flatMap(({ sum, mean, variance }) => [sum, mean, variance ?? 0]),
  }
}

function expectWindows(rows: readonly unknown[], { expected, isInteger }: Dataset): void {
  const found = split(inOrder(rows as ExpectedWindow[]), isInteger)
  const wanted = split(expected, isInteger)
  expect(found.exact).toEqual(wanted.exact)
  const far = found.rounded.filter(
    (value, i) => !(Math.abs(value - wanted.rounded[i]!) <= RELATIVE_TOLERANCE * Math.abs(wanted.rounded[i]!)),
  )
  expect(far).toEqual([])
}

/** One row of results per key and window; `outOfOrdernessMs` as the way in needs it. Events differ in the type of one column. */
function windowPipeline(
  { window }: Dataset,
  engine: (typeof engines)[number],
  outOfOrdernessMs: number,
  events = floatEvents,
) {
  return pipeline(events, { engine })
    .eventTime('time', { outOfOrdernessMs })
    .keyBy('key')
    .window(window)
    .aggregate(e => ({
      count: count(),
      sum: sum(e.value),
      min: min(e.value),
      max: max(e.value),
      mean: avg(e.value),
      variance: varianceSample(e.value),
    }))
}

/** What events in order need: sessions wait for the other rows of the millisecond they end in, which still join them. */
const inOrderMs = ({ window }: Dataset): number => (window.kind === 'session' ? 1 : 0)

async function pushBlocks<E>(events: readonly E[], push: (block: readonly E[]) => unknown): Promise<void> {
  for (let at = 0; at < events.length; at += BLOCK_ROWS) {
    expect(await push(events.slice(at, at + BLOCK_ROWS))).toBe(true)
  }
}

/** Every row went through, none was late or lost. */
async function expectDrained(job: Job<never, unknown>, events: number): Promise<void> {
  expect(await job.drain()).toMatchObject({
    offered: events,
    accepted: events,
    delivered: events,
    numLateRecordsDropped: 0,
    evicted: 0,
    invalid: 0,
    failed: 0,
    abandoned: 0,
  })
}

it('every file of expected windows is one of a dataset', () => {
  const files = readdirSync(new URL('../data/expected/', import.meta.url))
  expect(new Set(datasets.map(({ expectedFile }) => expectedFile))).toEqual(new Set(files))
})

describe.each(datasets)('$name', dataset => {
  const { events } = dataset

  const turn = datasets.indexOf(dataset)

  it.each(takingTurns(turn, engines))('give the expected windows when pushed as columns, on %s', async engine => {
    const rows: unknown[] = []
    const job = await windowPipeline(dataset, engine, inOrderMs(dataset)).run({ sink: rows })
    await pushBlocks(events, block =>
      job.pushColumns({
        time: Float64Array.from(block, event => event.time),
        key: block.map(event => event.key),
        value: Float64Array.from(block, event => event.value),
      }),
    )
    await expectDrained(job as Job<never, unknown>, events.length)
    expect(job.engine).toBe(engine)
    expectWindows(rows, dataset)
  })

  it.each(takingTurns(turn + 1, engines))('give the expected windows when pushed as objects, on %s', async engine => {
    const rows: unknown[] = []
    const job = await windowPipeline(dataset, engine, inOrderMs(dataset)).run({ sink: rows })
    await pushBlocks(events, block => job.pushMany(block))
    await expectDrained(job as Job<never, unknown>, events.length)
    expectWindows(rows, dataset)
  })

  it.each(takingTurns(turn, engines))('give the expected windows when read from their files, on %s', async engine => {
    const rows: unknown[] = []
    const sources = dataset.sources()
    const job = await windowPipeline(dataset, engine, dataset.outOfOrdernessMs).run({ sources, sink: rows })
    await expect(job.done).resolves.toMatchObject({ delivered: events.length, numLateRecordsDropped: 0, invalid: 0 })
    expectWindows(rows, dataset)
  })

  if (!dataset.isInteger) return

  it.each(takingTurns(turn + 1, engines))('give the expected sums when values are i64, on %s', async engine => {
    const rows: Record<string, unknown>[] = []
    const job = await windowPipeline(dataset, engine, inOrderMs(dataset), integerEvents as never).run({
      sink: rows as unknown[],
    })
    await pushBlocks(events, block =>
      job.pushMany(block.map(event => ({ ...event, value: BigInt(event.value) })) as never),
    )
    await job.drain()
    for (const { sum, min, max } of rows) {
      if (typeof sum !== 'bigint' || typeof min !== 'bigint' || typeof max !== 'bigint') expect.fail('not a bigint')
    }
    expectWindows(
      rows.map(row => ({ ...row, sum: Number(row.sum), min: Number(row.min), max: Number(row.max) })),
      dataset,
    )
  })
})
