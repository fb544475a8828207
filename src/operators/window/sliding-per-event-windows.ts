import { SESSION_RECORD } from '../../../assembly/abi.ts'
import { formatDuration } from '../../time/duration.ts'
import type { SlidingPerEventSpec } from '../../time/session-windows.ts'
import type { BatchRows } from './batch-rows.ts'
import { DueWheel } from './due-wheel.ts'
import type { EventWindowParts, EventWindows } from './event-window.ts'
import { isOlder } from './session-store.ts'

/**
 * Sliding windows by event (Kafka Streams' semantics), both ends inclusive: for each time t of a row of a key, its left
 * window [t - diff, t], and its right one [t + 1, t + 1 + diff] where there are rows in it. A left window that would
 * begin before the epoch though t doesn't begins at 0. Windows of the same start are one.
 *
 * The state is moments: the rows of one key and time, as a session of no length. A window is put together when it fires,
 * which costs what it holds; nothing here is a kernel but the accumulators. Rows ahead of the watermark they meet can't
 * touch a window that is due, so these wait until the batch is through; before a row behind it, what is due fires.
 */
export class SlidingPerEventWindows implements EventWindows {
  readonly tailMs: number
  readonly kernels = []
  readonly inTypeScript = 'moments, windows put together out of them, timers'
  readonly stateBound: string
  readonly #parts: EventWindowParts
  readonly #diffMs: number
  /** Moments by when their windows fire, and by when no window that could still fire knows them. */
  readonly #lefts: DueWheel
  readonly #rights: DueWheel
  readonly #expires: DueWheel
  readonly #collected: number[] = []
  readonly #sources: number
  readonly #targets: number

  constructor(parts: EventWindowParts, { diffMs }: SlidingPerEventSpec) {
    const { store, scope, maxBatch, allowedLatenessMs } = parts
    this.#parts = parts
    this.tailMs = diffMs + 1
    this.#diffMs = diffMs
    this.#lefts = new DueWheel(diffMs, moment => this.#leftOf(store.firstOf(moment)) + diffMs)
    this.#rights = new DueWheel(diffMs, moment => store.firstOf(moment) + 1 + diffMs)
    const keptMs = 1 + diffMs + allowedLatenessMs
    this.#expires = new DueWheel(keptMs, moment => store.firstOf(moment) + keptMs)
    this.#sources = scope.allocate(maxBatch * 4)
    this.#targets = scope.allocate(maxBatch * 4)
    const kept = formatDuration(1 + diffMs + allowedLatenessMs)
    this.stateBound = `one record for each time within ${kept} and the out-of-orderness`
  }

