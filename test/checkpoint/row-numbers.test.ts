import { describe, expect, it } from 'vitest'
import { count, i32, pipeline, type SinkHandler, schema, timestamp, tumbling, utf8 } from '../../src/index.ts'

const clicks = schema({ time: timestamp(), user: utf8(), n: i32() })
const events = Array.from({ length: 200 }, (_, i) => ({ time: i * 10, user: `u${(i * 7) % 5}`, n: i }))
const stream = pipeline(clicks, { maxBatch: 16 })
  .tee('raw', branch => branch.filter(e => e.n.lt(150)))
  .eventTime('time')
  .keyBy('user')
  .window(tumbling(100))
  .aggregate(() => ({ clicks: count() }))

/** Keeps each row under its number, and throws when another one has it. Fails on every fifth row at first. */
function numbered(): SinkHandler<object> & { readonly rows: Map<number, string> } {
  const rows = new Map<number, string>()
  const failed = new Set<number>()
  return {
    rows,
    async send(row, number) {
      const text = JSON.stringify(row)
      if ((rows.get(number) ?? text) !== text)
        throw new Error(`${text} is number ${number}, as was ${rows.get(number)}`)
      if (number % 5 === 0 && !failed.has(number)) {
        failed.add(number)
        throw new Error('not now')
      }
      rows.set(number, text)
    },
  }
}
const retry = { kind: 'retry', attempts: 3, initialMs: 1, maxMs: 2, factor: 2, otherwise: 'fail' }

describe('rows that come out again', () => {
  it('have the numbers they had, whatever was written behind the checkpoint', async () => {
    for (const cut of [0, 1, 70, 133, 200]) {
      const sink = numbered()
      const raw = numbered()
      const options = { sink, sinks: { raw }, maxInFlight: 4, errors: { sink: retry, raw: retry } } as never
      const first = await stream.run(options)
      await first.pushMany(events.slice(0, cut))
      const { bytes } = await first.checkpoint()
      await first.pushMany(events.slice(cut, cut + 50))
      await first.flush()
      await first.stop({ drain: false })
      const second = await stream.run({ ...(options as object), restore: bytes } as never)
      await second.pushMany(events.slice(cut))
      await second.drain()
      expect([...raw.rows.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, n) => n))
      expect([...sink.rows.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
    }
  })
})
