import { describe, expect, it } from 'vitest'
import { buildChain } from '../../../src/operators/build-chain.ts'
import { eventTimeNode, windowAggregateNode } from '../../../src/plan/make-node.ts'
import { boundedOutOfOrderness } from '../../../src/plan/watermarks.ts'
import { cumulate, hopping, type WindowSpec } from '../../../src/time/windows.ts'
import { BatchFixture, Collector } from '../batch-fixture.ts'

/** How often slices are combined for each row, where every slice of a window has one. */
function combinationsPerRow(window: WindowSpec, stepMs: number, rows: number): number {
  const fixture = new BatchFixture('js', { time: 'timestamp', value: 'f64' }, 100)
  const { context, columns } = fixture
  let combinations = 0
  const kernels: typeof context.kernels = {
    ...context.kernels,
    resolveCombine(...given) {
      combinations++
      return context.kernels.resolveCombine(...given)
    },
  }
  const least = { kind: 'aggregate', fn: 'min', args: [{ kind: 'column', name: 'value' }] } as const
  const { head } = buildChain(
    [
      eventTimeNode({ column: 'time', watermarks: boundedOutOfOrderness(0), allowedLatenessMs: 0 }),
      windowAggregateNode([], window, [{ name: 'least', result: least }]),
    ],
    columns,
    {
      context: { ...context, kernels },
      maxKeys: 10,
      timers: { now: () => 0, at: () => () => {} },
      stopwatch: undefined,
      sink: () => new Collector(context, [0]),
      rows: () => {
        throw new Error('no functions here')
      },
    },
  )
  for (let row = 0; row < rows; row += 100)
    head.process(fixture.write(Array.from({ length: 100 }, (_, i) => ({ time: (row + i) * stepMs, value: i }))))
  head.close()
  return combinations / rows
}

describe('windows that share slices', () => {
  it.each([2, 10, 100, 1_000])('combine each a few times at most, however many a window has: %i', slices => {
    const [size, slide] = [6_000, 6_000 / slices]
    const rows = 100 * Math.ceil((3 * slices + 100) / 100)
    const ofHopping = combinationsPerRow(hopping(size, slide), slide, rows)
    expect(ofHopping).toBeGreaterThan(1)
    expect(ofHopping).toBeLessThan(4)
    expect(combinationsPerRow(cumulate(slide, size), slide, rows)).toBeLessThan(4)
    // Halves of slides.
    if (slide > 1) expect(combinationsPerRow(hopping(size + 1, slide), slide, rows)).toBeLessThan(8)
  })
})
