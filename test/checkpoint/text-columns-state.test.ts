import { describe, expect, it } from 'vitest'
import { StateReader } from '../../src/checkpoint/state-reader.ts'
import { StateWriter } from '../../src/checkpoint/state-writer.ts'
import { readTexts } from '../../src/checkpoint/text-columns-state.ts'
import { count, f64, first, last, pipeline, type Schema, schema, timestamp, tumbling, utf8 } from '../../src/index.ts'
import { Dictionary } from '../../src/memory/dictionary.ts'

const [time, price] = [timestamp(), f64()]
/** As many markets as symbols: codes of the one could be taken for those of the other. */
const ROWS = Array.from({ length: 60 }, (_, i) => ({
  time: i * 100,
  symbol: `S${i % 3}`,
  market: `M${(i * i) % 3}`,
  note: `N${i}`,
  price: i,
}))

type Engine = 'wasm' | 'js'
const START = { symbol: utf8(), market: utf8() }

/** What hangs on the texts of both columns. */
const lasts = (columns: object, engine: Engine) =>
  pipeline(schema({ time, ...columns, price } as { time: typeof time; price: typeof price } & typeof START), { engine })
    .eventTime('time')
    .keyBy('symbol')
    .window(tumbling('10s'))
    .aggregate(e => ({ rows: count(), first: first(e.market), last: last(e.market) }))

const given = (row: (typeof ROWS)[number], { fields }: Schema): never =>
  Object.fromEntries(fields.map(({ name }) => [name, row[name as keyof typeof row]])) as never

/** The results of a job of one schema that goes on with another. */
async function across(before: object, after: object, engines: readonly [Engine, Engine]): Promise<object[]> {
  const [from, to] = [schema({ time, ...before, price }), schema({ time, ...after, price })] as [Schema, Schema]
  const job = await lasts(before, engines[0]).run({ sink: [] })
  await job.pushMany(ROWS.slice(0, 35).map(row => given(row, from)))
  const { bytes } = await job.checkpoint()
  await job.stop({ drain: false })
  const rows: object[] = []
  const next = await lasts(after, engines[1]).run({ sink: rows, restore: bytes })
  await next.pushMany(ROWS.slice(35).map(row => given(row, to)))
  await next.drain()
  return rows
}

/** Counted by hand. */
const EXPECTED = ['S0', 'S1', 'S2'].map(symbol => {
  const own = ROWS.filter(row => row.symbol === symbol)
  const [{ market }, { market: lastMarket }] = [own[0]!, own.at(-1)!]
  return { windowStart: 0, windowEnd: 10_000, symbol, rows: own.length, first: market, last: lastMarket }
})

