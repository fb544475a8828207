import { createHistogramSnapshot, Histogram, type HistogramSnapshot } from './histogram.ts'

/** One worker of a job at one moment. Counts of rows and frames are those of a job that lost no worker. */
export interface WorkerSnapshot {
  /** Such as `worker 1 of 4` or `stage 2 of 3`. */
  name: string
  /** Rows it was sent. A worker that is dealt keys is sent the rows of all. */
  numRecordsIn: number
  /** Rows of these that are its own: of its keys, or all of a stage. */
  numRecordsOwn: number
  /** Rows it gave to the next stage, or to the thread that runs the job. */
  numRecordsOut: number
  /** Rows of its own that no window took because they were late. */
  numLateRecordsDropped: number
  /** Frames it has done: batches, or parts of them, turns of the clock, ends. */
  frames: number
  /** Event time, epoch milliseconds; -Infinity before the first watermark. */
  currentWatermark: number
  /** Nanoseconds spent at work, since the start. */
  busyNs: number
  /** Nanoseconds spent waiting for room in the ring behind it. */
  backPressuredNs: number
  /** The work on each frame, in nanoseconds. */
  frameNs: HistogramSnapshot
  /** Bytes that wait in the ring before it, and that the ring holds. */
  queuedBytes: number
  capacityBytes: number
}

/** What a worker lets be read of it at any moment. */
export interface MeasuredWorker {
  /** Writes what it counted, without allocation. */
  snapshotInto(target: WorkerSnapshot): void
  /** Adds the work on each of its frames. */
  addFrameTimes(to: Histogram): void
}

/** An empty snapshot of a worker. */
export function createWorkerSnapshot(): WorkerSnapshot {
  return {
    name: '',
    numRecordsIn: 0,
    numRecordsOwn: 0,
    numRecordsOut: 0,
    numLateRecordsDropped: 0,
    frames: 0,
    currentWatermark: Number.NEGATIVE_INFINITY,
    busyNs: 0,
    backPressuredNs: 0,
    frameNs: createHistogramSnapshot(),
    queuedBytes: 0,
    capacityBytes: 0,
  }
}

/** The workers of a job, each and together. */
export class WorkersMetrics {
  readonly #workers: readonly MeasuredWorker[]
  readonly #all = new Histogram()

  constructor(workers: readonly MeasuredWorker[]) {
    this.#workers = workers
  }

  /** Writes a snapshot of each, and the frame times of all, merged exactly: without allocation but for workers that are new to `into`. */
  snapshotInto(into: { readonly workers: WorkerSnapshot[]; readonly workerFrameNs: HistogramSnapshot }): void {
    while (into.workers.length < this.#workers.length) into.workers.push(createWorkerSnapshot())
    into.workers.length = this.#workers.length
    this.#all.reset()
    this.#workers.forEach((worker, i) => {
      worker.snapshotInto(into.workers[i]!)
      worker.addFrameTimes(this.#all)
    })
    this.#all.snapshotInto(into.workerFrameNs)
  }
}
