import fc from 'fast-check'
import { expect, it } from 'vitest'
import { buildChain } from '../../../src/operators/build-chain.ts'
import { eventTimeNode, windowAggregateNode } from '../../../src/plan/make-node.ts'
import { boundedOutOfOrderness } from '../../../src/plan/watermarks.ts'
import { hopping } from '../../../src/time/windows.ts'
import { BatchFixture, Collector, ENGINES } from '../batch-fixture.ts'

const BATCH = 8

/** Takes every batch as the last one for now. */
class Full extends Collector {
  override accepts = false
  override resume(): boolean {
    return true
  }
  override advanceWatermark(): boolean {
    return true
  }
  override markCodes(): void {}
}

interface Given {
  readonly time: number
  readonly key: string
}

/** Windows of `slides` slides of 10 ms and a part of one: texts that were missing among those in use whenever the next step was full. */
function fire(engine: (typeof ENGINES)[number], slides: number, rows: readonly Given[], extraMs: number) {
  const fixture = new BatchFixture(engine, { time: 'timestamp', key: 'utf8' }, BATCH)
  const { context, columns } = fixture
  const end = new Full(context)
  const sizeMs = slides * 10 + extraMs
  const { head } = buildChain(
    [
      eventTimeNode({ column: 'time', watermarks: boundedOutOfOrderness(0), allowedLatenessMs: 0 }),
      windowAggregateNode(['key'], hopping(sizeMs, 10), [
        { name: 'n', result: { kind: 'aggregate', fn: 'count', args: [] } },
      ]),
    ],
    columns,
    {
      context,
      maxKeys: 1_000,
      timers: { now: () => 0, at: () => () => {} },
      stopwatch: undefined,
      sink: () => end,
      rows: () => {
        throw new Error('no functions here')
      },
    },
  )
  const missing: string[] = []
  const check = (taken: readonly Given[]): void => {
    const out = new Set(end.rows.map(([start, , key]) => `${start} ${key}`))
    const codes = new Set<number>()
    head.markCodes(columns[1]!.dictionary!, code => codes.add(code))
    const marked = new Set([...codes].filter(code => code !== 0).map(code => columns[1]!.dictionary!.decode(code)))
    for (const { time, key } of taken)
      for (let start = Math.floor(time / 10) * 10; start > time - sizeMs; start -= 10)
        if (!out.has(`${start} ${key}`) && !marked.has(key)) missing.push(`${key} of the window at ${start}`)
  }
  for (let at = 0; at < rows.length; at += BATCH) {
    let isThrough = head.process(fixture.write(rows.slice(at, at + BATCH).map(row => ({ ...row }))))
    for (check(rows.slice(0, at)); !isThrough; check(rows.slice(0, at))) isThrough = head.resume()
  }
  for (let isThrough = head.advanceWatermark(Number.POSITIVE_INFINITY); !isThrough; check(rows))
    isThrough = head.resume()
  const results = end.rows.length
  head.close()
  return { missing, results }
}

it.each(ENGINES)(
  'a text is in use until the last window that has it has given it, also between two batches of it (%s)',
  engine => {
    const row = fc.record({ step: fc.constantFrom(0, 0, 1, 3, 10, 45), key: fc.integer({ min: 0, max: 60 }) })
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 40, maxLength: 70 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 5),
        (steps, slides, extraMs) => {
          let time = 0
          const rows = steps.map(({ step, key }) => ({ time: (time += step), key: `k${key}` }))
          const { missing, results } = fire(engine, slides, rows, extraMs)
          expect(missing).toEqual([])
          expect(results).toBeGreaterThan(0)
        },
      ),
      { numRuns: 20 },
    )
  },
)
