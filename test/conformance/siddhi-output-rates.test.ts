import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import type { OutputRate } from '../../src/pipeline/output-step.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import type { OutputKind } from '../../src/plan/output-rate.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import { time } from '../../src/time/window-kinds/time.ts'

/*
 * Siddhi's own tests of output rate limiting (io.siddhi.core.query.ratelimit), which the files of data don't have, with
 * the rows they send, the pauses they make and the numbers they expect. What is still held when they end stays unseen.
 */

const logins = schema({ ip: utf8(), calls: i32() })
const start = (engine: 'wasm' | 'js') => pipeline(logins, { engine })

/** The last part of an address; a number is a pause in milliseconds. */
type Step = string | number | { readonly ip: string; readonly calls: number }

async function outputOf(stream: unknown, steps: readonly Step[]): Promise<Record<string, unknown>[]> {
  const clock = new VirtualClock(0)
  const rows: Record<string, unknown>[] = []
  const job = await (stream as Pipeline).run({ clock, sink: row => void rows.push({ ...row, at: clock.now() }) })
  for (const step of steps) {
    if (typeof step === 'number') clock.advance(step)
    else job.push(typeof step === 'string' ? { ip: step, calls: 1 } : step)
    await job.flush()
  }
  const seen = [...rows]
  await job.stop()
  return seen
}

const FIVE = ['5', '3', '9', '4', '3']
const EIGHT = ['5', '5', '3', '9', '4', '4', '4', '30']

/** The test, the rule, what is sent, and the addresses that come out. */
const BY_ROWS: readonly (readonly [number, OutputKind, OutputRate<'ip'>, readonly string[], readonly string[]])[] = [
  [1, 'all', { everyRows: 2 }, ['3', '3', '4', '3', '5'], ['3', '3', '4', '3']],
  [3, 'all', { everyRows: 5 }, EIGHT, EIGHT.slice(0, 5)],
  [4, 'first', { everyRows: 2 }, FIVE, ['5', '9', '3']],
  [5, 'first', { everyRows: 3 }, FIVE, ['5', '4']],
  [6, 'last', { everyRows: 2 }, ['3', '5', '3', '4', '3'], ['5', '4']],
  [7, 'last', { everyRows: 4 }, ['3', '5', '3', '4', '3'], ['4']],
  [8, 'first', { everyRows: 5, by: ['ip'] }, EIGHT, ['5', '3', '9', '4', '30']],
  [9, 'last', { everyRows: 5, by: ['ip'] }, EIGHT, ['5', '3', '9', '4']],
  [
    10,
    'first',
    { everyRows: 5, by: ['ip'] },
    ['5', '5', '3', '9', '4', '4', '4', '4', '4', '30'],
    ['5', '3', '9', '4', '30'],
  ],
  [11, 'last', { everyRows: 5, by: ['ip'] }, [...EIGHT, '3', '30'], ['5', '3', '9', '4', '4', '30', '3']],
]

const PAUSED: readonly Step[] = ['5', '3', 1_100, '9', '4', 1_100, '30', 1_000]
const BY_TIME: readonly (readonly [number, OutputKind, OutputRate<'ip'>, readonly Step[], readonly string[]])[] = [
  [1, 'all', { every: '1s' }, [...PAUSED, 1_000, '40', 1_000], ['5', '3', '9', '4', '30', '40']],
  [4, 'first', { every: '1s' }, PAUSED, ['5', '9', '30']],
  [5, 'last', { every: '1s' }, PAUSED, ['3', '4', '30']],
  [
    6,
    'first',
    { every: '1s', by: ['ip'] },
    ['5', '5', '3', '9', '4', 1_100, '4', '4', '30', 1_000],
    ['5', '3', '9', '4', '4', '30'],
  ],
]

