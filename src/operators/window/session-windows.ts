import { SESSION_RECORD } from '../../../assembly/abi.ts'
import { formatDuration } from '../../time/duration.ts'
import type { SessionSpec } from '../../time/session-windows.ts'
import type { BatchRows } from './batch-rows.ts'
import type { EventWindowParts, EventWindows } from './event-window.ts'
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
  readonly #template: number
  readonly #pair: number

  constructor(parts: EventWindowParts, { gapMs, touch }: SessionSpec) {
    const { scope, memory, layout, store, allowedLatenessMs } = parts
    this.#parts = parts
    this.tailMs = gapMs
    this.#gapMs = gapMs
    this.#reachMs = touch === 'merge' ? gapMs : gapMs - 1
    this.#timers = new SessionTimers(store, gapMs, allowedLatenessMs)
    this.#pair = scope.allocate(8)
    this.#template = scope.allocate(layout.recordBytes)
    memory.u8.set(layout.template, this.#template)
    const lateness = allowedLatenessMs > 0 ? ` and of the ${formatDuration(allowedLatenessMs)} rows may be late` : ''
    this.stateBound = `2 sessions, and one for each ${formatDuration(gapMs)} of out-of-orderness${lateness},`
  }

  due(watermark: number, into: number[]): void {
    this.#timers.due(watermark, into)
    if (!this.#parts.firesOnUpdate) return
    for (const session of into) this.#timers.fired(session)
    into.length = 0
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
    let after = 0
    let session = store.latestOf(id)
    while (session !== 0 && store.firstOf(session) > timeMs + this.#reachMs) {
      after = session
      session = store.beforeOf(session)
    }
    if (session === 0 || store.lastOf(session) + this.#reachMs < timeMs) {
      if (timeMs + this.#gapMs - 1 + allowedLatenessMs <= watermark) {
        rows.skipLate(at)
        return 0
      }
      store.reserveSession()
      session = store.open(id, timeMs, session, after)
    } else {
      this.#retract(session, watermark, again)
      const before = store.beforeOf(session)
      if (before !== 0 && store.lastOf(before) + this.#reachMs >= timeMs) {
        this.#retract(before, watermark, again)
        rows.accumulateTo(at)
        this.#join(before, session)
        session = before
      }
    }
    store.addRow(session, timeMs)
    if (this.#timers.firesAt(session) > watermark) this.#timers.await(session)
    rows.put(at, session + SESSION_RECORD)
    return session
  }

  /** Takes back what a session gave, if it has fired and will change. */
  #retract(session: number, watermark: number, again: number[]): void {
    const { store, firing, firesOnUpdate, memory, layout } = this.#parts
    const hasFired = firesOnUpdate || this.#timers.firesAt(session) <= watermark
    if (firing !== 'retracting' || !hasFired) return
    store.reserveSession()
    const copy = store.copyApart(session)
    memory.u32[this.#pair >>> 2] = copy + SESSION_RECORD
    memory.u32[(this.#pair + 4) >>> 2] = session + SESSION_RECORD
    layout.copyOwned(this.#pair, this.#pair + 4)
    store.setMarks(copy, RETRACTION)
    again.unshift(copy)
  }

  /** Joins a session with the one after it, which is gone afterwards. */
  #join(session: number, after: number): void {
    const { memory, layout, store } = this.#parts
    const pair = this.#pair
    memory.u32[pair >>> 2] = session + SESSION_RECORD
    memory.u32[(pair + 4) >>> 2] = after + SESSION_RECORD
    layout.combine(pair, pair + 4, 1)
    store.absorb(session, after)
    this.#timers.drop(after)
  }
}
