import { describe, expect, it } from 'vitest'
import { count, f64, pipeline, schema, timestamp, tumbling } from '../../../src/index.ts'
import { buildChain } from '../../../src/operators/build-chain.ts'
import { BatchFixture, ENGINES } from '../batch-fixture.ts'

const BATCH = 64
const events = schema({ time: timestamp(), key: f64() })
const { plan } = pipeline(events)
  .eventTime('time')
  .keyBy('key')
  .window(tumbling('1m'))
  .aggregate(() => ({ rows: count() }))

/** Keys of the records given, of rows a millisecond apart, with the number of rows that had come by then. */
function given(engine: (typeof ENGINES)[number], keys: readonly number[], batchRows = BATCH) {
  const fixture = new BatchFixture(engine, { time: 'timestamp', key: 'f64' }, BATCH)
  const records: { readonly key: number; readonly after: number }[] = []
  let rows = 0
  let early = 0
  const { head } = buildChain(plan.nodes, fixture.columns, {
    context: fixture.context,
    maxKeys: 10_000,
    timers: { now: () => 0, at: () => () => {} },
    stopwatch: undefined,
    sink: () => {
      throw new Error('the chain ends with the window')
    },
    rows: () => {
      throw new Error('there are no functions')
    },
    partials: {
      at: plan.nodes.length - 1,
      target: () => ({
        take(batch) {
          const { f64: values } = fixture.memory
          const column = batch.columns[1]!.values >>> 3
          for (let row = 0; row < batch.selectedCount; row++) records.push({ key: values[column + row]!, after: rows })
        },
        givenEarly: () => void early++,
        advanceWatermark() {},
        close() {},
      }),
    },
  })
  for (let at = 0; at < keys.length; at += batchRows) {
    const batch = keys.slice(at, at + batchRows).map((key, i) => ({ time: at + i, key }))
    rows += batch.length
    head.process(fixture.write(batch))
  }
  const before = records.length
  head.advanceWatermark(Number.POSITIVE_INFINITY)
  head.close()
  return { records, before, early }
}

describe.each(ENGINES)('the first half of a window (%s)', engine => {
  it.each([BATCH, 5, 1])(
    'gives keys that come and go before the window ends, most of them once: %i rows a batch',
    rows => {
      // Eight rows of each key, among those of the next ones.
      const keys = Array.from({ length: 8_192 }, (_, i) => Math.floor((i + ((i * 7) % 16)) / 8))
      const distinct = new Set(keys).size
      const { records, before, early } = given(engine, keys, rows)
      expect(new Set(records.map(({ key }) => key)).size).toBe(distinct)
      expect(records.length).toBeLessThan((distinct * 4) / 3)
      expect(before).toBeGreaterThan(distinct * 0.8)
      expect(early).toBeGreaterThan(5)
    },
  )

  it.each([
    ['come again and again', Array.from({ length: 8_192 }, (_, i) => (i * 7_919) % 500)],
    ['come a few times each, all over the window', Array.from({ length: 8_192 }, (_, i) => (i * 5_003) % 2_048)],
    ['are as many as rows', Array.from({ length: 8_192 }, (_, i) => i)],
    ['are few', Array.from({ length: 8_192 }, (_, i) => Math.floor(i / 1_024))],
  ])('gives keys that %s once, when the window ends', (_, keys) => {
    const { records, before, early } = given(engine, keys)
    expect(records.length).toBe(new Set(keys).size)
    expect([before, early]).toEqual([0, 0])
  })
})
