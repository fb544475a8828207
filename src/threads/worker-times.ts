import { HISTOGRAM_CELLS, Histogram } from '../metrics/histogram.ts'

/** Behind the histogram: nanoseconds spent waiting for room. */
const WAITED = HISTOGRAM_CELLS

/**
 * How long a worker takes for its frames, in shared memory: it writes, anybody reads. Between two frames what is read is
 * exact; while one is being counted, it may lack that one.
 */
export class WorkerTimes {
  readonly shared: SharedArrayBuffer
  #cells: Float64Array
  #frames: Histogram
  /** What was measured in other cells before, and a copy for reading. */
  readonly #before = new Histogram()
  readonly #read = new Histogram()
  #waitedBefore = 0

  constructor(shared = new SharedArrayBuffer((HISTOGRAM_CELLS + 1) * 8)) {
    this.shared = shared
    this.#cells = new Float64Array(shared)
    this.#frames = histogramIn(this.#cells)
  }

  /** One frame took so long, and so much of it was spent waiting. */
  record(ns: number, waitedNs: number): void {
    this.#frames.record(ns - waitedNs)
    this.#cells[WAITED] = this.#cells[WAITED]! + waitedNs
  }

  get waitedNs(): number {
    return this.#waitedBefore + this.#cells[WAITED]!
  }

  /** Nanoseconds of work, and on each frame. Good until the next call. */
  frames(): Histogram {
    this.#read.cells.set(this.#frames.cells)
    // Whoever records counts the value before its bucket: a rank beyond all buckets would be looked for in vain.
    this.#read.recount()
    this.#read.merge(this.#before)
    return this.#read
  }

  /** Measuring goes on in other cells; nobody writes to these any more. */
  goOn(shared: SharedArrayBuffer): void {
    this.#frames.recount()
    this.#before.merge(this.#frames)
    this.#waitedBefore += this.#cells[WAITED]!
    this.#cells = new Float64Array(shared)
    this.#frames = histogramIn(this.#cells)
  }
}

const histogramIn = (cells: Float64Array): Histogram => new Histogram(cells.subarray(0, HISTOGRAM_CELLS))
