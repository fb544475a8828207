import { describe, expect, it } from 'vitest'
import { replayQuery } from './row-window-script.ts'
import { expectedRows, queryOf, runCase, type SiddhiCase, siddhiCases } from './siddhi-cases.ts'

const CASES = siddhiCases('further-siddhi.json')
const isRefused = ({ expected }: SiddhiCase): boolean => expected[0]?.kind === 'error'
const RUN = CASES.filter(given => !isRefused(given))

/** Whether the rows of a case say when they come: then they can move the clock themselves. */
const isTimed = ({ input }: SiddhiCase): boolean => input.every(({ ts }) => ts !== undefined)

/** Cases that go on by a clock of their own, which rows that move it can't show: idle time is the outside's. */
const byClock = ({ query }: SiddhiCase): boolean => query.window.timeoutMs !== undefined

describe.each(['wasm', 'js'] as const)('further cases of Siddhi on %s', engine => {
  it.each(RUN.map(given => [given.name, given] as const))('%s', async (_, given) => {
    const emitted = await runCase(given, engine)
    expect(emitted).toEqual(expectedRows(given, given.query.output === 'all'))
  })

  it.each(RUN.filter(given => isTimed(given) && !byClock(given)).map(given => [given.name, given] as const))(
    '%s, replayed by the times of its rows',
    async (_, given) => {
      const { query, input, advance_to: advanceTo } = given
      const arrivals = input.map(arrival => ({ ...arrival, ts: arrival.ts! }))
      const emitted = await replayQuery(queryOf(given, query.output ?? 'current'), arrivals, { engine, advanceTo })
      expect(emitted).toEqual(expectedRows(given, query.output === 'all'))
    },
  )

  it.each(CASES.filter(isRefused).map(given => [given.name, given] as const))('%s', async (_, given) => {
    const code = expect.stringMatching(/^(OPTION_INVALID|PLAN_INVALID|SCHEMA_INVALID|EXPRESSION_INVALID)$/)
    await expect(runCase(given, engine)).rejects.toThrow(expect.objectContaining({ code }))
  })
})
