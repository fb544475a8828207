import type { Cuts, WindowSlices } from './window-slices.ts'

/**
 * One window per slide. When the size is a multiple of the slide, slices are slides; otherwise each slide is cut in two,
 * where an earlier window ends: slice 2k is the part before the cut, 2k + 1 the part after it.
 */
export class HoppingSlices implements WindowSlices {
  readonly span: number
  readonly hasGaps: boolean
  readonly hasHalves: boolean
  readonly cuts: Cuts
  readonly periodMs: number
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
    this.hasHalves = this.span > 1 && this.#restMs !== 0
    this.periodMs = slideMs
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

  countBetween(from: number, to: number): number {
    return to - from
  }

  firstOpen(watermark: number): number {
    // Less the rest alone, not the whole size: at the beginning of time that is still a number there is.
    return Math.floor((watermark + 1 - this.#offsetMs - this.#restMs) / this.#slideMs) - this.#whole + 1
  }
}

/** One window per step: it ends with the step, and begins where the longest window around the step does. */
export class CumulateSlices implements WindowSlices {
  readonly span: number
  readonly hasGaps = false
  readonly hasHalves = false
  readonly cuts: Cuts
  readonly periodMs: number
  readonly #stepMs: number
  readonly #offsetMs: number

  constructor(stepMs: number, maxMs: number, offsetMs: number) {
    this.#stepMs = stepMs
    this.#offsetMs = offsetMs
    this.span = maxMs / stepMs
    this.periodMs = stepMs
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

  countBetween(from: number, to: number): number {
    return to - from
  }

  firstOpen(watermark: number): number {
    return this.sliceOf(watermark + 1)
  }
}