describe.each(['wasm', 'js'] as const)('Siddhi, output rates on %s', engine => {
  it.each(BY_ROWS)('EventOutputRateLimit test%i: %s every %o', async (_, which, rate, steps, expected) => {
    const rows = await outputOf(start(engine).output(which, rate), steps)
    expect(rows.map(({ ip }) => ip)).toEqual(expected)
  })

  it('EventOutputRateLimit test12: the last of each group, over batches that give a row for each', async () => {
    const stream = start(engine)
      .window(lengthBatch(4))
      .aggregate(() => ({ total: count() }), { groupBy: ['ip'] })
      .output('last', { everyRows: 5, by: ['ip'] })
    const rows = await outputOf(stream, ['5', '3', '3', '9', '3', '4', '4', '4', '30', '31', '32', '33'])
    expect(rows.map(({ ip, total }) => [ip, total])).toEqual([
      ['5', 1],
      ['3', 1],
      ['9', 1],
      ['4', 3],
    ])
  })

  it('EventOutputRateLimit test13: the last of two batches', async () => {
    const stream = start(engine)
      .window(lengthBatch(4))
      .aggregate((_, row) => ({ ip: row.ip, total: count() }))
      .output('last', { everyRows: 2 })
    const rows = await outputOf(stream, ['5', '3', '3', '9', '3', '4', '4', '4', '30', '31', '32', '33'])
    expect(rows.map(({ ip }) => ip)).toEqual(['4'])
  })

  it.each(BY_TIME)('TimeOutputRateLimit test%i: %s every %o', async (_, which, rate, steps, expected) => {
    const rows = await outputOf(start(engine).output(which, rate), steps)
    expect(rows.map(({ ip }) => ip)).toEqual(expected)
  })

  it.each([
    [1, ['5', 10, '3', 1_000], ['3']],
    [2, [1_200, '5', 500, '3', 2_200], ['3', '3']],
    [3, ['5', 100, '3', 2_200, '9', 100, '4', 1_100], ['3', '3', '4']],
  ] as const)('SnapshotOutputRateLimit test%i: the last row, again and again', async (_, steps, expected) => {
    const rows = await outputOf(start(engine).output('snapshot', { every: '1s' }), steps)
    expect(rows.map(({ ip }) => ip)).toEqual(expected)
  })

  it('SnapshotOutputRateLimit test4: the last row of each group', async () => {
    const rows = await outputOf(start(engine).output('snapshot', { every: '1s', by: ['ip'] }), [
      1_100,
      '5',
      '3',
      2_200,
      '5',
      '4',
      1_200,
    ])
    expect(rows.map(({ at, ip }) => [at, ip])).toEqual([
      [2_000, '5'],
      [2_000, '3'],
      [3_000, '5'],
      [3_000, '3'],
      [4_000, '5'],
      [4_000, '3'],
      [4_000, '4'],
    ])
  })

  it('SnapshotOutputRateLimit test5_1: the aggregates of a window, group by group', async () => {
    const stream = start(engine)
      .window(time('2s', { output: 'all' }))
      .aggregate(e => ({ totalCalls: count(), calls: sum(e.calls) }), { groupBy: ['ip'] })
      .output('snapshot', { every: '1s', by: ['ip'] })
    const rows = await outputOf(stream, [
      1_100,
      { ip: '5', calls: 3 },
      { ip: '3', calls: 6 },
      { ip: '5', calls: 2 },
      { ip: '3', calls: 10 },
      1_900,
    ])
    expect(rows.map(({ at, ip, totalCalls, calls }) => [at, ip, totalCalls, calls])).toEqual([
      [2_000, '5', 2, 5],
      [2_000, '3', 2, 16],
      [3_000, '5', 2, 5],
      [3_000, '3', 2, 16],
    ])
  })

  it('a snapshot of the rows of a window is what it holds', async () => {
    const stream = start(engine)
      .window(time('2s', { output: 'all' }))
      .rows()
      .output('snapshot', { every: '1s' })
    const rows = await outputOf(stream, ['5', 500, '3', 700, '5', 3_000])
    expect(rows.map(({ at, ip }) => [at, ip])).toEqual([
      [1_000, '5'],
      [1_000, '3'],
      // What leaves at that very instant is there until then.
      [2_000, '5'],
      [2_000, '3'],
      [2_000, '5'],
      [3_000, '5'],
    ])
  })
})
