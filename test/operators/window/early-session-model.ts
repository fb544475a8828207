import type { ModelResult, ModelWindow, SessionRules, TimedRow } from './session-model.ts'

export interface EarlySessionRules extends Omit<SessionRules, 'onUpdate'> {
  /** By rows of a session, or at multiples of event time. */
  readonly early: { readonly rows: number } | { readonly everyEventTime: number }
}

interface ModelSession {
  readonly key: string
  readonly rows: ReadonlyMap<number, TimedRow>
  /** Positions of the rows that are in a result. */
  readonly given: Set<number>
  /** What it gave that was not taken back. */
  results: readonly ModelWindow[]
}

/**
 * Sessions that give results early, one row at a time, everything worked out anew from the rows each session holds. Where
 * the watermark moves on by more than a millisecond, it comes by each in between.
 */
export function modelEarlySessions(rows: readonly TimedRow[], rules: EarlySessionRules): ModelResult {
  const { gap, touch, lateness, firing, early, outOfOrderness } = rules
  const result: ModelResult = { windows: [], late: 0 }
  let sessions: ModelSession[] = []
  let watermark = Number.NEGATIVE_INFINITY
  const times = ({ rows }: ModelSession) => [...rows.values()].map(({ time }) => time)
  const startOf = (session: ModelSession) => Math.min(...times(session))
  const endOf = (session: ModelSession) => Math.max(...times(session)) + gap
  const bornAt = ({ rows }: ModelSession) => Math.min(...rows.keys())
  const fresh = ({ rows, given }: ModelSession) => [...rows.keys()].filter(i => !given.has(i)).length
  const fire = (session: ModelSession) => {
    const { key, given } = session
    const ordered = [...session.rows].sort(([a], [b]) => a - b)
    const shown = firing === 'discarding' ? ordered.filter(([i]) => !given.has(i)) : ordered
    const window = { start: startOf(session), end: endOf(session), key, rows: shown.map(([, row]) => row) }
    for (const [i] of ordered) given.add(i)
    if (firing !== 'retracting') result.windows.push(window)
    else {
      for (const taken of session.results) result.windows.push({ ...taken, isRetraction: true })
      result.windows.push({ ...window, isRetraction: false })
      session.results = [window]
    }
  }
  const fireAll = (which: (session: ModelSession) => boolean) => {
    const all = sessions.filter(session => which(session) && fresh(session) > 0)
    all.sort((a, b) => endOf(a) - endOf(b) || startOf(a) - startOf(b) || bornAt(a) - bornAt(b))
    for (const session of all) fire(session)
  }
  const isMultiple = (time: number) => 'everyEventTime' in early && time % early.everyEventTime === 0
  const advance = (to: number) => {
    if (to <= watermark) return
    const last = Math.min(to, Math.max(...sessions.map(endOf)))
    // The first watermark there is comes by nothing: what is due is due at it.
    if (watermark === Number.NEGATIVE_INFINITY) fireAll(session => endOf(session) - 1 <= last)
    else
      for (let at = watermark + 1; at <= last; at++) {
        fireAll(session => endOf(session) - 1 === at)
        if (isMultiple(at)) fireAll(session => endOf(session) - 1 > at)
      }
    watermark = to
    sessions = sessions.filter(session => endOf(session) - 1 + lateness > watermark)
  }
  rows.forEach((row, i) => {
    const [start, end] = [row.time, row.time + gap]
    const joined = sessions.filter(session => {
      if (session.key !== row.key) return false
      const overlap = Math.min(end, endOf(session)) - Math.max(start, startOf(session))
      return touch === 'merge' ? overlap >= 0 : overlap > 0
    })
    joined.sort((a, b) => startOf(a) - startOf(b))
    const all: ModelSession = {
      key: row.key,
      rows: new Map([...joined.flatMap(session => [...session.rows]), [i, row] as const]),
      given: new Set(joined.flatMap(session => [...session.given])),
      results: joined.flatMap(session => session.results),
    }
    if (endOf(all) - 1 + lateness <= watermark) result.late++
    else {
      sessions = [...sessions.filter(session => !joined.includes(session)), all]
      const isFull = 'rows' in early && fresh(all) >= early.rows
      if (isFull || endOf(all) - 1 <= watermark) fire(all)
    }
    advance(row.time - outOfOrderness - 1)
  })
  advance(Number.POSITIVE_INFINITY)
  return result
}
