import { describe, expect, it } from 'vitest'
import type { WindowOutput } from '../../src/time/window-kinds/parameters.ts'
import { siddhiCases } from './cases.ts'
import { type Arrival, replayQuery, runQuery } from './row-window-script.ts'
import {
  expectedRows,
  outputOf,
  queryOf,
  runCase,
  type SiddhiCase,
  type Told,
  toldAs,
  windowOf,
} from './siddhi-cases.ts'
import { runSessions } from './siddhi-sessions.ts'

const ENGINES = ['wasm', 'js'] as const

/** The cases that are told in a way. */
const told = (as: Told): readonly (readonly [name: string, given: SiddhiCase])[] =>
  siddhiCases.filter(given => toldAs(given) === as).map(given => [given.name, given])

/** Whether the rows of a case say when they come: then they can move the clock themselves, as in Siddhi's playback. */
const isTimed = ({ input }: SiddhiCase): boolean => input.every(({ ts }) => ts !== undefined)

/** Cases that go on by a clock of their own, which rows that move it can't show: idle time is the outside's. */
const byClock = ({ query }: SiddhiCase): boolean => query.window.timeoutMs !== undefined

describe.each(ENGINES)('Siddhi on %s', engine => {
  it.each(told('rows'))('%s', async (_, given) => {
    const emitted = await runCase(given, engine)
    expect(emitted).toEqual(expectedRows(given, outputOf(given) === 'all'))
  })

  it.each(told('rows').filter(([, given]) => isTimed(given) && !byClock(given)))(
    '%s, replayed by the times of its rows',
    async (_, given) => {
      const output = outputOf(given)
      const arrivals = given.input.map(arrival => ({ ...arrival, ts: arrival.ts! }))
      const emitted = await replayQuery(queryOf(given, output), arrivals, { engine, advanceTo: given.advance_to })
      expect(emitted).toEqual(expectedRows(given, output === 'all'))
    },
  )

  it.for(told('counts'))('%s', async ([, given]) => {
    const kinds = (await runCase(given, engine)).map(({ kind }) => kind)
    for (const [kind, rows] of Object.entries(given.expected[0]!))
      if (kind === 'current' || kind === 'expired')
        expect(kinds.filter(each => each === kind)).toHaveLength(rows as number)
  })

  it.each(told('refused'))('%s', async (_, given) => {
    const code = expect.stringMatching(/^(OPTION_INVALID|PLAN_INVALID|EXPRESSION_INVALID)$/)
    await expect(runCase(given, engine)).rejects.toThrow(expect.objectContaining({ code }))
  })

  it.each(told('entering'))('%s', async (_, given) => {
    const emitted = await runCase(given, engine)
    // The source tells of the rows that enter; once the window is full one leaves before each of them.
    const entering = emitted.filter(({ kind }) => kind === 'current')
    expect(entering).toEqual(expectedRows(given, true))
    expect(emitted).toHaveLength(2 * given.input.length - given.query.window.n)
  })

  it.each(told('ends of batches'))('%s', async (_, given) => {
    const { start = given.input[0]!.ts!, ms } = given.query.window
    const emitted = await runCase(given, engine)
    const batches = new Map<number, unknown[]>()
    for (const { windowTime, value } of emitted)
      batches.set(windowTime as number, [...(batches.get(windowTime as number) ?? []), value])
    // A batch has the rows from start + k T to start + (k + 1) T, and comes out with the first row beyond.
    const byEnd = new Map<number, unknown[]>()
    for (const { ts, data } of given.input) {
      const end = start + ms * (Math.floor((ts! - start) / ms) + 1)
      byEnd.set(end, [...(byEnd.get(end) ?? []), data.value])
    }
    const complete = [...byEnd].slice(0, -1)
    expect([...batches]).toEqual(complete)
    expect(complete.map(([, values]) => [values[0], values.at(-1)])).toEqual(
      given.expected.map(({ first, last }) => [first, last]),
    )
  })

  it.each(told('counts by output'))('%s', async (_, given) => {
    for (const { output, rows } of given.expected as unknown as { output: WindowOutput; rows: number }[]) {
      const query = { window: windowOf(given.query, output), select: given.query.select }
      expect(await runQuery(query, given.input, { engine, advanceTo: given.advance_to })).toHaveLength(rows)
    }
  })

  it.each(told('variants'))('%s', async (_, { query, input, expected }) => {
    const n: number = query.window.n
    for (const [i, chunk] of query.variants!.entries()) {
      const { volumes, rows } = input[i] as unknown as { volumes?: number[]; rows?: [string, number][] }
      const sent = rows ?? volumes!.map(volume => ['', volume] as const)
      const data = sent.map(([symbol, volume]) => ({ symbol, volume }))
      const emitted = await runQuery(
        { window: windowOf(query, 'current'), chunk },
        data.map(row => ({ data: row })),
        { engine },
      )
      // Each batch by itself: in order of the symbols if so asked, rows that tie as they came, and the first of them.
      const { orderBy, offset = 0, limit = n } = chunk
      const batches = Array.from({ length: Math.floor(data.length / n) }, (_, k) => data.slice(k * n, (k + 1) * n))
      const model = batches.map(batch => {
        const ordered = orderBy
          ? batch.toSorted((a, b) => Number(a.symbol > b.symbol) - Number(a.symbol < b.symbol))
          : batch
        return ordered.slice(offset, offset + limit)
      })
      expect(emitted.map(({ symbol, volume }) => ({ symbol, volume }))).toEqual(model.flat())
      expect(emitted).toHaveLength(expected[i]!.rows as number)
      expect(model.map(batch => batch[0]!.volume)).toEqual(expected[i]!.first_volumes)
    }
  })

  it.each(told('session'))('%s', async (_, { query, input, expected }) => {
    const { gap, latency = 0 } = query.window
    const { sessions, late } = await runSessions(input, gap, { engine, allowedLateness: latency })
    const groups = expected.filter(({ kind }) => kind === 'expired')
    // Siddhi expires the rows of a session that was put together in the order it happened to be; ours are by time.
    const wanted = groups.map(({ items, items_as_asserted }) => items ?? inOrderOfTime(input, items_as_asserted))
    // Only the last result of a session that rows still join is what Siddhi's expires with.
    expect(sessions.slice(-wanted.length).map(({ items }) => items)).toEqual(wanted)
    expect(late).toBe(expected.length - groups.length)
  })

  it.each(told('running session'))('%s', async (_, { query, input, expected }) => {
    const { sessions } = await runSessions(input, query.window.gap, { engine, emit: 'onUpdate' })
    for (const [i, { user, avg, sum }] of sessions.entries()) {
      expect(user).toBe(expected[i]!.user)
      expect(avg).toBeCloseTo(expected[i]!.avg as number, 12)
      expect(sum).toBeCloseTo(expected[i]!.sum as number, 12)
    }
    expect(sessions).toHaveLength(expected.length)
  })
})

const inOrderOfTime = (input: readonly Arrival[], items: unknown): unknown[] =>
  [...(items as unknown[])].sort((a, b) => timeOf(input, a) - timeOf(input, b))
const timeOf = (input: readonly Arrival[], item: unknown): number => input.find(({ data }) => data.item === item)!.ts!