describe('text columns are found again by their names', () => {
  it.each<[string, object, object?]>([
    ['where they were', START],
    ['when they have changed places', { market: utf8(), symbol: utf8() }],
    ['when another stands in front of them', { note: utf8(), ...START }],
    ['when another stands between them', { symbol: utf8(), note: utf8(), market: utf8() }],
    ['when one that was among them is gone', START, { market: utf8(), note: utf8(), symbol: utf8() }],
  ])('%s', async (_, after, before = START) => {
    for (const engines of [
      ['wasm', 'js'],
      ['js', 'wasm'],
    ] as const)
      expect(await across(before, after, engines)).toEqual(EXPECTED)
  })

  it('and a state that speaks of a column whose strings are not there is refused', async () => {
    const job = await lasts(START, 'js').run({ sink: [] })
    await job.pushMany(ROWS.slice(0, 5).map(row => given(row, schema({ time, ...START, price }) as Schema)))
    const { bytes } = await job.checkpoint()
    await job.stop({ drain: false })
    const renamed = pipeline(schema({ time, symbol: utf8(), place: utf8(), price }), { engine: 'js' })
      .eventTime('time')
      .project(e => ({ time: e.time, symbol: e.symbol, market: e.place }))
      .keyBy('symbol')
      .window(tumbling('10s'))
      .aggregate(e => ({ rows: count(), first: first(e.market), last: last(e.market) }))
    await expect(renamed.run({ sink: [], restore: bytes })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
  })

  it('and bytes that name two alike, or more than there are, are refused', () => {
    const columns = ['a', 'b'].map(name => ({ name, dictionary: new Dictionary({ maxCodes: 10 }) }))
    const read = (write: (writer: StateWriter) => void) => () => {
      const writer = new StateWriter()
      write(writer)
      readTexts(new StateReader(writer.finish()), columns)
    }
    const invalid = expect.objectContaining({ code: 'CHECKPOINT_INVALID' })
    const twice = read(writer => {
      writer.u32(2)
      for (const name of ['a', 'a']) writer.text(name)
      writer.u32(2)
      for (const codes of [1, 1]) writer.u32(codes)
    })
    expect(twice).toThrow(invalid)
    for (const names of [2 ** 31, 2 ** 32 - 1, 3])
      expect(
        read(writer => {
          writer.u32(names)
          for (const name of ['a', '__proto__']) writer.text(name)
        }),
      ).toThrow(invalid)
    expect(
      read(writer => {
        writer.u32(1)
        writer.text('a')
        writer.u32(2)
        for (const codes of [1, 1]) writer.u32(codes)
      }),
    ).toThrow(expect.objectContaining({ code: 'CHECKPOINT_MISMATCH' }))
  })
})

const SCHEMA = schema({ time, ...START, price })
const IN_TIME = pipeline(SCHEMA).eventTime('time')
const BY_SYMBOL = IN_TIME.project(e => ({ time: e.time, name: e.symbol, price: e.price }))
const BY_MARKET = IN_TIME.project(e => ({ time: e.time, name: e.market, price: e.price }))
const BY_TEXT_MADE = IN_TIME.project(e => ({ time: e.time, name: e.symbol.upper(), price: e.price }))
const BY_SYMBOL_IN_STEPS = IN_TIME.project(e => ({ time: e.time, key: e.symbol, price: e.price })).project(e => ({
  time: e.time,
  name: e.key,
  price: e.price.add(0),
}))

const rowsFrom = (start: number, end?: number) => ROWS.slice(start, end).map(row => given(row, SCHEMA as Schema))

/** What windows give whose keys one projection makes before a checkpoint, and another behind it. */
async function acrossKeys(
  before: typeof BY_SYMBOL,
  after: typeof BY_SYMBOL,
  workers: readonly [number, number] = [0, 0],
) {
  const keyed = (projected: typeof BY_SYMBOL) =>
    projected
      .keyBy('name')
      .window(tumbling('10s'))
      .aggregate(e => ({ rows: count(), last: last(e.price) }))
  const on = (n: number) => (n === 0 ? {} : { workers: n })
  const job = await keyed(before).run({ sink: [], ...on(workers[0]) })
  await job.pushMany(rowsFrom(0, 35))
  const { bytes } = await job.checkpoint()
  await job.stop({ drain: false })
  const rows: { readonly name: string }[] = []
  const next = await keyed(after).run({ sink: rows, restore: bytes, ...on(workers[1]) })
  await next.pushMany(rowsFrom(35))
  await next.drain()
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1))
}

describe('texts that a projection gives other names', () => {
  const counted = ['S0', 'S1', 'S2'].map(name => {
    const own = ROWS.filter(({ symbol }) => symbol === name)
    return { windowStart: 0, windowEnd: 10_000, name, rows: own.length, last: own.at(-1)!.price }
  })

  it.each([
    ['the same', BY_SYMBOL, BY_SYMBOL],
    ['more steps to the same column', BY_SYMBOL, BY_SYMBOL_IN_STEPS],
    ['fewer', BY_SYMBOL_IN_STEPS, BY_SYMBOL],
  ])('are found again: %s', async (_, before, after) => {
    expect(await acrossKeys(before, after)).toEqual(counted)
  })

  it.each([
    [0, 2],
    [2, 0],
    [2, 3],
  ])('are found again from %i workers on %i', async (...workers) => {
    expect(await acrossKeys(BY_SYMBOL, BY_SYMBOL_IN_STEPS, workers)).toEqual(counted)
  })

  it.each([
    ['another column', BY_SYMBOL, BY_MARKET],
    ['texts of their own', BY_SYMBOL, BY_TEXT_MADE],
    ['a column instead of texts of their own', BY_TEXT_MADE, BY_SYMBOL],
  ])('are refused when they come from %s', async (_, before, after) => {
    await expect(acrossKeys(before, after)).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
  })
})
