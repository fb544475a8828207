import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { compareInRounds } from '../harness/rounds.ts'
import { engineContestant } from './w1/columns.ts'
import { makeEvents } from './w1/events.ts'
import { expectedRows } from './w1/oracle.ts'

/** M events/s that any machine must reach in its best round: so far below what is usual that noise can't miss it. */
const FLOOR = 1
const ROWS = 250_000

group(
  'w1-dense',
  `at least ${FLOOR} M events/s, or this fails: W1, columns in, utf8 keys, dense`,
  async ({ record }) => {
    const events = makeEvents(ROWS, 'utf8', 'dense')
    const contestant = await engineContestant('eventflux', events, {}, expectedRows(events))
    const [figure] = await compareInRounds({
      contestants: [contestant],
      baselines: [contestant.name],
      amount: ROWS / 1e6,
      unit: 'M events/s',
      warmups: 1,
      rounds: 6,
    })
    check(figure!.max >= FLOOR, `the main job reaches ${figure!.max.toFixed(2)} M events/s, not ${FLOOR}`)
    record([figure!])
  },
)
