import { calendar } from '../../src/time/calendar-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { everyInterval, everyRows, onDelta } from '../../src/time/triggers.ts'
import { delay } from '../../src/time/window-kinds/delay.ts'
import { externalTime } from '../../src/time/window-kinds/external-time.ts'
import { externalTimeBatch } from '../../src/time/window-kinds/external-time-batch.ts'
import { hoppingCount } from '../../src/time/window-kinds/hopping-count.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { time } from '../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { timeLength } from '../../src/time/window-kinds/time-length.ts'
import { unique } from '../../src/time/window-kinds/unique.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import type { Tape } from '../plan/tape.ts'

/** What a window is told about when it gives results, and which; not all of it goes together. */
function manners(tape: Tape): object {
  const early: Early[] = [
    { rows: 1 + tape.below(3) },
    { everyEventTime: 1 + tape.below(20) },
    { every: 1 + tape.below(20) },
  ]
  return {
    ...(tape.below(2) === 1 && { allowedLateness: tape.below(80) }),
    ...(tape.below(2) === 1 && { firing: tape.pick(['accumulating', 'discarding', 'retracting']) }),
    ...tape.pick<object>([{}, {}, {}, { early: tape.pick(early) }, { emit: 'onUpdate' }]),
  }
}

const fill = (tape: Tape): object => (tape.below(5) === 4 ? { fillEmpty: true } : {})

const WINDOWS: Readonly<Record<WindowSpec['kind'], (tape: Tape, ms: number) => WindowSpec>> = {
  tumbling: (tape, ms) => tumbling(ms, { ...manners(tape), ...fill(tape), offset: tape.below(ms) }),
  hopping(tape, ms) {
    const slide = Math.ceil(ms / (1 + tape.below(9)))
    return hopping(ms, slide, { ...manners(tape), ...fill(tape), offset: tape.below(slide) })
  },
  cumulate(tape, ms) {
    const step = Math.ceil(ms / 3)
    return cumulate(step, step * (1 + tape.below(5)), { ...manners(tape), ...fill(tape) })
  },
  calendar: tape =>
    calendar('day', {
      ...manners(tape),
      zone: tape.pick(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns']),
    }),
  session: (tape, ms) => session(ms, { ...manners(tape), ...(tape.below(3) === 2 && { touch: 'split' }) }),
  slidingPerEvent: (tape, ms) => slidingPerEvent(ms, { allowedLateness: tape.below(2) * tape.below(80) }),
  global: (tape, ms) =>
    globalWindow({
      trigger: tape.pick([
        everyRows(1 + tape.below(4)),
        everyInterval(ms),
        everyInterval(ms, { by: 'clock' }),
        onDelta('n', 1 + tape.below(5)),
      ]),
      ...(tape.below(2) === 1 && { purge: true }),
    }),
}

/** Any window over time. @throws EventfluxError where what it is told doesn't go together. */
export const anyWindow = (tape: Tape): WindowSpec => tape.pick(Object.values(WINDOWS))(tape, 1 + tape.below(60))

/** Any window over rows. */
export function anyRowWindow(tape: Tape): RowWindowSpec<'all' | 'current' | 'expired'> {
  const output = { output: tape.pick(['current', 'expired', 'all'] as const) }
  const rows = 1 + tape.below(5)
  const ms = 1 + tape.below(50)
  return tape.pick([
    length(rows, output),
    lengthBatch(rows, output),
    hoppingCount(rows, 1 + tape.below(rows), output),
    time(ms, output),
    timeLength(ms, rows, output),
    delay(ms),
    timeBatch(ms, output),
    externalTime('time', ms, output),
    externalTimeBatch('time', ms, { ...output, ...(tape.below(2) === 1 && { timeout: ms }) }),
    sort(rows, tape.pick(['n', 'time', 't', 'x']), output),
    unique(tape.pick(['n', 't', 'x']), { ttl: ms, ...output }),
  ])
}
