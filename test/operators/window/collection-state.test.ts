import { describe, expect, it } from 'vitest'
import type { AggregateName, AggregateNode } from '../../../src/expression/node.ts'
import { buildChain } from '../../../src/operators/build-chain.ts'
import { eventTimeNode, windowAggregateNode } from '../../../src/plan/make-node.ts'
import { boundedOutOfOrderness } from '../../../src/plan/watermarks.ts'
import { globalWindow } from '../../../src/time/global-windows.ts'
import { session, slidingPerEvent } from '../../../src/time/session-windows.ts'
import { everyInterval, everyRows } from '../../../src/time/triggers.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../../src/time/windows.ts'
import { BatchFixture, Collector } from '../batch-fixture.ts'

const KEYS = 10
const BATCH = 100

const call = (fn: AggregateName, column: string, ...parameters: readonly number[]): AggregateNode => ({
  kind: 'aggregate',
  fn,
  args: [
    { kind: 'column', name: column },
    ...parameters.map(value => ({ kind: 'literal', type: 'f64', value }) as const),
  ],
})
const RESULTS = [
  call('distinctCount', 'value'),
  call('approxDistinct', 'value'),
  call('percentile', 'value', 0.5),
  call('percentileSketch', 'value', 0.5, 0.01),
  call('topK', 'value', 3),
  call('collect', 'value', 10),
].map((result, i) => ({ name: `r${i}`, result }))

/** Bytes a window's operators hold after each of many batches in time order, some rows late, and when all is over. */
function bytesHeld(window: WindowSpec, batches: number, msPerBatch: number): number[] {
  const fixture = new BatchFixture('js', { time: 'timestamp', key: 'i32', value: 'f64' }, BATCH)
  const { context, columns } = fixture
  const before = context.arena.bytesInUse
  const { head } = buildChain(
    [
      eventTimeNode({ column: 'time', watermarks: boundedOutOfOrderness(0), allowedLatenessMs: 0 }),
      windowAggregateNode(['key'], window, RESULTS),
    ],
    columns,
    {
      context,
      maxKeys: 1_000,
      timers: { now: () => 0, at: () => () => {} },
      stopwatch: undefined,
      sink: () => new Collector(context, [0]),
      rows: () => {
        throw new Error('no functions here')
      },
    },
  )
  const held: number[] = []
  for (let batch = 0; batch < batches; batch++) {
    const rows = Array.from({ length: BATCH }, (_, i) => ({
      // A pause after every four batches, so that sessions end.
      time:
        batch * msPerBatch +
        Math.floor(batch / 4) * 80 +
        Math.floor((i * msPerBatch) / BATCH) -
        (i % 40 === 39 ? 15 : 0),
      key: i % KEYS,
      value: (i * i) % 701,
    }))
    head.process(fixture.write(rows))
    held.push(context.arena.bytesInUse - before)
  }
  head.advanceWatermark(Number.POSITIVE_INFINITY)
  head.close()
  held.push(context.arena.bytesInUse - before)
  return held
}

describe('what aggregates keep outside of records', () => {
  const lateness = { allowedLateness: 30 } as const
  it.each<[string, WindowSpec]>([
    ['tumbling', tumbling(100)],
    ['tumbling and retracted', tumbling(100, { ...lateness, firing: 'retracting' })],
    ['hopping', hopping(100, 20)],
    ['hopping by no multiple', hopping(100, 35)],
    ['cumulating', cumulate(20, 100)],
    ['late but taken', hopping(100, 20, lateness)],
    ['late and discarded', hopping(100, 20, { ...lateness, firing: 'discarding' })],
    ['late and retracted', cumulate(20, 100, { ...lateness, firing: 'retracting' })],
    ['on every update', hopping(100, 50, { emit: 'onUpdate' })],
    ['sessions', session(3, lateness)],
    ['sessions retracted', session(3, { ...lateness, firing: 'retracting' })],
    ['sliding by event', slidingPerEvent(5, lateness)],
    ['early by rows', tumbling(100, { ...lateness, early: { rows: 7 } })],
    ['early and discarded', hopping(100, 35, { early: { everyEventTime: 30 }, firing: 'discarding' })],
    ['early and retracted', cumulate(20, 100, { ...lateness, early: { everyEventTime: 30 }, firing: 'retracting' })],
    ['filled', tumbling(10, { fillEmpty: { limit: 5 } })],
    ['global and purged', globalWindow({ trigger: everyRows(30), purge: true })],
    ['global by intervals, and purged', globalWindow({ trigger: everyInterval(50), purge: true, fireAtEnd: true })],
  ])('is freed as time goes on, and given back at the end: %s', (_name, window) => {
    const held = bytesHeld(window, 160, 20)
    expect(held.at(-1)).toBe(0)
    const greatest = (from: number, to: number) => Math.max(...held.slice(from, to))
    expect(greatest(100, 160)).toBeLessThanOrEqual(greatest(20, 80) * 1.05)
  })
})
