import { describe, expect, it } from 'vitest'
import type { MetricsLevel } from '../../src/metrics/metrics-snapshot.ts'
import { bounded } from '../bounded.ts'
import { type Pattern, soak } from './memory.harness.ts'

/** What a heap may differ by from one collection to the next: compiled code, feedback, the test runner's own. */
const NOISE_BYTES = 768 * 1024
/** A byte for every other event is more than noise. */
const MANY = 10_000_000
/** Of what differs from these in little. */
const FEWER = bounded(2_000_000, MANY)

async function expectFlat(engine: 'wasm' | 'js', pattern: Pattern, events: number, metrics?: MetricsLevel) {
  const { footprints, growths, rowsOut, accepted } = await soak(engine, pattern, events, metrics)
  const [first, , , last] = footprints
  expect(accepted).toBeGreaterThanOrEqual(events)
  expect(growths).toBe(0)
  expect(last!.stateBytes).toBeLessThanOrEqual(first!.stateBytes)
  expect(last!.heapBytes - first!.heapBytes).toBeLessThan(NOISE_BYTES)
  expect(last!.bufferBytes - first!.bufferBytes).toBeLessThan(NOISE_BYTES)
  return { rowsOut, accepted }
}

describe('the memory of a job that reads columns', () => {
  it.each([
    ['dense', MANY],
    ['sparse', FEWER],
  ] as const)('does not grow with the number of events on wasm, %s keys: %d of them', async (pattern, events) => {
    const { rowsOut, accepted } = await expectFlat('wasm', pattern, events)
    const windowRows = pattern === 'dense' ? 75_000 : 1_000
    // 1,000 keys a window; the last window may have seen a part of them only.
    expect(rowsOut).toBeLessThanOrEqual(Math.ceil(accepted / windowRows) * 1_000)
    expect(rowsOut).toBeGreaterThan((Math.ceil(accepted / windowRows) - 1) * 1_000)
  })

  it.each([false, 'detailed'] as const)('does not grow with the number of events under metrics: %s', async metrics => {
    await expectFlat('wasm', 'dense', FEWER, metrics)
  })

  it.each(['dense', 'sparse'] as const)('does not grow with the number of events on js, %s keys', async pattern => {
    await expectFlat('js', pattern, bounded(1e6, 2e6))
  })

  it.each([
    ['wasm', MANY],
    ['js', bounded(5e5, 1e6)],
  ] as const)(
    'does not grow with distinct strings through a window of 1,000 rows, on %s: %d of them',
    async (engine, events) => {
      const { rowsOut, accepted } = await expectFlat(engine, 'distinct strings', events)
      expect(rowsOut).toBe(accepted)
    },
    240_000,
  )
})
