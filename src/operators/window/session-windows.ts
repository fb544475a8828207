import { SESSION_RECORD } from '../../../assembly/abi.ts'
import { formatDuration } from '../../time/duration.ts'
import type { SessionSpec } from '../../time/session-windows.ts'
import type { BatchRows } from './batch-rows.ts'
import type { EventWindowParts, EventWindows } from './event-window.ts'
import { SessionJoins } from './session-joins.ts'
import { RETRACTION, SessionTimers } from './session-timers.ts'

/** Pieces of a batch to a gap of watermark. */
const PIECES = 8

/**
 * Event-time sessions (Flink's semantics): a session [first, last + gap) fires when the watermark reaches end - 1, stays
 * for the allowed lateness, and joins with every row within reach until then. A row that joins a session past its end
 * makes it fire again at once, unless it moves the end ahead of the watermark; a row that joins none and whose own
 * session would be past end and lateness is dropped and counted.
 *
 * Rows go through the kernel in pieces, within which the watermark moves on by an eighth of the gap at most. The kernel
 * takes those for which it can't matter where in the piece the watermark is, because their session ends behind it, and
 * stops at any other: one that is late, joins two sessions, or joins one about to end. For such a row the watermark is
 * worked out, what is due by then fires, and the row is placed here. What falls due within a piece without meeting a row
 * fires at its end, in the order of the ends, as it would have row by row.
 */
export class SessionWindows implements EventWindows {
  readonly tailMs: number
  readonly kernels = ['resolveSessions']
  readonly inTypeScript = 'late rows, rows that join sessions to one, timers'
  readonly stateBound: string
  readonly #parts: EventWindowParts
  readonly #gapMs: number
  /** Greatest distance of a row to a session it joins. */
  readonly #reachMs: number
  readonly #timers: SessionTimers
  readonly #joins: SessionJoins
  readonly #template: number

  constructor(parts: EventWindowParts, { gapMs, touch }: SessionSpec) {
    const { scope, memory, layout, store, allowedLatenessMs } = parts
    this.#parts = parts
    this.tailMs = gapMs
    this.#gapMs = gapMs
    this.#reachMs = touch === 'merge' ? gapMs : gapMs - 1
    this.#timers = new SessionTimers(store, gapMs, allowedLatenessMs)
    this.#joins = new SessionJoins(parts, this.#reachMs)
    this.#template = scope.allocate(layout.recordBytes)
    memory.u8.set(layout.template, this.#template)
    const lateness = allowedLatenessMs > 0 ? ` and of the ${formatDuration(allowedLatenessMs)} rows may be late` : ''
    this.stateBound = `2 sessions, and one for each ${formatDuration(gapMs)} of out-of-orderness${lateness},`
  }

  due(watermark: number, into: number[]): number {
    this.#timers.due(watermark, into)
    if (this.#parts.firesOnUpdate) {
      for (const session of into) this.#timers.fired(session)
      into.length = 0
    }
    return Number.NEGATIVE_INFINITY
  }

  nextDue(): number {
    return this.#timers.nextDue()
  }

  fired(session: number): void {
    const { store, firing, firesOnUpdate } = this.#parts
    if (store.marksOf(session) === RETRACTION) {
      store.free(session)
      return
    }
    if (firing === 'discarding') store.clear(session)
    if (!firesOnUpdate || !this.#timers.isAwaited(session)) this.#timers.fired(session)
  }

  expire(watermark: number): void {
    this.#timers.expire(watermark)
  }

  restored(session: number): void {
    this.#timers.restored(session)
  }

  takeRows(rows: BatchRows, watermark: number, again: number[]): number {
    const { kernels, store, layout, firesOnUpdate } = this.#parts
    const { watermarks } = rows
    // Where the watermark stands still, only what is past it already needs a closer look.
    const bound = watermark + (rows.isTracked ? Math.max(1, Math.floor(this.#gapMs / PIECES)) : 1)
    const quiet = firesOnUpdate ? Number.POSITIVE_INFINITY : bound - this.#gapMs + 1
    const to = watermarks.cut(bound, rows.cursor)
    rows.startStretch()
    for (let at = rows.cursor; at < to; ) {
      store.reserveSession()
      at = kernels.resolveSessions(
        store.header,
        rows.time,
        rows.ids,
        rows.selection,
        at,
        to,
        this.#reachMs,
        quiet,
        layout.recordBytes,
        this.#template,
        rows.addressOf(at),
      )
      store.takeOpened(this.#timers.await)
      if (at === to) break
      if (!store.hasFree) continue
      const met = watermarks.at(at)
      if (met > watermark) {
        // What is due by now fires before the row is looked at.
        rows.accumulateTo(at)
        rows.cursor = at
        return met
      }
      const session = this.#place(rows, at, watermark, again)
      at++
      if (session !== 0 && (firesOnUpdate || this.#timers.firesAt(session) <= watermark)) again.push(session)
      if (again.length === 0) continue
      rows.accumulateTo(at)
      rows.cursor = at
      return at === to ? watermarks.afterCut() : watermark
    }
    rows.accumulateTo(to)
    rows.cursor = to
    return watermarks.afterCut()
  }

  /** Finds or makes the session of a row at the watermark it meets; 0 when the row comes too late for any. */
  #place(rows: BatchRows, at: number, watermark: number, again: number[]): number {
    const { store, allowedLatenessMs } = this.#parts
    const id = rows.idAt(at)
    const timeMs = rows.timeAt(at)
    const joins = this.#joins
    joins.find(id, timeMs)
    let { session } = joins
    if (session === 0) {
      if (timeMs + this.#gapMs - 1 + allowedLatenessMs <= watermark) {
        rows.skipLate(at)
        return 0
      }
      store.reserveSession()
      session = store.open(id, timeMs, joins.before, joins.after)
    } else {
      this.#retract(session, watermark, again)
      if (joins.other !== 0) {
        this.#retract(joins.other, watermark, again)
        rows.accumulateTo(at)
        joins.join(joins.other, session)
        this.#timers.drop(session)
        session = joins.other
      }
    }
    store.addRow(session, timeMs)
    if (this.#timers.firesAt(session) > watermark) this.#timers.await(session)
    rows.put(at, session + SESSION_RECORD)
    return session
  }

  /** Takes back what a session gave, if it has fired and will change. */
  #retract(session: number, watermark: number, again: number[]): void {
    const { firing, firesOnUpdate } = this.#parts
    const hasFired = firesOnUpdate || this.#timers.firesAt(session) <= watermark
    if (firing === 'retracting' && hasFired) again.unshift(this.#joins.retraction(session))
  }
}
