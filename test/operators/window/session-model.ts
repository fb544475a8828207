import type { Firing } from '../../../src/time/lateness.ts'

export interface TimedRow {
  readonly time: number
  readonly key: string
  readonly value: number
}

/** What comes out of a window: its bounds, its key and its rows, in the order they arrived. */
export interface ModelWindow {
  readonly start: number
  readonly end: number
  readonly key: string
  readonly rows: readonly TimedRow[]
  /** Whether it takes back what came out before. */
  readonly isRetraction?: boolean
}

export interface ModelResult {
  readonly windows: ModelWindow[]
  late: number
}

export interface SessionRules {
  readonly gap: number
  readonly touch: 'merge' | 'split'
  readonly lateness: number
  readonly firing: Firing
  /** Whether every row makes its session fire, and the watermark none. */
  readonly onUpdate: boolean
  /** The watermark stays this far, and one more, behind the latest time. */
  readonly outOfOrderness: number
}

interface ModelSession {
  readonly key: string
  /** Position of each row in the input, and the row. */
  readonly rows: Map<number, TimedRow>
  /** Positions of the rows that have come out. */
  readonly given: Set<number>
}

/**
 * Sessions as the rules say, one row at a time over plain objects, everything worked out anew from the rows each session
 * holds. The watermark a row meets is that of the rows before it; a bounded input ends with +Infinity.
 */
export function modelSessions(rows: readonly TimedRow[], rules: SessionRules): ModelResult {
  const { gap, touch, lateness, firing, onUpdate, outOfOrderness } = rules
  const result: ModelResult = { windows: [], late: 0 }
  let sessions: ModelSession[] = []
  let watermark = Number.NEGATIVE_INFINITY
  const startOf = ({ rows }: ModelSession) => Math.min(...[...rows.values()].map(row => row.time))
  const endOf = ({ rows }: ModelSession) => Math.max(...[...rows.values()].map(row => row.time)) + gap
  const bornAt = ({ rows }: ModelSession) => Math.min(...rows.keys())
  const hasFired = (session: ModelSession) => onUpdate || endOf(session) - 1 <= watermark
  const fire = (session: ModelSession, isRetraction = false) => {
    const { key, given } = session
    const rows = [...session.rows].sort(([a], [b]) => a - b)
    const shown = firing === 'discarding' ? rows.filter(([i]) => !given.has(i)) : rows
    for (const [i] of rows) given.add(i)
    const window = { start: startOf(session), end: endOf(session), key, rows: shown.map(([, row]) => row) }
    result.windows.push(firing === 'retracting' ? { ...window, isRetraction } : window)
  }
  const advance = (to: number) => {
    const before = watermark
    watermark = Math.max(watermark, to)
    const due = sessions
      .filter(session => endOf(session) - 1 <= watermark && endOf(session) - 1 > before)
      .sort((a, b) => endOf(a) - endOf(b) || startOf(a) - startOf(b) || bornAt(a) - bornAt(b))
    if (!onUpdate) for (const session of due) fire(session)
    sessions = sessions.filter(session => endOf(session) - 1 + lateness > watermark)
  }
  rows.forEach((row, i) => {
    const [start, end] = [row.time, row.time + gap]
    const joined = sessions.filter(session => {
      if (session.key !== row.key) return false
      const overlap = Math.min(end, endOf(session)) - Math.max(start, startOf(session))
      return touch === 'merge' ? overlap >= 0 : overlap > 0
    })
    const all: ModelSession = {
      key: row.key,
      rows: new Map([...joined.flatMap(session => [...session.rows]), [i, row] as const]),
      given: new Set(joined.flatMap(session => [...session.given])),
    }
    if (endOf(all) - 1 + lateness <= watermark) result.late++
    else {
      const fired = joined.filter(hasFired).sort((a, b) => startOf(a) - startOf(b))
      if (firing === 'retracting') for (const session of fired) fire(session, true)
      sessions = [...sessions.filter(session => !joined.includes(session)), all]
      if (hasFired(all)) fire(all)
    }
    advance(row.time - outOfOrderness - 1)
  })
  advance(Number.POSITIVE_INFINITY)
  return result
}
