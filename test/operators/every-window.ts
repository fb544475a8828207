import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import type { RowWindowKind, RowWindowSpec } from '../../src/time/row-windows.ts'
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

type Named<T> = Readonly<Record<string, T>>

const EARLY: Named<Early> = {
  'by rows': { rows: 2 },
  'by the watermark': { everyEventTime: 10 },
  'by the clock': { every: 10 },
}
export const late = { allowedLateness: 40 } as const
/** What windows of fixed bounds can be told about when they give results, and which. */
const manners = (make: (options: object) => AlignedSpec | ReturnType<typeof calendar>): Named<WindowSpec> => ({
  plain: make({}),
  late: make(late),
  'late, retracting': make({ ...late, firing: 'retracting' }),
  'late, discarding': make({ ...late, firing: 'discarding' }),
  'on every update': make({ emit: 'onUpdate' }),
  ...Object.fromEntries(
    Object.entries(EARLY).flatMap(([name, early]) => [
      [`early ${name}`, make({ early })],
      [`early ${name}, late, retracting`, make({ ...late, early, firing: 'retracting' })],
      [`early ${name}, late, discarding`, make({ ...late, early, firing: 'discarding' })],
    ]),
  ),
})

/** Every kind of window there is: a kind without an entry is an error of types. */
export const WINDOWS: Readonly<Record<WindowSpec['kind'], Named<WindowSpec>>> = {
  tumbling: { ...manners(given => tumbling(25, given)), 'empty ones filled': tumbling(10, { fillEmpty: true }) },
  hopping: {
    ...manners(given => hopping(30, 10, given)),
    sampling: hopping(10, 25, { sampling: true }),
    'on every update, late, retracting': hopping(30, 10, { ...late, emit: 'onUpdate', firing: 'retracting' }),
  },
  cumulate: manners(given => cumulate(10, 30, given)),
  calendar: manners(given => calendar('day', { ...given, zone: 'Europe/Berlin' })),
  session: {
    plain: session(12),
    late: session(12, late),
    'late, retracting': session(12, { ...late, firing: 'retracting' }),
    'on every update, late, retracting': session(12, {
      ...late,
      ...{ emit: 'onUpdate', firing: 'retracting', touch: 'split' },
    }),
    ...Object.fromEntries(Object.entries(EARLY).map(([name, early]) => [`early ${name}`, session(12, { early })])),
    'early, late, discarding': session(12, { ...late, early: { rows: 2 }, firing: 'discarding' }),
  },
  slidingPerEvent: { plain: slidingPerEvent(10), late: slidingPerEvent(10, late) },
  global: {
    'by rows': globalWindow({ trigger: everyRows(3), purge: true }),
    'by the watermark': globalWindow({ trigger: everyInterval(20) }),
    'by the clock': globalWindow({ trigger: everyInterval(10, { by: 'clock' }) }),
    'by a change': globalWindow({ trigger: onDelta('n', 3) }),
  },
}

export const all = { output: 'all' } as const
/** The same of windows over rows. */
export const ROW_WINDOWS: Readonly<Record<RowWindowKind, RowWindowSpec<'all' | 'current'>>> = {
  length: length(3, all),
  lengthBatch: lengthBatch(3, all),
  hoppingCount: hoppingCount(4, 2, all),
  time: time(20, all),
  timeLength: timeLength(30, 3, all),
  delay: delay(15),
  timeBatch: timeBatch(20, all),
  externalTime: externalTime('time', 30, all),
  externalTimeBatch: externalTimeBatch('time', 30, { ...all, timeout: 10 }),
  sort: sort(3, 'n', all),
  unique: unique('n', { ttl: 40, ...all }),
}