  due(watermark: number, into: number[]): number {
    const { store } = this.#parts
    const moments = this.#collected
    moments.length = 0
    this.#lefts.collect(watermark, moments)
    const lefts = moments.length
    this.#rights.collect(watermark, moments)
    if (moments.length === 0) return Number.NEGATIVE_INFINITY
    const starts = moments.map((moment, i) => {
      const time = store.firstOf(moment)
      return i < lefts ? this.#leftOf(time) : time + 1
    })
    const order = moments.map((_, i) => i)
    order.sort((a, b) => starts[a]! - starts[b]! || store.idOf(moments[a]!) - store.idOf(moments[b]!))
    let known = -1
    for (const i of order) {
      const isKnown =
        known >= 0 && starts[known] === starts[i] && store.idOf(moments[known]!) === store.idOf(moments[i]!)
      if (isKnown || !this.#hasRows(moments[i]!, starts[i]!)) continue
      into.push(this.#window(moments[i]!, starts[i]!))
      known = i
    }
    into.sort((a, b) => store.firstOf(a) - store.firstOf(b) || (isOlder(store.orderOf(a), store.orderOf(b)) ? -1 : 1))
    return Number.NEGATIVE_INFINITY
  }

  nextDue(): number {
    return Math.min(this.#lefts.nextDue(), this.#rights.nextDue())
  }

  fired(window: number): void {
    this.#parts.store.free(window)
  }

  expire(watermark: number): void {
    const { store } = this.#parts
    this.#collected.length = 0
    this.#expires.collect(watermark, this.#collected)
    for (const moment of this.#collected) {
      store.unlink(moment)
      store.free(moment)
    }
  }

  /** The same for a moment that is new: what is due by the watermark has fired, or never had anything to. */
  restored(moment: number, watermark: number): void {
    const { store, allowedLatenessMs, firesOnUpdate } = this.#parts
    const timeMs = store.firstOf(moment)
    const left = this.#leftOf(timeMs) + this.#diffMs
    const right = timeMs + 1 + this.#diffMs
    if (left > watermark && !firesOnUpdate) this.#lefts.add(moment, left)
    if (right > watermark && !firesOnUpdate) this.#rights.add(moment, right)
    this.#expires.add(moment, right + allowedLatenessMs)
  }

  takeRows(rows: BatchRows, watermark: number, again: number[]): number {
    const { store } = this.#parts
    rows.startStretch()
    for (let at = rows.cursor; at < rows.count; at++) {
      const met = rows.watermarks.at(at)
      const timeMs = rows.timeAt(at)
      const id = rows.idAt(at)
      if (timeMs > met && !this.#parts.firesOnUpdate) {
        this.#add(rows, at, this.#momentUpTo(id, timeMs), watermark)
        continue
      }
      if (met > watermark) {
        // What is due by now fires before the row is looked at.
        rows.accumulateTo(at)
        rows.cursor = at
        return met
      }
      const before = this.#momentUpTo(id, timeMs)
      const starts = this.#openStarts(id, before, timeMs, watermark)
      if (starts.length === 0) {
        rows.skipLate(at)
        continue
      }
      const isNew = before === 0 || store.firstOf(before) !== timeMs
      const moment = this.#add(rows, at, before, watermark)
      if (isNew && this.#isNewWindow(moment, timeMs + 1, watermark)) starts.push(timeMs + 1)
      const fired = this.#parts.firesOnUpdate ? starts : starts.filter(start => start + this.#diffMs <= watermark)
      if (fired.length === 0) continue
      rows.accumulateTo(at + 1)
      rows.cursor = at + 1
      for (const start of fired) again.push(this.#window(moment, start))
      return watermark
    }
    rows.accumulateTo(rows.count)
    rows.cursor = rows.count
    return watermark
  }

  #leftOf(timeMs: number): number {
    const start = timeMs - this.#diffMs
    return start < 0 && timeMs >= 0 ? 0 : start
  }

  /** The last moment of a key at or before a time; 0 when there is none. */
  #momentUpTo(id: number, timeMs: number): number {
    const { store } = this.#parts
    let moment = store.latestOf(id)
    while (moment !== 0 && store.firstOf(moment) > timeMs) moment = store.beforeOf(moment)
    return moment
  }

  /** Adds a row to its moment, which may have to be made behind `before`. */
  #add(rows: BatchRows, at: number, before: number, watermark: number): number {
    const { store } = this.#parts
    const timeMs = rows.timeAt(at)
    let moment = before
    if (before === 0 || store.firstOf(before) !== timeMs) {
      const id = rows.idAt(at)
      store.reserveSession()
      moment = store.open(id, timeMs, before, before === 0 ? this.#earliestOf(id) : store.afterOf(before))
      this.restored(moment, watermark)
    }
    store.addRow(moment, timeMs)
    rows.put(at, moment + SESSION_RECORD)
    return moment
  }

  #earliestOf(id: number): number {
    const { store } = this.#parts
    let earliest = 0
    for (let moment = store.latestOf(id); moment !== 0; moment = store.beforeOf(moment)) earliest = moment
    return earliest
  }

  /** Starts, ascending, of the windows a row at a time is in that still take rows; `before`: the moment up to it. */
  #openStarts(id: number, before: number, timeMs: number, watermark: number): number[] {
    const { store, allowedLatenessMs } = this.#parts
    const starts = new Set<number>([this.#leftOf(timeMs)])
    for (let moment = before; moment !== 0; moment = store.beforeOf(moment)) {
      const time = store.firstOf(moment)
      if (time < timeMs - 1 - this.#diffMs) break
      if (time < timeMs) starts.add(time + 1)
    }
    for (
      let moment = before === 0 ? this.#earliestOf(id) : store.afterOf(before);
      moment !== 0 && store.firstOf(moment) <= timeMs + this.#diffMs;
      moment = store.afterOf(moment)
    ) {
      const start = this.#leftOf(store.firstOf(moment))
      if (start <= timeMs) starts.add(start)
    }
    return [...starts].filter(start => start + this.#diffMs + allowedLatenessMs > watermark).sort((a, b) => a - b)
  }

  /** Whether the right window of a new moment still takes rows, has some, and wasn't there before the moment was. */
  #isNewWindow(moment: number, start: number, watermark: number): boolean {
    const { store, allowedLatenessMs } = this.#parts
    if (start + this.#diffMs + allowedLatenessMs <= watermark || !this.#hasRows(moment, start)) return false
    for (let other = store.afterOf(moment); other !== 0; other = store.afterOf(other)) {
      if (store.firstOf(other) > start + this.#diffMs) break
      if (this.#leftOf(store.firstOf(other)) === start) return false
    }
    return true
  }

  /** Whether the window of a moment that begins at `start` holds a row: a left one holds the moment itself. */
  #hasRows(moment: number, start: number): boolean {
    const { store } = this.#parts
    if (start <= store.firstOf(moment)) return true
    const after = store.afterOf(moment)
    return after !== 0 && store.firstOf(after) <= start + this.#diffMs
  }

  /** Puts a window together that begins at `start` and has `moment` in it or right before it. */
  #window(moment: number, start: number): number {
    const { store } = this.#parts
    let first = moment
    while (store.beforeOf(first) !== 0 && store.firstOf(store.beforeOf(first)) >= start) first = store.beforeOf(first)
    if (store.firstOf(first) < start) first = store.afterOf(first)
    store.reserveSession()
    const window = store.openApart(store.idOf(moment), start)
    let order = store.orderOf(first)
    let rows = 0
    let count = 0
    for (let next = first; next !== 0 && store.firstOf(next) <= start + this.#diffMs; next = store.afterOf(next)) {
      rows += store.rowsOf(next)
      if (isOlder(store.orderOf(next), order)) order = store.orderOf(next)
      if (count === this.#parts.maxBatch) count = this.#combine(count)
      this.#pair(count++, window, next)
    }
    this.#combine(count)
    store.setRows(window, rows)
    store.setOrder(window, order)
    return window
  }

  #pair(at: number, window: number, moment: number): void {
    const { u32 } = this.#parts.memory
    u32[(this.#targets >>> 2) + at] = window + SESSION_RECORD
    u32[(this.#sources >>> 2) + at] = moment + SESSION_RECORD
  }

  /** Adds the moments paired so far to their window. Returns 0, how many are left. */
  #combine(count: number): number {
    this.#parts.layout.combine(this.#targets, this.#sources, count)
    return 0
  }
}
