/** How time is cut for the kernels: at `offsetMs` + k × `periodMs`, and again `remainderMs` after each (0: not again). */
export interface Cuts {
  readonly periodMs: number
  readonly offsetMs: number
  readonly remainderMs: number
}

/**
 * The windows of a kind, and the slices they share: time is cut wherever a window begins or ends, so that every window
 * is a run of whole slices. Slices are numbered in order of time, windows in order of their ends (no two have the same);
 * both numbers grow with time, and numbers of windows and of slices may be ±Infinity as watermarks may.
 */
export interface WindowSlices {
  /** Most slices in one window. */
  readonly span: number
  /** Whether some slices are part of no window. */
  readonly hasGaps: boolean
  /**
   * Whether slices 2k and 2k + 1 are halves that are cut apart for the one window that ends between them, which has 2k for
   * its last slice. When it needs them no more, they can be one.
   */
  readonly hasHalves: boolean
  /** How kernels cut time; undefined where slices are windows that begin at instants of no rule. */
  readonly cuts: Cuts | undefined
  /** The least time between the ends of two windows. */
  readonly periodMs: number
  /** The slice a time falls into. */
  sliceOf(timeMs: number): number
  firstSlice(window: number): number
  lastSlice(window: number): number
  /** The windows a slice is part of are firstWindow … lastWindow; none when the first is greater. */
  firstWindow(slice: number): number
  lastWindow(slice: number): number
  startMs(window: number): number
  endMs(window: number): number
  /** How many windows there are from `from` to before `to`: those of dates that a zone left out are none. */
  countBetween(from: number, to: number): number
  /** The first window whose last millisecond is after `watermark`: those before it have fired. */
  firstOpen(watermark: number): number
}
