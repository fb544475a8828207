import { SESSION_RECORD } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { formatDuration } from '../../time/duration.ts'
import type { SessionSpec } from '../../time/session-windows.ts'
import type { IntervalTrigger, RowsTrigger } from '../../time/triggers.ts'
import type { BatchRows } from './batch-rows.ts'
import type { EarlyFirings, EventWindowParts, EventWindows } from './event-window.ts'
import { SessionJoins } from './session-joins.ts'
import { RETRACTION, SessionTimers } from './session-timers.ts'
import { laterTick, nextMultiple } from './triggers/changed-keys.ts'

/**
 * Sessions that give results before their end. Whatever makes a session fire (rows, the clock, the watermark on its way,
 * its end, a late row), it gives one if rows came since it last did. Where firings retract, what it gave is kept as
 * sessions apart, with the bounds they had, and taken back right before the next result; two that join owe what both gave.
 *
 * Rows are placed one by one, up to one that meets a watermark at which something is due or makes a session fire at once.
 * Where results are taken back, which may be of windows long past, the watermark handed on before is that of the firing's
 * instant, whatever the batches.
 */
export class EarlySessionWindows implements EventWindows, EarlyFirings {
  readonly tailMs: number
  readonly kernels: readonly string[] = []
  readonly inTypeScript = 'which session a row is of, early firings, timers'
  readonly stateBound: string
  readonly early = this
  readonly #parts: EventWindowParts
  readonly #spec: RowsTrigger | IntervalTrigger
  /** Whether there are results at multiples of event time. */
  readonly #ticks: boolean
  readonly #gapMs: number
  readonly #joins: SessionJoins
  readonly #timers: SessionTimers
  /** Rows of a session since it last gave a result, and what it gave that was not taken back. */
  readonly #changed = new Map<number, number>()
  readonly #given = new Map<number, number[]>()
  /** Sessions that have reached their end and give a result, in order. */
  #ended: number[] = []
  /** The next multiple of the interval, of event time and of the clock; Infinity: none is waited for. */
  #tickAt = Number.POSITIVE_INFINITY
  #wakeAt = Number.POSITIVE_INFINITY
  #clockMs = Number.NEGATIVE_INFINITY

  constructor(parts: EventWindowParts, { gapMs, touch }: SessionSpec, spec: RowsTrigger | IntervalTrigger) {
    const { store, allowedLatenessMs, firing } = parts
    this.#parts = parts
    this.#spec = spec
    this.#ticks = spec.kind === 'interval' && spec.by === 'eventTime'
    this.tailMs = gapMs
    this.#gapMs = gapMs
    this.#joins = new SessionJoins(parts, touch === 'merge' ? gapMs : gapMs - 1)
    this.#timers = new SessionTimers(store, gapMs, allowedLatenessMs, session => this.#forget(session))
    const lateness = allowedLatenessMs > 0 ? ` and of the ${formatDuration(allowedLatenessMs)} rows may be late` : ''
    const given = firing === 'retracting' ? ', each with what it gave last,' : ','
    this.stateBound = `2 sessions, and one for each ${formatDuration(gapMs)} of out-of-orderness${lateness}${given}`
  }

