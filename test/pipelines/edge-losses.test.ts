import { describe, expect, test } from 'vitest'
import { openMetricsText } from '../../src/exporters/openmetrics.ts'
import type { PressureEvent } from '../../src/metrics/pressure-monitor.ts'
import { pipeline } from '../../src/packaged.ts'
import type { BackpressureStrategy } from '../../src/plan/backpressure-strategy.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const numbers = schema({ n: f64() })

/** A job behind whose edge of four rows a sink takes a row and keeps it until it is let go; a hundred events, one after another. */
async function floodedJob(backpressure: BackpressureStrategy) {
  const clock = new VirtualClock(0)
  const waiting: (() => void)[] = []
  const job = await pipeline(numbers, { bufferSize: 4, backpressure }).run({
    clock,
    sink: () => new Promise<void>(resolve => waiting.push(resolve)),
  })
  const answers = Array.from({ length: 100 }, (_, n) => job.push({ n }))
  clock.advance(10_000)
  await Promise.all(answers)
  return {
    job,
    async end() {
      const ended = job.drain()
      for (let left = true; left; ) {
        for (const letGo of waiting.splice(0)) letGo()
        left = await Promise.race([ended.then(() => false), new Promise<true>(resolve => setTimeout(resolve, 0, true))])
      }
      return ended
    },
  }
}

describe('the edge in front of a job', () => {
  test.each<[BackpressureStrategy, string, string]>([
    ['drop-oldest', 'evicted', 'reduce-load'],
    ['drop-newest', 'rejectedFull', 'reduce-load'],
    [{ kind: 'block', timeoutMs: 5 }, 'rejectedTimeout', 'adjust-timeout'],
    [{ kind: 'circuit-breaker', failureThreshold: 1, recoveryMs: 1e6 }, 'rejectedCircuitOpen', 'check-downstream'],
  ])('under %j tells what it lost, and the advice goes by it', async (strategy, name, kind) => {
    const { job, end } = await floodedJob(strategy)
    const { edges, counters } = job.metrics()
    const lost = edges[0] as unknown as Record<string, number>
    expect(lost[name]).toBeGreaterThan(90)
    for (const each of ['evicted', 'rejectedFull', 'rejectedTimeout', 'rejectedCircuitOpen'] as const)
      expect([each, lost[each]]).toEqual([each, counters[each]])
    expect(job.recommend()).toContainEqual(expect.objectContaining({ kind, edge: edges[0]!.name }))
    await end()
  })

  test('and those in front of sinks have names of their own, so that each has its series', async () => {
    const { job, end } = await floodedJob('drop-newest')
    expect(job.metrics().edges.map(edge => edge.name)).toEqual(['source→job', 'job→sink'])
    const series = openMetricsText({ bare: job })
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => line.slice(0, line.lastIndexOf(' ')))
    expect(new Set(series).size).toBe(series.length)
    await end()
  })

  test('are empty when the job has ended, and the pressure that was told is taken back', async () => {
    const { job, end } = await floodedJob('drop-newest')
    const told: PressureEvent[] = []
    job.onPressure(event => told.push(event))
    await end()
    expect(job.metrics().edges.map(({ depth }) => depth)).toEqual([0, 0])
    const last = new Map(told.map(({ edge, state }) => [edge, state]))
    expect([...last].filter(([, state]) => state === 'over')).toEqual([])
  })
})
