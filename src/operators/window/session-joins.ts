import { SESSION_RECORD } from '../../../assembly/abi.ts'
import type { EventWindowParts } from './event-window.ts'
import { RETRACTION } from './session-timers.ts'

/** Finds the sessions a row joins among those of its key, makes two of them one, and copies what one gave. */
export class SessionJoins {
  /** The session a row was found to join; 0: none. */
  session = 0
  /** The one before it that the row joins as well; 0: none. */
  other = 0
  /** Of a row that joins none, the sessions before and after it; 0: none. */
  before = 0
  after = 0
  readonly #parts: EventWindowParts
  readonly #reachMs: number
  readonly #pair: number

  /** @param reachMs Greatest distance of a row to a session it joins. */
  constructor(parts: EventWindowParts, reachMs: number) {
    this.#parts = parts
    this.#reachMs = reachMs
    this.#pair = parts.scope.allocate(8)
  }

  /** Looks for the sessions a row of a key joins. */
  find(id: number, timeMs: number): void {
    const { store } = this.#parts
    let after = 0
    let session = store.latestOf(id)
    while (session !== 0 && store.firstOf(session) > timeMs + this.#reachMs) {
      after = session
      session = store.beforeOf(session)
    }
    const isNew = session === 0 || store.lastOf(session) + this.#reachMs < timeMs
    this.session = isNew ? 0 : session
    this.before = isNew ? session : 0
    this.after = isNew ? after : 0
    const other = isNew ? 0 : store.beforeOf(session)
    this.other = other !== 0 && store.lastOf(other) + this.#reachMs >= timeMs ? other : 0
  }

  /** Makes a session one with that after it, whose fields are of no use afterwards. */
  join(session: number, after: number): void {
    const { layout, store } = this.#parts
    this.#setPair(session, after)
    layout.combine(this.#pair, this.#pair + 4, 1)
    store.absorb(session, after)
  }

  /** A copy of a session as it is, which takes back what it gave. */
  retraction(session: number): number {
    const { layout, store } = this.#parts
    store.reserveSession()
    const copy = store.copyApart(session)
    this.#setPair(copy, session)
    layout.copyOwned(this.#pair, this.#pair + 4)
    store.setMarks(copy, RETRACTION)
    return copy
  }

  #setPair(target: number, source: number): void {
    const { u32 } = this.#parts.memory
    u32[this.#pair >>> 2] = target + SESSION_RECORD
    u32[(this.#pair + 4) >>> 2] = source + SESSION_RECORD
  }
}
