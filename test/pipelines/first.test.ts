import { expect, it } from 'vitest'
import { count, max, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/pipeline.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), size: i32() })

it.each(['wasm', 'js'] as const)('runs the design document pipeline on %s', async engine => {
  const rows: unknown[] = []
  const job = await pipeline(trades, { engine, bufferSize: 64 })
    .eventTime('time', { outOfOrdernessMs: 500 })
    .filter(e => e.size.gt(0))
    .project(e => ({ symbol: e.symbol, notional: e.price.mul(e.size), size: e.size }))
    .keyBy('symbol')
    .window(tumbling('1m'))
    .aggregate(e => ({ trades: count(), high: max(e.notional), vwap: sum(e.notional).div(sum(e.size)) }))
    .filter(r => r.trades.ge(2))
    .run({ sink: rows })
  for (let i = 0; i < 1000; i++) {
    expect(job.push({ time: i * 1000, symbol: i % 2 ? 'A' : 'B', price: i, size: i % 7 })).toBe(true)
  }
  const summary = await job.drain()
  expect(job.engine).toBe(engine)
  expect(summary.delivered).toBe(1000)
  expect(rows.length).toBe(34)
  const model = new Map<string, { n: number; high: number; notional: number; size: number }>()
  for (let i = 0; i < 1000; i++) {
    if (i % 7 === 0) continue
    const key = `${Math.floor(i / 60) * 60000} ${i % 2 ? 'A' : 'B'}`
    const m = model.get(key) ?? { n: 0, high: -Infinity, notional: 0, size: 0 }
    m.n++
    m.high = Math.max(m.high, i * (i % 7))
    m.notional += i * (i % 7)
    m.size += i % 7
    model.set(key, m)
  }
  for (const row of rows as { windowStart: number; symbol: string; trades: number; high: number; vwap: number }[]) {
    const m = model.get(`${row.windowStart} ${row.symbol}`)!
    expect(row).toMatchObject({ trades: m.n, high: m.high, vwap: m.notional / m.size })
  }
})
