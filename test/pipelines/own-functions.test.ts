import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, functionOf, ifElse, memoryStore, sum } from '../../src/index.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

const MODULE = new URL('../threads/row-functions.mjs', import.meta.url).href
const events = schema({ time: timestamp(), n: i32(), text: utf8(), note: utf8().nullable() })
type Event = { time: number; n: number; text: string; note: string | null }

const letters = (text: string): number => text.length
const reversed = (text: string): string => [...text].reverse().join('')

function failing(): never {
  throw new RangeError('no')
}

describe.each(['wasm', 'js'] as const)('a function of one’s own, engine %s', engine => {
  it('gives what it gives row by row, wherever it stands, however often texts come again', async () => {
    const rows = fc.record({
      time: fc.integer({ min: 0, max: 1_000 }),
      n: fc.integer({ min: -5, max: 5 }),
      text: fc.oneof(fc.constantFrom('a', 'bb', ''), fc.string({ maxLength: 4 })),
      note: fc.option(fc.constantFrom('x', 'yy', 'zzz')),
    })
    const length = functionOf(i32(), letters)
    const back = functionOf(utf8(), reversed)
    const joined = functionOf(utf8(), (text: string, n: number) => `${text}${n}`)
    const half = functionOf(f64().nullable(), (n: number) => (n % 2 === 0 ? n / 2 : null))
    const bits = { bufferSize: 64, maxBatch: 16, maxKeys: 256 }
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { maxLength: 300 }), fc.constantFrom({}, bits), async (given, config) => {
        const mapped: object[] = []
        const job = await pipeline(events, { engine, ...config })
          .filter(e => length(e.text).lt(4))
          .project(e => ({
            ...{ n: e.n, text: e.text, back: back(e.text), joined: joined(e.note, e.n), half: half(e.n) },
            guarded: ifElse(e.n.gt(0), half(e.n.mul(2)), -1),
          }))
          .run({ sink: mapped })
        await job.pushMany(given)
        await job.drain()
        const expected = given
          .filter(({ text }) => text.length < 4)
          .map(({ n, text, note }) => ({
            ...{ n, text, back: reversed(text), joined: note === null ? null : `${note}${n}` },
            half: n % 2 === 0 ? n / 2 : null,
            guarded: n > 0 ? n : -1,
          }))
        expect(mapped).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('makes keys, arguments of aggregates, and results of windows', async () => {
    const given = Array.from({ length: 4_000 }, (_, i): Event => {
      const text = ['ab', 'ba', `${i % 7}`][i % 3]!
      return { time: i, n: i % 10, text, note: i % 4 === 0 ? null : `note ${i}` }
    })
    const sorted = (text: string): string => [...text].sort().join('')
    const [key, size, twice] = [
      functionOf(utf8(), sorted),
      functionOf(i32(), letters),
      functionOf(f64(), (x: number) => x * 2),
    ]
    const found: object[] = []
    const job = await pipeline(events, { engine, bufferSize: 128, maxBatch: 50 })
      .eventTime('time')
      .project(e => ({ time: e.time, key: key(e.text), note: e.note, n: e.n }))
      .keyBy('key')
      .window(tumbling(1_000))
      .aggregate(e => ({ rows: count(), noted: sum(size(e.note)), doubled: twice(sum(e.n)) }))
      .run({ sink: row => void found.push(row) })
    await job.pushMany(given)
    await job.drain()
    const groups = new Map<string, { rows: number; noted: number | null; doubled: number }>()
    for (const { time, n, text, note } of given) {
      const name = `${Math.floor(time / 1_000) * 1_000} ${sorted(text)}`
      const group = groups.get(name) ?? { rows: 0, noted: null, doubled: 0 }
      groups.set(name, {
        rows: group.rows + 1,
        noted: note === null ? group.noted : (group.noted ?? 0) + note.length,
        doubled: group.doubled + n * 2,
      })
    }
    const byName = Object.fromEntries(
      (found as { windowStart: number; key: string; rows: number; noted: number; doubled: number }[]).map(
        ({ windowStart, key, rows, noted, doubled }) => [`${windowStart} ${key}`, { rows, noted, doubled }],
      ),
    )
    expect(byName).toEqual(Object.fromEntries(groups))
  })

  it('is called once for a text that comes coded, and for no row that was dropped or not asked for', async () => {
    const seen: string[] = []
    const noted = functionOf(i32(), (text: string) => seen.push(text) && text.length)
    const found: object[] = []
    const job = await pipeline(events, { engine })
      .filter(e => e.n.gt(0))
      .project(e => ({ all: noted(e.text), again: noted(e.text).add(1), asked: ifElse(e.n.eq(3), noted(e.note), 0) }))
      .run({ sink: found })
    const codes = Int32Array.from({ length: 900 }, (_, i) => i % 3)
    await job.pushColumns({
      time: new Float64Array(900),
      n: codes.map(code => (code === 2 ? 0 : code + 2)),
      text: { codes, dictionary: ['a', 'bb', 'dropped'] },
      note: { codes, dictionary: ['not asked for', 'ccc', 'dropped'] },
    })
    await job.drain()
    expect(seen.sort()).toEqual(['a', 'bb', 'ccc'])
    expect(found).toHaveLength(600)
    expect(found.slice(0, 2)).toEqual([
      { all: 1, again: 2, asked: 0 },
      { all: 2, again: 3, asked: 3 },
    ])
  })

  it('that throws ends the job with STAGE_FAILED, its name and what was thrown', async () => {
    const fails = functionOf(i32(), (n: number) => (n === 3 ? failing() : n), { name: 'picky' })
    const job = await pipeline(events, { engine })
      .project(e => ({ n: fails(e.n) }))
      .run({ sink: () => {} })
    await job.pushMany([1, 2, 3].map(n => ({ time: n, n, text: '' })))
    const failed = await job.drain().catch(error => error)
    expect(failed).toMatchObject({ code: 'STAGE_FAILED', at: 'picky', cause: expect.any(RangeError) })
    expect(failed.message).toContain('"picky" failed in picky(n): no')
  })

  it.each([
    [i32(), 1.5],
    [i32(), null],
    [i64(), 1],
    [f64(), '1'],
    [bool().nullable(), 0],
    [timestamp(), 0.5],
    [utf8(), 7],
    [utf8(), 'x'.repeat(65_537)],
    [utf8().nullable(), Promise.resolve('x')],
    [f64(), { valueOf: (): number => 1 }],
  ])('that is to return %o and gives %o ends the job with STAGE_FAILED', async (returns, given) => {
    for (const column of ['n', 'text'] as const) {
      const lies = functionOf(returns, (() => given) as never, { name: 'liar' })
      const job = await pipeline(events, { engine })
        .project(e => ({ x: (lies as (value: unknown) => never)(e[column]) as unknown as typeof e.n }))
        .run({ sink: () => {} })
      await job.push({ time: 0, n: 1, text: 'a' })
      await expect(job.drain()).rejects.toMatchObject({ code: 'STAGE_FAILED', at: 'liar' })
    }
  })

  it('of rows that are late fails nothing, since these are not taken in', async () => {
    const picky = functionOf(i32(), (n: number) => (n < 0 ? failing() : n))
    const found: object[] = []
    const job = await pipeline(events, { engine })
      .eventTime('time')
      .window(tumbling(10))
      .aggregate(e => ({ total: sum(picky(e.n)) }))
      .run({ sink: row => void found.push(row) })
    for (const [time, n] of [
      [5, 1],
      [25, 2],
      [6, -1],
    ] as const)
      await job.push({ time, n, text: '' })
    await job.drain()
    expect(found).toEqual([
      { windowStart: 0, windowEnd: 10, total: 1 },
      { windowStart: 20, windowEnd: 30, total: 2 },
    ])
  })

  it('is called for the rows its projection gets: no filter behind it spares it some', async () => {
    const picky = functionOf(i32(), (n: number) => (n < 0 ? failing() : n))
    const behind = await pipeline(events, { engine })
      .project(e => ({ n: e.n, picked: picky(e.n) }))
      .filter(e => e.n.ge(0))
      .run({ sink: () => {} })
    await behind.push({ time: 0, n: -1, text: '' })
    await expect(behind.drain()).rejects.toMatchObject({ code: 'STAGE_FAILED' })
  })

  it('is one of its own where another looks the same, and one where it is given twice', async () => {
    const adding = (by: number) => functionOf(f64(), (n: number) => n + by)
    const found: object[] = []
    const job = await pipeline(events, { engine })
      .eventTime('time')
      .window(tumbling(10))
      .aggregate(e => ({ one: sum(adding(1)(e.n)), ten: sum(adding(10)(e.n)) }))
      .run({ sink: row => void found.push(row) })
    await job.pushMany([0, 1].map(time => ({ time, n: 5, text: '' })))
    await job.drain()
    expect(found).toEqual([{ windowStart: 0, windowEnd: 10, one: 12, ten: 30 }])
  })

  it('leaves keys made of its texts to the job that goes on from a checkpoint', async () => {
    const upper = functionOf(utf8(), (text: string) => `<${text}>`)
    const counted = pipeline(events, { engine })
      .eventTime('time')
      .project(e => ({ time: e.time, key: upper(e.text) }))
      .keyBy('key')
      .window(tumbling(100))
      .aggregate(() => ({ rows: count() }))
    const store = memoryStore()
    const texts = ['a', 'b', 'c', 'a', 'b', 'a']
    const first = await counted.run({ sink: () => {}, checkpoint: { store } })
    await first.pushMany(texts.map((text, time) => ({ time, n: 0, text })))
    await first.checkpoint()
    await first.stop({ drain: false })
    const found: { key: string; rows: number }[] = []
    const second = await counted.run({
      sink: ({ key, rows }) => void found.push({ key, rows }),
      checkpoint: { store },
      restore: 'latest',
    })
    await second.pushMany(['c', 'd'].map(text => ({ time: 50, n: 0, text })))
    await second.drain()
    const rows = { '<a>': 3, '<b>': 2, '<c>': 2, '<d>': 1 }
    expect(Object.fromEntries(found.map(({ key, rows }) => [key, rows]))).toEqual(rows)
  })
})

describe('a plan with functions of one’s own', () => {
  const named = functionOf(i32(), { module: MODULE, export: 'squared' })
  const squares = pipeline(events).project(e => ({ n: named(e.n) }))

  it('shows their names', () => {
    const short = functionOf(i32(), letters)
    const plan = pipeline(events)
      .filter(e => short(e.text).gt(1))
      .project(e => ({ n: named(e.n) }))
    expect(plan.explain()).toContain('letters(text) > 1')
    expect(plan.explain()).toContain('squared(n)')
  })

  it('travels as data where modules export them, and names code only where that is allowed', async () => {
    const data = JSON.parse(JSON.stringify(squares))
    expect(() => pipelineFromJSON(data)).toThrow(/"squared" is code to load/)
    const found: unknown[] = []
    const job = await pipelineFromJSON(data, { allowModules: true }).run({ sink: row => void found.push(row) })
    await job.push({ time: 0, n: 7, text: '' })
    await job.drain()
    expect(found).toEqual([{ n: 49 }])
  })

  it('is refused by toJSON where they are functions of this program, by name', () => {
    const plan = pipeline(events).filter(e => functionOf(i32(), letters)(e.text).gt(1))
    expect(() => plan.toJSON()).toThrow(/"letters" can't travel/)
  })

  it('is refused where a module has no such function', async () => {
    const nobody = functionOf(i32(), { module: MODULE, export: 'nobody' })
    const plan = pipeline(events).project(e => ({ n: nobody(e.n) }))
    await expect(plan.run({ sink: () => {} })).rejects.toMatchObject({ code: 'PLAN_INVALID', at: 'nobody' })
  })

  it('takes from data only what is a function: a name, a type, a module', () => {
    const { nodes, ...rest } = JSON.parse(JSON.stringify(squares))
    const definition = nodes[0].columns[0].expression.definition
    for (const bad of [
      undefined,
      null,
      7,
      {},
      { ...definition, name: '' },
      { ...definition, returns: { type: 'object', nullable: false } },
      { ...definition, returns: { type: 'i32' } },
      { ...definition, call: { module: 7, export: 'x' } },
      { ...definition, call: () => 1 },
    ]) {
      const expression = { ...nodes[0].columns[0].expression, definition: bad }
      const given = { ...rest, nodes: [{ ...nodes[0], columns: [{ name: 'n', expression }] }] }
      expect(() => pipelineFromJSON(given, { allowModules: true })).toThrow(
        expect.objectContaining({ code: 'EXPRESSION_INVALID' }),
      )
    }
  })

  it('is refused where they get no value, too many, or what is none', () => {
    const any = functionOf(i32(), letters) as (...values: unknown[]) => never
    const refused = expect.objectContaining({ code: 'EXPRESSION_INVALID' })
    for (const values of [[], Array(17).fill(1), [null], [{}], [undefined]])
      expect(() => any(...values)).toThrow(refused)
    expect(() => functionOf(i32(), 'letters' as never)).toThrow(refused)
    expect(() => functionOf(undefined as never, letters)).toThrow(refused)
    expect(() => functionOf(i32(), letters, { nam: 'x' } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  it('gives the same on workers, which load them', async () => {
    const plan = pipeline(events)
      .eventTime('time')
      .filter(e => named(e.n).lt(50))
      .keyBy('text')
      .window(tumbling(1_000))
      .aggregate(e => ({ rows: count(), squares: sum(named(e.n)) }))
    const given = Array.from({ length: 5_000 }, (_, i) => ({ time: i, n: i % 11, text: `${i % 13}` }))
    const results = async (workers: number | undefined) => {
      const rows: unknown[] = []
      const job = await plan.run({ sink: row => void rows.push(row), ...(workers && { workers }), order: 'global' })
      await job.pushMany(given)
      await job.drain()
      expect(job.mode.workers).toBe(workers ?? 0)
      return rows
    }
    expect(await results(2)).toEqual(await results(undefined))
  })
})
