import type { Target } from '../harness/figure.ts'
import { group } from '../harness/group.ts'
import { type Contestant, compareInRounds } from '../harness/rounds.ts'
import { blocked, blockedHashed, blockedMapped, type ColumnLoop, onePass } from './w1/column-loops.ts'
import { engineContestant, loopContestant } from './w1/columns.ts'
import { type Density, type EventColumns, type KeyKind, makeEvents } from './w1/events.ts'
import { expectedRows } from './w1/oracle.ts'
import { rowContestants } from './w1/rows.ts'

const WHAT = '1,000 keys, filter, project, 1 s tumbling count/sum/min/max'
const DENSITY_TEXT: Readonly<Record<Density, string>> = {
  dense: 'about 75 rows per key and window',
  sparse: 'about one row per key and window',
}

const size = (quick: boolean) => ({
  rows: quick ? 200_000 : 5_000_000,
  warmups: quick ? 1 : 8,
  rounds: quick ? 3 : 11,
  unit: 'M events/s',
})

/** Columns in. Whichever loop is the fastest in a run is the baseline of that run. */
const COLUMNS: Readonly<Record<KeyKind, { loops: readonly [string, typeof blocked][]; dense: number }>> = {
  utf8: {
    loops: [
      ['blocked loop', blocked],
      ['plain loop', onePass],
    ],
    dense: 2,
  },
  smallInt: {
    loops: [
      ['blocked loop', blocked],
      ['plain loop', onePass],
    ],
    dense: 2,
  },
  anyInt: {
    loops: [
      ['blocked loop, hash table', blockedHashed],
      ['blocked loop, Map', blockedMapped],
    ],
    dense: 1.5,
  },
}

/** The loops and the engine, their results compared with the oracle's. */
async function columnContestants(
  events: EventColumns,
  loops: readonly [string, ColumnLoop][],
  target: Target,
): Promise<Contestant[]> {
  const expected = expectedRows(events)
  const engine = await engineContestant('eventflux', events, { engine: 'wasm', metrics: false }, expected)
  const made: Contestant[] = []
  for (const [name, loop] of loops) made.push(loopContestant(name, loop, events, expected))
  return [...made, { ...engine, targets: [target] }]
}

for (const kind of ['utf8', 'smallInt', 'anyInt'] as const) {
  for (const density of ['dense', 'sparse'] as const) {
    const description = `columns in, ${kind} keys, ${DENSITY_TEXT[density]}: ${WHAT}`
    const { loops, dense } = COLUMNS[kind]
    const baselines = loops.map(([name]) => name)
    group(`columns-${kind}-${density}`, description, async ({ quick, record }) => {
      const { rows, ...rest } = size(quick)
      const contestants = await columnContestants(makeEvents(rows, kind, density), loops, {
        of: 'ratio',
        atLeast: density === 'dense' ? dense : 1.3,
      })
      record(await compareInRounds({ contestants, baselines, amount: rows / 1e6, ...rest }))
    })
  }
}

group(
  'columns-js-engine',
  `columns in, utf8 keys, dense, engine 'js' (the plain-TypeScript twin): ${WHAT}`,
  async context => {
    const { rows, ...rest } = size(context.quick)
    const events = makeEvents(rows, 'utf8', 'dense')
    const expected = expectedRows(events)
    const contestants = [
      loopContestant('blocked loop', blocked, events, expected),
      await engineContestant("eventflux, engine 'js'", events, { engine: 'js', metrics: false }, expected),
    ]
    context.record(await compareInRounds({ contestants, baselines: ['blocked loop'], amount: rows / 1e6, ...rest }))
  },
)

for (const kind of ['smallInt', 'utf8', 'anyInt'] as const) {
  for (const density of ['dense', 'sparse'] as const) {
    const description = `objects in, ${kind} keys, ${DENSITY_TEXT[density]}: ${WHAT}`
    group(`objects-${kind}-${density}`, description, async ({ quick, record }) => {
      const { rows, ...rest } = size(quick)
      const contestants = await rowContestants(makeEvents(rows, kind, density))
      record(await compareInRounds({ contestants, baselines: ['row loop'], amount: rows / 1e6, ...rest }))
    })
  }
}
