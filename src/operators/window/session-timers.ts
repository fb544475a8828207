import { DueWheel } from './due-wheel.ts'
import { isOlder, type SessionStore } from './session-store.ts'

/** Marks of a session: which wheels it stands in, and whether it is no more than an entry of theirs. */
const FIRES = 1
const EXPIRES = 2
const GONE = 4
/** A copy of a session as it was, which takes a result back. */
export const RETRACTION = 8

/**
 * When sessions fire and when they are given up: at end - 1, and at end - 1 + lateness. Extending a session tells nobody;
 * the wheels find out (see `DueWheel`). A session stands at most once in each wheel, and is used again only when neither
 * holds it, so the wheels' memory is bounded by that of the sessions.
 */
export class SessionTimers {
  readonly #store: SessionStore
  readonly #gapMs: number
  readonly #latenessMs: number
  readonly #fires: DueWheel
  readonly #expires: DueWheel
  readonly #collected: number[] = []
  readonly #gone: ((session: number) => void) | undefined

  /** @param gone Is told of each session that is given up or joined with another, while its fields are still there. */
  constructor(store: SessionStore, gapMs: number, latenessMs: number, gone?: (session: number) => void) {
    this.#store = store
    this.#gone = gone
    this.#gapMs = gapMs
    this.#latenessMs = latenessMs
    const dueOf = (session: number): number =>
      store.marksOf(session) & GONE ? Number.NEGATIVE_INFINITY : this.firesAt(session)
    this.#fires = new DueWheel(gapMs, dueOf)
    this.#expires = new DueWheel(gapMs + latenessMs, session => dueOf(session) + latenessMs)
  }

  /** The watermark at which a session fires, as things stand. */
  firesAt(session: number): number {
    return this.#store.lastOf(session) + this.#gapMs - 1
  }

  /** Whether a session waits for its end. */
  isAwaited(session: number): boolean {
    return (this.#store.marksOf(session) & FIRES) !== 0
  }

  /** Has an unfired session fire in time. */
  readonly await = (session: number): void => {
    const marks = this.#store.marksOf(session)
    if (marks & FIRES) return
    this.#store.setMarks(session, marks | FIRES)
    this.#fires.add(session, this.firesAt(session))
  }

  /** A session of a state is there again: it stands where its marks say. */
  restored(session: number): void {
    const marks = this.#store.marksOf(session)
    if (marks & FIRES) this.#fires.add(session, this.firesAt(session))
    if (marks & EXPIRES) this.#expires.add(session, this.firesAt(session) + this.#latenessMs)
  }

  /** Puts the sessions that fire at `watermark` into `into`: by end, then start, then age. */
  due(watermark: number, into: number[]): void {
    into.length = 0
    this.#collected.length = 0
    this.#fires.collect(watermark, this.#collected)
    for (const session of this.#collected) if (this.#left(session, FIRES)) into.push(session)
    this.#sortEquals(into)
  }

  /** Puts sessions into the order in which they fire. */
  sort(sessions: number[]): void {
    sessions.sort((a, b) => this.#store.lastOf(a) - this.#store.lastOf(b))
    this.#sortEquals(sessions)
  }

  /** No session fires before this watermark. */
  nextDue(): number {
    return this.#fires.nextDue()
  }

  /** None is given up before this watermark. */
  nextExpiry(): number {
    return this.#expires.nextDue()
  }

  /** A session has fired: it is kept for rows that are late but allowed, or given up. */
  fired(session: number): void {
    if (this.#latenessMs === 0) {
      this.giveUp(session)
      return
    }
    const marks = this.#store.marksOf(session)
    if (marks & EXPIRES) return
    this.#store.setMarks(session, marks | EXPIRES)
    this.#expires.add(session, this.firesAt(session) + this.#latenessMs)
  }

  /** Gives up the sessions no row can join any more. */
  expire(watermark: number): void {
    if (this.#latenessMs === 0) return
    this.#collected.length = 0
    this.#expires.collect(watermark, this.#collected)
    for (const session of this.#collected) if (this.#left(session, EXPIRES)) this.giveUp(session)
  }

  /** Takes a session from its key; its memory is free once no wheel holds it. */
  giveUp(session: number): void {
    this.#store.unlink(session)
    this.drop(session)
  }

  /** The same for a session that is no key's any more. */
  drop(session: number): void {
    this.#gone?.(session)
    const marks = this.#store.marksOf(session)
    if ((marks & (FIRES | EXPIRES)) === 0) {
      this.#store.free(session)
      return
    }
    this.#store.clear(session)
    this.#store.setMarks(session, marks | GONE)
  }

  /** A wheel let go of a session. Returns whether the session is still there. */
  #left(session: number, wheel: number): boolean {
    const marks = this.#store.marksOf(session) & ~wheel
    this.#store.setMarks(session, marks)
    if ((marks & GONE) === 0) return true
    if (marks === GONE) this.#store.free(session)
    return false
  }

  /** Puts sessions of one end, which lie side by side, into the order of their starts and ages. */
  #sortEquals(sessions: number[]): void {
    const store = this.#store
    for (let from = 0; from < sessions.length; ) {
      const last = store.lastOf(sessions[from]!)
      let to = from + 1
      while (to < sessions.length && store.lastOf(sessions[to]!) === last) to++
      if (to - from > 1) {
        const equals = sessions.slice(from, to)
        equals.sort(
          (a, b) => store.firstOf(a) - store.firstOf(b) || (isOlder(store.orderOf(a), store.orderOf(b)) ? -1 : 1),
        )
        for (const session of equals) sessions[from++] = session
      }
      from = to
    }
  }
}
