import { describe, expect, it } from 'vitest'
import { buildChain } from '../../../src/operators/build-chain.ts'
import { eventTimeNode, windowAggregateNode } from '../../../src/plan/make-node.ts'
import { boundedOutOfOrderness } from '../../../src/plan/watermarks.ts'
import { session, slidingPerEvent } from '../../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../../src/time/windows.ts'
import { BatchFixture, Collector } from '../batch-fixture.ts'

const KEYS = 50
const BATCH = 200

/** Bytes a window's operators hold after each of many batches in time order, some rows late, and when all is over. */
function bytesHeld(
  window: WindowSpec,
  batches: number,
  msPerBatch: number,
  lateMs = 15,
): { held: number[]; before: number } {
  const fixture = new BatchFixture('js', { time: 'timestamp', key: 'i32', value: 'f64' }, BATCH)
  const { context, columns } = fixture
  const sum = { kind: 'aggregate', fn: 'sum', args: [{ kind: 'column', name: 'value' }] } as const
  const before = context.arena.bytesInUse
  const { head } = buildChain(
    [
      eventTimeNode({ column: 'time', watermarks: boundedOutOfOrderness(0), allowedLatenessMs: 0 }),
      windowAggregateNode(['key'], window, [{ name: 'sum', result: sum }]),
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
      time: batch * msPerBatch + Math.floor((i * msPerBatch) / BATCH) - (i % 40 === 39 ? lateMs : 0),
      key: (batch * BATCH + i * 7) % KEYS,
      value: i,
    }))
    head.process(fixture.write(rows))
    held.push(context.arena.bytesInUse - before)
  }
  head.advanceWatermark(Number.POSITIVE_INFINITY)
  head.close()
  held.push(context.arena.bytesInUse - before)
  return { held, before }
}

describe('the state of windows', () => {
  it.each([
    [25, 10],
    [95, 10],
    [13, 4],
    [11, 10],
  ])(
    'is slices of no more than size / slide + 1: %i ms every %i ms take what the next multiple takes',
    (size, slide) => {
      const most = (length: number) => Math.max(...bytesHeld(hopping(length, slide), 60, 20, 0).held)
      const multiple = Math.ceil(size / slide) * slide
      expect(most(size)).toBeLessThanOrEqual(most(multiple))
      expect(most(multiple)).toBeLessThan(most(multiple + slide))
    },
  )

  const lateness = { allowedLateness: 30 } as const
  it.each([
    ['tumbling', tumbling(100)],
    ['hopping', hopping(100, 10)],
    ['hopping by no multiple', hopping(100, 7)],
    ['sampling', hopping(3, 10, { sampling: true })],
    ['cumulating', cumulate(10, 100)],
    ['late but taken', hopping(100, 10, lateness)],
    ['late and discarded', hopping(100, 10, { ...lateness, firing: 'discarding' })],
    ['late and retracted', cumulate(10, 100, { ...lateness, firing: 'retracting' })],
    ['on every update', hopping(100, 10, { emit: 'onUpdate' })],
    ['sessions', session(9)],
    ['sessions, late but taken', session(9, lateness)],
    ['sessions, late and retracted', session(9, { ...lateness, firing: 'retracting' })],
    ['sliding by event', slidingPerEvent(20)],
    ['sliding by event, late but taken', slidingPerEvent(20, lateness)],
  ])('is freed as time goes on, and given back at the end: %s', (_name, window) => {
    const { held } = bytesHeld(window, 120, 20)
    expect(held.at(-1)).toBe(0)
    const greatest = (from: number, to: number) => Math.max(...held.slice(from, to))
    expect(greatest(80, 120)).toBe(greatest(30, 40))
  })

  it('is at most one record per key and slice of a window, and one slice more that fills, beside what is put together', () => {
    const slicesOf = (slide: number) => {
      const { held } = bytesHeld(hopping(1_000, slide), 120, 50)
      return Math.max(...held)
    }
    // 64 ids of 24 bytes and their list, which is one id longer, in classes of powers of two, and an entry.
    const slice = 2_048 + 512 + 64
    expect(slicesOf(10) - slicesOf(500)).toBeLessThanOrEqual((1_000 / 10 - 1_000 / 500 + 1) * slice)
  })
})
