import { describe, expect, it } from 'vitest'
import { length } from '../../src/time/window-kinds/length.ts'
import type { WindowOutput } from '../../src/time/window-kinds/parameters.ts'
import { type Arrival, type Chunk, replayQuery, runQuery } from './row-window-script.ts'
import { expectedRows, queryOf, runCase, type SiddhiCase, siddhiCases, windowOf } from './siddhi-cases.ts'
import { runSessions } from './siddhi-sessions.ts'

const CASES = siddhiCases('siddhi-windows.json')
const caseOf = (name: string): SiddhiCase => {
  const found = CASES.find(each => each.name === name)
  if (found === undefined) throw new Error(`there is no case "${name}"`)
  return found
}
const ENGINES = ['wasm', 'js'] as const

/** The cases that say it all: rows in, rows out. */
const PLAIN = [
  'length: fewer events than the window never expire',
  'lengthBatch: the previous batch expires ahead of the next batch',
  'lengthBatch: the aggregate restarts from zero at each batch',
  'lengthBatch with stream.current: running count restarts per batch',
  'lengthBatch: expired-only output',
  'lengthBatch: an aggregate without group-by yields one row per batch',
  'lengthBatch: an incomplete batch emits nothing',
  'externalTime: sliding window driven only by the timestamp attribute',
  'externalTimeBatch: an event exactly at the boundary opens the next batch',
  'externalTimeBatch aligned to epoch 0',
  'externalTimeBatch: out-of-order events inside the open batch are accepted',
  'externalTimeBatch boundary: exactly start+T starts a new batch',
  'max over a sliding time window follows expiry and ends null',
  'timeBatch: with an aggregate, an empty tick emits one expired row for the batch before it',
  'timeBatch with start.time 0: aligned ticks, silent empty windows',
  'timeLength: sums on entry and on expiry',
  'timeLength: time bound wins when the count bound is not reached',
  'delay: rows pass through once, T later, as current',
  'sort: keep the n smallest; the row that falls out is emitted after the arrival',
  'sort: two keys with different directions',
]

/** Whether the rows of a case say when they come: then they can move the clock themselves, as in Siddhi's playback. */
const isTimed = (name: string): boolean => caseOf(name).input.every(({ ts }) => ts !== undefined)

/** The cases with a test of their own. */
const OWN = [
  'length: a null argument leaves min/sum/avg unchanged',
  'length: a second parameter is rejected at creation',
  'externalTimeBatch with start.time: windows are aligned to start + k*T',
  'distinctCount decreases when the last copy of a value expires',
  'timeBatch: current-only and expired-only outputs',
  'limit and order by apply to each batch',
]

/** The cases of what sessions consist of. */
const SESSIONS = [
  'session with allowed latency: late rows bridge two sessions into one',
  'session: an out-of-order row within the gap extends the session backwards',
  'session: idle time above the gap splits sessions',
  'session: a row older than start - gap is dropped',
  'session: sessions of different keys are independent',
]
const RUNNING_SESSIONS = 'session: grouped running aggregates'

/** The cases that aren't run, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'frequent: Misra-Gries with whole-row key': 'frequent comes later',
  'frequent: a known key re-emits without expiring the older row; an unlucky new key is dropped':
    'frequent comes later',
  'lossyFrequent: pruning at the bucket edge expires a key': 'lossyFrequent comes later',
  'lossyFrequent: support 0.1, error 0.01': 'lossyFrequent comes later',
  'expression: slide while a predicate over the window holds': 'expression comes later',
  'expressionBatch: batch closes when the predicate would break': 'expressionBatch comes later',
}

describe.each(ENGINES)('Siddhi on %s', engine => {
  it.each(PLAIN)('%s', async name => {
    const given = caseOf(name)
    const emitted = await runCase(given, engine)
    expect(emitted).toEqual(expectedRows(given, given.query.output === 'all'))
  })

  it.each(PLAIN.filter(isTimed))('%s, replayed by the times of its rows', async name => {
    const given = caseOf(name)
    const { output = 'current' } = given.query
    const arrivals = given.input.map(arrival => ({ ...arrival, ts: arrival.ts! }))
    const emitted = await replayQuery(queryOf(given, output), arrivals, { engine, advanceTo: given.advance_to })
    expect(emitted).toEqual(expectedRows(given, output === 'all'))
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

  it('distinctCount decreases when the last copy of a value expires', async () => {
    const given = caseOf('distinctCount decreases when the last copy of a value expires')
    const emitted = await runCase(given, engine, { having: ['distinctCount(pageID)', 3] })
    expect(emitted).toEqual(expectedRows(given, false))
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

  it.each(SESSIONS)('%s', async name => {
    const { query, input, expected } = caseOf(name)
    const { gap, latency = 0 } = query.window
    const { sessions, late } = await runSessions(input, gap, { engine, allowedLateness: latency })
    const groups = expected.filter(({ kind }) => kind === 'expired')
    // Siddhi expires the rows of a session that was put together in the order it happened to be; ours are by time.
    const wanted = groups.map(({ items, items_as_asserted }) => items ?? inOrderOfTime(input, items_as_asserted))
    // Only the last result of a session that rows still join is what Siddhi's expires with.
    expect(sessions.slice(-wanted.length).map(({ items }) => items)).toEqual(wanted)
    expect(late).toBe(expected.length - groups.length)
  })

  it(RUNNING_SESSIONS, async () => {
    const { query, input, expected } = caseOf(RUNNING_SESSIONS)
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

describe('Siddhi', () => {
  it('length: a second parameter is rejected at creation', () => {
    expect(() => (length as (...args: unknown[]) => unknown)(2, 'price')).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
    expect(() => (length as (...args: unknown[]) => unknown)(2, {}, 'price')).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  it('has no case that is neither run nor left out for a reason', () => {
    expect([...PLAIN, ...OWN, ...SESSIONS, RUNNING_SESSIONS, ...Object.keys(LEFT_OUT)].sort()).toEqual(
      CASES.map(({ name }) => name).sort(),
    )
  })
})
