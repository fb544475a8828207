import type { AlignedSpec } from '../../time/aligned-windows.ts'

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
  readonly cuts: Cuts
  /** The slice a time falls into. */
  sliceOf(timeMs: number): number
  firstSlice(window: number): number
  lastSlice(window: number): number
  /** The windows a slice is part of are firstWindow … lastWindow; none when the first is greater. */
  firstWindow(slice: number): number
  lastWindow(slice: number): number
  startMs(window: number): number
  endMs(window: number): number
  /** The first window whose last millisecond is after `watermark`: those before it have fired. */
  firstOpen(watermark: number): number
}

/** The slices of tumbling, hopping and cumulating windows. */
export function slicesOf(spec: AlignedSpec): WindowSlices {
  switch (spec.kind) {
    case 'tumbling':
      return new HoppingSlices(spec.sizeMs, spec.sizeMs, spec.offsetMs)
    case 'hopping':
      return new HoppingSlices(spec.sizeMs, spec.slideMs, spec.offsetMs)
    case 'cumulate':
      return new CumulateSlices(spec.stepMs, spec.maxMs, spec.offsetMs)
  }
}

/**
 * One window per slide. When the size is a multiple of the slide, slices are slides; otherwise each slide is cut in two,
 * where an earlier window ends: slice 2k is the part before the cut, 2k + 1 the part after it.
 */
class HoppingSlices implements WindowSlices {
  readonly span: number
  readonly hasGaps: boolean
  readonly cuts: Cuts
  readonly #sizeMs: number
  readonly #slideMs: number
  readonly #offsetMs: number
  /** Slides that fit a window whole. */
  readonly #whole: number
  readonly #restMs: number

  constructor(sizeMs: number, slideMs: number, offsetMs: number) {
    this.#sizeMs = sizeMs
    this.#slideMs = slideMs
    this.#offsetMs = offsetMs
    this.#whole = Math.floor(sizeMs / slideMs)
    this.#restMs = sizeMs % slideMs
    this.span = this.#restMs === 0 ? this.#whole : 2 * this.#whole + 1
    this.hasGaps = sizeMs < slideMs
    this.cuts = { periodMs: slideMs, offsetMs, remainderMs: this.#restMs }
  }

  sliceOf(timeMs: number): number {
    const slide = Math.floor((timeMs - this.#offsetMs) / this.#slideMs)
    if (this.#restMs === 0) return slide
    return slide + Math.floor((timeMs - (this.#offsetMs + this.#restMs)) / this.#slideMs) + 1
  }

  firstSlice(window: number): number {
    return this.#restMs === 0 ? window : 2 * window
  }

  lastSlice(window: number): number {
    return this.firstSlice(window) + this.span - 1
  }

  firstWindow(slice: number): number {
    if (this.#restMs === 0) return slice - this.#whole + 1
    return Math.ceil(slice / 2) - this.#whole
  }

  lastWindow(slice: number): number {
    return this.#restMs === 0 ? slice : Math.floor(slice / 2)
  }

  startMs(window: number): number {
    return window * this.#slideMs + this.#offsetMs
  }

  endMs(window: number): number {
    return this.startMs(window) + this.#sizeMs
  }

  firstOpen(watermark: number): number {
    return Math.floor((watermark + 1 - this.#offsetMs - this.#sizeMs) / this.#slideMs) + 1
  }
}

/** One window per step: it ends with the step, and begins where the longest window around the step does. */
class CumulateSlices implements WindowSlices {
  readonly span: number
  readonly hasGaps = false
  readonly cuts: Cuts
  readonly #stepMs: number
  readonly #offsetMs: number

  constructor(stepMs: number, maxMs: number, offsetMs: number) {
    this.#stepMs = stepMs
    this.#offsetMs = offsetMs
    this.span = maxMs / stepMs
    this.cuts = { periodMs: stepMs, offsetMs, remainderMs: 0 }
  }

  sliceOf(timeMs: number): number {
    return Math.floor((timeMs - this.#offsetMs) / this.#stepMs)
  }

  firstSlice(window: number): number {
    return Math.floor(window / this.span) * this.span
  }

  lastSlice(window: number): number {
    return window
  }

  firstWindow(slice: number): number {
    return slice
  }

  lastWindow(slice: number): number {
    return this.firstSlice(slice) + this.span - 1
  }

  startMs(window: number): number {
    return this.firstSlice(window) * this.#stepMs + this.#offsetMs
  }

  endMs(window: number): number {
    return (window + 1) * this.#stepMs + this.#offsetMs
  }

  firstOpen(watermark: number): number {
    return this.sliceOf(watermark + 1)
  }
}
