/** Spans of one name the timeline keeps at most: a job that runs for days must not fill memory with them. */
const SPANS_KEPT = 1_024

/** What is used of a runtime's `performance`. */
export interface Timeline {
  now(): number
  measure(name: string, span: { readonly start: number; readonly end: number; readonly detail?: unknown }): unknown
  clearMeasures(name: string): void
}

/**
 * Shows spans of work on the runtime's own timeline (User Timing), where profilers and `PerformanceObserver` find them
 * among everything else that went on.
 */
export class UserTiming {
  readonly #timeline: Timeline
  readonly #kept = new Map<string, number>()

  private constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  static ofRuntime(): UserTiming | undefined {
    return UserTiming.of((globalThis as { performance?: Partial<Timeline> }).performance)
  }

  /** Undefined for a timeline without User Timing, or not that of level 3, which takes spans as they are. */
  static of(timeline: Partial<Timeline> | undefined): UserTiming | undefined {
    if (typeof timeline?.measure !== 'function' || typeof timeline.clearMeasures !== 'function') return undefined
    try {
      timeline.measure('eventflux', { start: 0, end: 0 })
      timeline.clearMeasures('eventflux')
    } catch {
      return undefined
    }
    return new UserTiming(timeline as Timeline)
  }

  now(): number {
    return this.#timeline.now()
  }

  /** A span from `startMs` until now. Of each name the last thousand or so stay on the timeline. */
  span(name: string, startMs: number, detail: { readonly rows: number }): void {
    const kept = this.#kept.get(name) ?? 0
    if (kept === SPANS_KEPT) this.#timeline.clearMeasures(name)
    this.#kept.set(name, kept === SPANS_KEPT ? 1 : kept + 1)
    this.#timeline.measure(name, { start: startMs, end: this.#timeline.now(), detail })
  }
}
