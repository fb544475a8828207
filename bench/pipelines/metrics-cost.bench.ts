import { group } from '../harness/group.ts'
import { compareInRounds } from '../harness/rounds.ts'
import { engineContestant } from './w1/columns.ts'
import { makeEvents } from './w1/events.ts'
import { expectedRows } from './w1/oracle.ts'

group('w1-dense', 'what measuring costs: W1, columns in, utf8 keys, dense', async ({ quick, record }) => {
  const rows = quick ? 200_000 : 5_000_000
  const events = makeEvents(rows, 'utf8', 'dense')
  const expected = expectedRows(events)
  const contestants = []
  for (const metrics of [false, 'basic', 'detailed'] as const) {
    const name = `metrics: ${metrics === false ? metrics : `'${metrics}'`}`
    contestants.push(await engineContestant(name, events, { engine: 'wasm', metrics }, expected))
  }
  const times = { warmups: quick ? 1 : 8, rounds: quick ? 3 : 21 }
  record(
    await compareInRounds({
      contestants,
      baselines: ['metrics: false'],
      amount: rows / 1e6,
      unit: 'M events/s',
      ...times,
    }),
  )
})
