import { describe, expect, it } from 'vitest'
import { externalTimeBatch } from '../../src/time/window-kinds/external-time-batch.ts'
import { hoppingCount } from '../../src/time/window-kinds/hopping-count.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import type { EngineCase, TimeCase } from './cases.ts'
import { type Emitted, runQuery } from './row-window-script.ts'
import { checksOf } from './suites.ts'

const values = (list: readonly number[]) => list.map(v => ({ data: { v } }))

const callOf = (aggregate = 'sum', column = 'v'): string => `${aggregate}(${aggregate === 'count' ? '' : column})`

/** Which values came out together: the count begins anew with each window. */
function windowsOf(emitted: readonly Emitted[]): unknown[][] {
  const windows: unknown[][] = []
  for (const row of emitted) {
    if (row['count()'] === 1) windows.push([])
    windows.at(-1)!.push(row.v)
  }
  return windows
}

/** What the cases of an area about counts and external time claim. */
const areasOn = (engine: 'wasm' | 'js'): Readonly<Record<string, (given: TimeCase) => Promise<void>>> => ({
  'window.count.agg': async ({ input, expected }) => {
    const call = callOf(input.agg)
    const emitted = await runQuery({ window: lengthBatch(input.size), select: [call] }, values(input.values), {
      engine,
    })
    expect(emitted.map(row => row[call])).toEqual(expected.emitted)
  },
  'window.count.hopping': async ({ input: { size, interval, waitForFull, values: list }, expected }) => {
    const query = { window: hoppingCount(size, interval, { waitForFull, rows: 'all' }), select: ['v', 'count()'] }
    const emitted = await runQuery(query, values(list), { engine })
    expect(windowsOf(emitted)).toEqual(expected.windows)
  },
  'window.length': async ({ input, expected }) => {
    const arrivals = values(Array.from({ length: input.events }, (_, i) => i + 1))
    const emitted = await runQuery({ window: length(input.length, { output: 'all' }) }, arrivals, { engine })
    const expired = emitted.filter(({ kind }) => kind === 'expired').map(({ v }) => v)
    expect(emitted.length - expired.length).toBe(expected.in)
    expect(expired).toHaveLength(expected.expired)
    if (expected.expiredOrder !== undefined) expect(expired).toEqual(expected.expiredOrder)
  },
  'window.tumbling.first_event_aligned': async ({ input, expected }) => {
    const arrivals = input.events.map(([cpu, ts]: [number, number]) => ({ data: { cpu, ts } }))
    const calls = (input.agg as readonly string[]).map(name => callOf(name, 'cpu'))
    const query = { window: externalTimeBatch('ts', input.size), select: calls, times: ['ts'] }
    const emitted = await runQuery(query, arrivals, { engine })
    expect(emitted.map(row => calls.map(call => row[call]))).toEqual(expected.emitted)
  },
})

const kindsOn = (engine: 'wasm' | 'js') => ({
  'count.hopping': async ({ input, expected }: EngineCase) => {
    const query = {
      window: hoppingCount(input.size, input.interval ?? input.size, { rows: 'all' }),
      select: ['v', 'count()'],
    }
    const emitted = await runQuery(query, values(input.events), { engine })
    const windows = windowsOf(emitted)
    expect(windows).toEqual(expected.map(({ window }: { window: number[] }) => window))
    // A window comes with the row that completes it: the at-th.
    expect(windows.map(window => window.at(-1))).toEqual(expected.map(({ at }: { at: number }) => input.events[at - 1]))
  },
})

describe.each(['wasm', 'js'] as const)('windows over rows on %s', engine => {
  const checks = checksOf('row-windows', { areas: areasOn(engine), kinds: kindsOn(engine) })
  for (const { name, check } of checks) it(name, check as () => Promise<void>)
})
