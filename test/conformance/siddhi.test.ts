import { describe, expect, it } from 'vitest'
import type { WindowOutput } from '../../src/time/window-kinds/parameters.ts'
import { type Arrival, type Chunk, replayQuery, runQuery } from './row-window-script.ts'
import {
  expectedRows,
  queryOf,
  runCase,
  type SiddhiCase,
  siddhiCases,
  type Told,
  toldAs,
  windowOf,
} from './siddhi-cases.ts'
import { runSessions } from './siddhi-sessions.ts'

const CASES = [...siddhiCases('siddhi-windows.json'), ...siddhiCases('further-siddhi.json')]
const caseOf = (name: string): SiddhiCase => {
  const found = CASES.find(each => each.name === name)
  if (found === undefined) throw new Error(`there is no case "${name}"`)
  return found
}
const ENGINES = ['wasm', 'js'] as const

/** The cases with a test of their own: what they expect is in words, or of several runs. */
const OWN = [
  'length: a null argument leaves min/sum/avg unchanged',
  'externalTimeBatch with start.time: windows are aligned to start + k*T',
  'timeBatch: current-only and expired-only outputs',
  'limit and order by apply to each batch',
]

type Cases = readonly (readonly [name: string, given: SiddhiCase])[]
/** The others, by how they are told; `later` are those of windows that are not there. */
const told = (as: Told): Cases =>
  CASES.filter(given => !OWN.includes(given.name) && toldAs(given) === as).map(given => [given.name, given])

/** Whether the rows of a case say when they come: then they can move the clock themselves, as in Siddhi's playback. */
const isTimed = ({ input }: SiddhiCase): boolean => input.every(({ ts }) => ts !== undefined)

/** Cases that go on by a clock of their own, which rows that move it can't show: idle time is the outside's. */
const byClock = ({ query }: SiddhiCase): boolean => query.window.timeoutMs !== undefined

describe.each(ENGINES)('Siddhi on %s', engine => {
  it.each(told('rows'))('%s', async (_, given) => {
    const emitted = await runCase(given, engine)
    expect(emitted).toEqual(expectedRows(given, given.query.output === 'all'))
  })

  it.each(told('rows').filter(([, given]) => isTimed(given) && !byClock(given)))(
    '%s, replayed by the times of its rows',
    async (_, given) => {
      const { output = 'current' } = given.query
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
    const code = expect.stringMatching(/^(OPTION_INVALID|PLAN_INVALID|SCHEMA_INVALID|EXPRESSION_INVALID)$/)
    await expect(runCase(given, engine)).rejects.toThrow(expect.objectContaining({ code }))
  })

  it('length: a null argument leaves min/sum/avg unchanged', async () => {
    const given = caseOf('length: a null argument leaves min/sum/avg unchanged')
    const emitted = await runCase(given, engine)
    // The source counts the rows that enter; from the fifth on one leaves before each of them.
    const current = emitted.filter(({ kind }) => kind === 'current')
    expect(current).toEqual(expectedRows(given, true))
    expect(emitted).toHaveLength(12)
  })

  it('externalTimeBatch with start.time: windows are aligned to start + k*T', async () => {
    const given = caseOf('externalTimeBatch with start.time: windows are aligned to start + k*T')
    const emitted = await runCase(given, engine)
    const batches = new Map<number, unknown[]>()
    for (const { windowTime, value } of emitted)
      batches.set(windowTime as number, [...(batches.get(windowTime as number) ?? []), value])
    // The rows at 10,000 + 100 i carry i; a batch ends at 1,200 + 5,000 k and comes out with the first row beyond.
    const ends = [11_200, 16_200, 21_200].filter(end => given.input.some(({ ts }) => ts! >= end))
    let from = 10_000
    const model = ends.map(end => {
      const batch = given.input.filter(({ ts }) => ts! >= from && ts! < end).map(({ data }) => data.value)
      from = end
      return [end, batch] as const
    })
    expect([...batches]).toEqual(model)
    expect(model[0]![1]).toEqual(Array.from({ length: 12 }, (_, i) => i))
  })

  it('timeBatch: current-only and expired-only outputs', async () => {
    const given = caseOf('timeBatch: current-only and expired-only outputs')
    const { input } = caseOf(
      'timeBatch: with an aggregate, an empty tick emits one expired row for the batch before it',
    )
    for (const { output, rows } of given.expected as { output: WindowOutput; rows: number }[]) {
      const emitted = await runQuery({ window: windowOf(given.query, output), select: given.query.select }, input, {
        engine,
        advanceTo: given.advance_to,
      })
      expect(emitted).toHaveLength(rows)
    }
  })

  it('limit and order by apply to each batch', async () => {
    const { query, input, expected } = caseOf('limit and order by apply to each batch')
    const [limited, ordered] = query.variants!
    const [{ volumes }, { rows }] = input as unknown as [{ volumes: number[] }, { rows: [string, number][] }]
    const run = async (arrivals: readonly Arrival['data'][], chunk: Chunk) =>
      runQuery(
        { window: windowOf(query, 'current'), chunk },
        arrivals.map(data => ({ data })),
        { engine },
      )
    const first = await run(
      volumes.map(volume => ({ volume })),
      limited!,
    )
    expect(first.map(({ volume }) => volume)).toEqual([0, 1, 4, 5])
    const second = await run(
      rows.map(([symbol, volume]) => ({ symbol, volume })),
      ordered!,
    )
    expect(second.map(({ symbol, volume }) => [symbol, volume])).toEqual([
      ['AAA', 2],
      ['IBM', 0],
      ['IBM', 3],
      ['BBB', 7],
      ['IBM', 4],
      ['IBM', 6],
    ])
    for (const [i, emitted] of [first, second].entries()) {
      expect(emitted).toHaveLength(expected[i]!.rows as number)
      const perBatch = emitted.length / 2
      expect([emitted[0]!.volume, emitted[perBatch]!.volume]).toEqual(expected[i]!.first_volumes)
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

it('only cases of windows that are not there are left out', () => {
  const left = told('later').map(([, { query }]) => query.window.type)
  expect(new Set(left)).toEqual(new Set(['frequent', 'lossyFrequent', 'expression', 'expressionBatch']))
  expect(() => OWN.map(caseOf)).not.toThrow()
})
