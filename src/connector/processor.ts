/**
 * Hands one output row on. Synchronous; may be called any number of times until the callback it was given to returns. Called
 * later, from a timer or a promise, it throws an EventfluxError `STAGE_FAILED`.
 */
export type Emit<Out> = (row: Out) => void

/** What a callback may give back, and nobody looks at: anything but a promise, as rows are not waited for. */
type NotAwaited =
  // biome-ignore lint/suspicious/noConfusingVoidType: what a function without `return` gives
  void | undefined | null | boolean | number | string | bigint | symbol | (object & { readonly then?: never })

/** What a processor may ask of whoever runs it. */
export interface ProcessorContext {
  /** Asks for `onTimer(atMs)` as soon as the clock reaches `atMs` (milliseconds since the epoch). */
  setTimer(atMs: number): void
}

/**
 * A user-written step over row objects: emits any number of rows per row, none to drop it.
 *
 * @example
 * const twice: Processor<number, number> = {
 *   process(value, emit) {
 *     emit(value)
 *     emit(value)
 *   },
 * }
 */
export interface Processor<In, Out> {
  /** The name in errors and metrics. */
  readonly name?: string
  process(event: In, emit: Emit<Out>, context: ProcessorContext): NotAwaited
  /** A timer set for `atMs` is due. */
  onTimer?(atMs: number, emit: Emit<Out>, context: ProcessorContext): NotAwaited
  /** No row with a time ≤ `watermark` follows; +Infinity at the end of a bounded input. */
  onWatermark?(watermark: number, emit: Emit<Out>, context: ProcessorContext): NotAwaited
  /**
   * The state, as a value of null, booleans, numbers, strings, bigints, dates, typed arrays, and arrays, plain objects,
   * maps and sets of such. Taken between two rows; it is turned into bytes before the next one.
   */
  snapshot?(): unknown
  /** Takes back what `snapshot` of the same processor gave. */
  restore?(state: unknown): void
  close?(): void | Promise<void>
}