  due(watermark: number, into: number[]): number {
    if (this.#clockMs >= this.#wakeAt) {
      this.#wakeAt = Number.POSITIVE_INFINITY
      this.#tick(watermark, into)
      return Number.NEGATIVE_INFINITY
    }
    for (;;) {
      if (this.#ended.length > 0) return this.#fireEnded(into)
      const to = Math.min(watermark, this.#tickAt)
      this.#collectEnded(to)
      if (this.#ended.length > 0) continue
      if (this.#tickAt > watermark || this.#tickAt === Number.POSITIVE_INFINITY) break
      const instant = this.#tickAt
      this.#tickAt = this.#nextTick(watermark)
      this.#tick(instant, into)
      if (into.length > 0) return instant - 1
    }
    if (this.#tickAt === Number.POSITIVE_INFINITY) this.#tickAt = this.#nextTick(watermark)
    return Number.NEGATIVE_INFINITY
  }

  nextDue(): number {
    return Math.min(this.#timers.nextDue(), this.#changed.size > 0 ? this.#tickAt : Number.POSITIVE_INFINITY)
  }

  fired(session: number): void {
    const { store, firing } = this.#parts
    if (store.marksOf(session) === RETRACTION) {
      store.free(session)
      return
    }
    const isOver = !this.#timers.isAwaited(session)
    if (firing === 'discarding') store.clear(session)
    if (firing === 'retracting' && !(isOver && this.#parts.allowedLatenessMs === 0))
      this.#given.set(session, [this.#joins.retraction(session)])
    if (isOver) this.#timers.fired(session)
  }

  expire(watermark: number): void {
    this.#timers.expire(watermark)
  }

  restored(session: number): void {
    this.#timers.restored(session)
  }

  takeRows(rows: BatchRows, watermark: number, again: number[]): number {
    rows.startStretch()
    // The first watermark there is says which multiples are waited for, also where only replicas that see other rows meet it.
    const isFirst = this.#ticks && this.#tickAt === Number.POSITIVE_INFINITY
    const to = isFirst ? rows.watermarks.cut(-Number.MAX_VALUE, rows.cursor) : rows.count
    let met = watermark
    for (let at = rows.cursor; at < to; at++) {
      met = rows.watermarks.at(at)
      this.#joins.find(rows.idAt(at), rows.timeAt(at))
      if (met > watermark && (met >= this.#nextInstant() || this.#firesAtOnce(rows.timeAt(at), met))) {
        // What is due by now happens before the row is looked at.
        rows.accumulateTo(at)
        rows.cursor = at
        return met
      }
      const session = this.#place(rows, at, met)
      if (session === 0) continue
      const isFull = this.#spec.kind === 'rows' && this.#changed.get(session)! >= this.#spec.rows
      if (!isFull && this.#timers.firesAt(session) > met) continue
      this.#give(session, again)
      rows.accumulateTo(at + 1)
      rows.cursor = at + 1
      return met
    }
    rows.accumulateTo(to)
    rows.cursor = to
    return isFirst ? rows.watermarks.afterCut() : met
  }

  /** The instant of the job's clock at which what has changed is given; Infinity: there is none. */
  get wakeAt(): number {
    const spec = this.#spec
    const isAwaited = spec.kind === 'interval' && spec.by === 'clock' && this.#changed.size > 0
    if (isAwaited && this.#wakeAt === Number.POSITIVE_INFINITY)
      this.#wakeAt = nextMultiple(spec.everyMs, this.#parts.now())
    return this.#wakeAt
  }

  clockReached(nowMs: number): void {
    this.#clockMs = Math.max(this.#clockMs, nowMs)
  }

  eachGiven(visit: (session: number) => void): void {
    for (const given of this.#given.values()) given.forEach(visit)
  }

  snapshot(writer: StateWriter): void {
    const { store, layout } = this.#parts
    for (const time of [this.#tickAt, this.#wakeAt, this.#clockMs]) writer.f64(time)
    const records: number[] = []
    for (const session of store.inOrder()) {
      const given = this.#given.get(session) ?? []
      writer.f64(this.#changed.get(session) ?? 0)
      writer.u32(given.length)
      for (const copy of given) {
        writer.f64(store.firstOf(copy))
        writer.f64(store.lastOf(copy))
        records.push(copy + SESSION_RECORD)
      }
    }
    layout.state.snapshot(writer, Uint32Array.from(records))
  }

  restore(reader: StateReader, sessions: readonly number[]): void {
    const { store, layout } = this.#parts
    this.#tickAt = laterTick(this.#tickAt, reader.instant(Number.POSITIVE_INFINITY))
    this.#wakeAt = Math.min(this.#wakeAt, reader.instant(Number.POSITIVE_INFINITY))
    this.#clockMs = Math.max(this.#clockMs, reader.instant(Number.NEGATIVE_INFINITY))
    const records: number[] = []
    for (const session of sessions) {
      const rows = reader.amount()
      if (session === 0) {
        for (let left = reader.count(16); left > 0; left--) {
          reader.bytes(16)
          records.push(0)
        }
        continue
      }
      if (rows > 0) this.#changed.set(session, rows)
      const given: number[] = []
      for (let left = reader.count(16); left > 0; left--) {
        store.reserveSession()
        const copy = store.restoreApart(reader, store.idOf(session))
        store.setMarks(copy, RETRACTION)
        given.push(copy)
        records.push(copy + SESSION_RECORD)
      }
      if (given.length > 0) this.#given.set(session, given)
    }
    layout.state.restore(reader, Uint32Array.from(records), 0)
  }

  close(): void {
    this.eachGiven(copy => this.#parts.layout.release(copy + SESSION_RECORD))
  }

  /** Puts the row just looked for into its session, at the watermark it meets; 0 when it comes too late for any. */
  #place(rows: BatchRows, at: number, met: number): number {
    const { store, allowedLatenessMs } = this.#parts
    const { other, before, after } = this.#joins
    const timeMs = rows.timeAt(at)
    let { session } = this.#joins
    if (session === 0) {
      if (timeMs + this.#gapMs - 1 + allowedLatenessMs <= met) {
        rows.skipLate(at)
        return 0
      }
      store.reserveSession()
      session = store.open(rows.idAt(at), timeMs, before, after)
    } else if (other !== 0) {
      rows.accumulateTo(at)
      this.#joins.join(other, session)
      this.#owe(other, session)
      this.#timers.drop(session)
      session = other
    }
    store.addRow(session, timeMs)
    this.#changed.set(session, (this.#changed.get(session) ?? 0) + 1)
    if (this.#timers.firesAt(session) > met) this.#timers.await(session)
    rows.put(at, session + SESSION_RECORD)
    return session
  }

  /** Whether the row just looked for makes the session it joins fire at once, if it is put there at a watermark. */
  #firesAtOnce(timeMs: number, met: number): boolean {
    const { session, other } = this.#joins
    const spec = this.#spec
    if ((session === 0 ? timeMs + this.#gapMs - 1 : this.#timers.firesAt(session)) <= met) return true
    if (spec.kind !== 'rows') return false
    return (this.#changed.get(session) ?? 0) + (this.#changed.get(other) ?? 0) + 1 >= spec.rows
  }

  /** A session has what one that joined it had: rows that were not given, and results that were. */
  #owe(session: number, joined: number): void {
    const rows = (this.#changed.get(session) ?? 0) + (this.#changed.get(joined) ?? 0)
    if (rows > 0) this.#changed.set(session, rows)
    const given = [...(this.#given.get(session) ?? []), ...(this.#given.get(joined) ?? [])]
    if (given.length > 0) this.#given.set(session, given)
    this.#changed.delete(joined)
    this.#given.delete(joined)
  }

  /** Has a session give a result, behind what it takes back. */
  #give(session: number, into: number[]): void {
    for (const given of this.#given.get(session) ?? []) into.push(given)
    into.push(session)
    this.#given.delete(session)
    this.#changed.delete(session)
  }

  /** All sessions before their end give a result that have changed. */
  #tick(watermark: number, into: number[]): void {
    const sessions = [...this.#changed.keys()].filter(session => this.#timers.firesAt(session) > watermark)
    this.#timers.sort(sessions)
    for (const session of sessions) this.#give(session, into)
  }

  /** The sessions that reach their end up to a watermark: those that have not changed are over without a result. */
  #collectEnded(watermark: number): void {
    const sessions: number[] = []
    this.#timers.due(watermark, sessions)
    for (const session of sessions)
      if (this.#changed.has(session)) this.#ended.push(session)
      else this.#timers.fired(session)
    this.#ended.reverse()
  }

  /** The sessions of the earliest end give their results. */
  #fireEnded(into: number[]): number {
    const ended = this.#ended
    const instant = this.#timers.firesAt(ended.at(-1)!)
    while (ended.length > 0 && this.#timers.firesAt(ended.at(-1)!) === instant) this.#give(ended.pop()!, into)
    return instant - 1
  }

  /** The first multiple of an interval of event time behind a watermark, once there is one. */
  #nextTick(watermark: number): number {
    const isAwaited = this.#ticks && watermark !== Number.NEGATIVE_INFINITY
    return isAwaited ? nextMultiple((this.#spec as IntervalTrigger).everyMs, watermark) : Number.POSITIVE_INFINITY
  }

  /** The next watermark at which something may happen. The first of all says from when on multiples are waited for. */
  #nextInstant(): number {
    if (this.#ticks && this.#tickAt === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY
    return Math.min(this.#tickAt, this.#timers.nextDue(), this.#timers.nextExpiry())
  }

  /** A session is given up, and with it what it gave. */
  #forget(session: number): void {
    const { store } = this.#parts
    for (const copy of this.#given.get(session) ?? []) store.free(copy)
    this.#given.delete(session)
    this.#changed.delete(session)
  }
}
