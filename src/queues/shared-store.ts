import type { ColumnBlock } from '../memory/column-input.ts'

/** What a shared queue keeps, and how it comes in and out. Answers are counts, or SHARED_ constants. */
export interface SharedStore<In, Out> {
  /** The event popped last. */
  readonly popped: Out
  /** @throws EventfluxError `EVENT_INVALID` for what it can't store; nothing was claimed. */
  push(event: In, isForced: boolean): number
  pop(): number
  /** Pushes from `events[from]` on, as many as one claim takes. @throws EventfluxError `EVENT_INVALID` when the first doesn't fit. */
  pushSome(events: readonly In[], from: number): number
  /** Appends up to `max` events, as many as one take gives. */
  popSome(max: number, into: Out[]): number
  /**
   * What pushes rows of a block from a row on, as many as one claim takes; it throws `EVENT_INVALID` when the first doesn't fit.
   *
   * @throws EventfluxError `EVENT_INVALID` for a block that doesn't fit.
   */
  columnPusher(block: ColumnBlock): (from: number) => number
  /** Writes up to `max` rows to the start of the arrays. */
  popColumns(into: ColumnArrays, max: number): number
}

/** Typed arrays by field name: `Float64Array` for `f64` and `timestamp`, `Uint8Array` for `bool`, and so on. */
export type ColumnArrays = Readonly<
  Record<string, Float64Array | Float32Array | Int32Array | Uint32Array | BigInt64Array | Uint8Array>
>
