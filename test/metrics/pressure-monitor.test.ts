import { describe, expect, it } from 'vitest'
import { EdgeMetrics } from '../../src/metrics/edge-metrics.ts'
import { OperatorMetrics } from '../../src/metrics/operator-metrics.ts'
import { type PressureEvent, PressureMonitor, type PressureMonitorOptions } from '../../src/metrics/pressure-monitor.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const CAPACITY = 65_536

/** A chain source → window → join → sink 'db' and the events seen so far. */
function watch(options?: PressureMonitorOptions, strategy = 'block') {
  const clock = new VirtualClock()
  const stages = ['source', 'window', 'join', "sink 'db'"]
  const edges = stages
    .slice(1)
    .map((to, i) => new EdgeMetrics(clock, { from: stages[i]!, to, capacity: CAPACITY, strategy }))
  const events: PressureEvent[] = []
  const monitor = new PressureMonitor(edges, event => events.push(event), options)
  const depths = (...rows: number[]) => {
    for (const [i, depth] of rows.entries()) edges[i]!.onDepth(depth)
    monitor.check()
    return events.splice(0)
  }
  return { depths }
}

describe('PressureMonitor', () => {
  it('says so once when an edge goes over 80 %, and once when it is back under 50 %', () => {
    const { depths } = watch()
    expect(depths(52_428)).toEqual([])
    expect(depths(52_429)).toHaveLength(1)
    expect(depths(CAPACITY)).toEqual([])
    expect(depths(40_000)).toEqual([])
    expect(depths(60_000)).toEqual([])
    expect(depths(32_768)).toEqual([])
    const [back, ...more] = depths(32_767)
    expect(back).toMatchObject({ state: 'under', edge: 'source→window', depth: 32_767, capacity: CAPACITY })
    expect(more).toEqual([])
    expect(depths(60_000)).toHaveLength(1)
  })

  it('blames the stage after the only full edge', () => {
    const { depths } = watch()
    expect(depths(60_293, 0, 0)).toEqual([
      {
        state: 'over',
        edge: 'source→window',
        depth: 60_293,
        capacity: CAPACITY,
        strategy: 'block',
        rootCause: 'window',
        message:
          'edge source→window is 92 % full (60,293 of 65,536) because window takes rows slower than they come: ' +
          'the producer waits for room',
      },
    ])
  })

  it('blames the stage after the last full edge in a row, with its cost where known', () => {
    const sink = new OperatorMetrics("sink 'db'", true)
    sink.recordBatch(100, 100, 4_100_000_000)
    const { depths } = watch({ operators: [sink] }, 'drop-oldest')
    const events = depths(60_293, CAPACITY, CAPACITY)
    expect(events.map(({ rootCause }) => rootCause)).toEqual(["sink 'db'", "sink 'db'", "sink 'db'"])
    expect(events[0]!.message).toBe(
      "edge source→window is 92 % full (60,293 of 65,536) because sink 'db' takes 41 ms a row and edge " +
        "join→sink 'db' before it is full too: when it is full, the oldest rows are dropped",
    )
    expect(events[2]!.message).toBe(
      "edge join→sink 'db' is 100 % full (65,536 of 65,536) because sink 'db' takes 41 ms a row: " +
        'when it is full, the oldest rows are dropped',
    )
  })

  it('does not blame a full edge further down that an empty one separates', () => {
    const { depths } = watch()
    const causes = depths(CAPACITY, 0, CAPACITY).map(({ edge, rootCause }) => [edge, rootCause])
    expect(causes).toEqual([
      ['source→window', 'window'],
      ["join→sink 'db'", "sink 'db'"],
    ])
  })

  it('sees pressure walk upstream to the same cause', () => {
    const { depths } = watch()
    expect(depths(0, 0, CAPACITY)[0]!.rootCause).toBe("sink 'db'")
    // The edge downstream drained a little, but is still under pressure.
    const [event] = depths(0, CAPACITY, 40_000)
    expect(event).toMatchObject({ edge: 'window→join', rootCause: "sink 'db'" })
  })

  it('takes other thresholds, and refuses those that make no sense', () => {
    const { depths } = watch({ over: 1, under: 0.9 })
    expect(depths(CAPACITY - 1)).toEqual([])
    expect(depths(CAPACITY)).toHaveLength(1)
    expect(depths(58_000)).toHaveLength(1)
    for (const options of [
      { over: 0.5, under: 0.5 },
      { over: 1.1 },
      { under: -0.1 },
      { over: Number.NaN },
    ] satisfies PressureMonitorOptions[])
      expect(() => watch(options)).toThrow(/0 <= under < over <= 1/)
  })

  it('says what happens next under each strategy', () => {
    for (const [strategy, words] of [
      ['block', 'waits'],
      ['drop-oldest', 'oldest rows are dropped'],
      ['drop-newest', 'new rows are refused'],
      ['error', 'the job fails'],
      ['unbounded', 'growing'],
      ['block-timeout', 'block-timeout'],
    ] as const)
      expect(watch(undefined, strategy).depths(CAPACITY)[0]!.message).toContain(words)
  })
})
