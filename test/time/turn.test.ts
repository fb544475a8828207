import { afterEach, expect, test, vi } from 'vitest'
import { nextTurn } from '../../src/time/turn.ts'

afterEach(() => vi.unstubAllGlobals())

async function timersRunBetweenTurns(): Promise<void> {
  let ticks = 0
  const timer = setInterval(() => ticks++, 0)
  for (let turn = 0; ticks < 2; turn++) {
    expect(turn).toBeLessThan(1_000_000)
    await nextTurn()
  }
  clearInterval(timer)
}

test('timers run between two turns', timersRunBetweenTurns)

test('also where there is no setImmediate', async () => {
  vi.stubGlobal('setImmediate', undefined)
  await timersRunBetweenTurns()
})

test('also where there is no MessageChannel either', async () => {
  vi.stubGlobal('setImmediate', undefined)
  vi.stubGlobal('MessageChannel', undefined)
  await timersRunBetweenTurns()
})
