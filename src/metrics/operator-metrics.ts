import { clearHistogramSnapshot, createHistogramSnapshot, Histogram, type HistogramSnapshot } from './histogram.ts'

/** One operator at one moment. */
export interface OperatorSnapshot {
  name: string
  numRecordsIn: number
  numRecordsOut: number
  /** Nanoseconds spent working; 0 unless the level is 'detailed'. */
  busyNs: number
  /** Rows out per row in; NaN before the first row. */
  selectivity: number
  stateBytes: number
  /** Time per batch; empty unless the level is 'detailed'. */
  batchNs: HistogramSnapshot
}

/** An operator without a name or rows, to be filled by {@link OperatorMetrics.snapshotInto}. */
export function createOperatorSnapshot(): OperatorSnapshot {
  return {
    name: '',
    numRecordsIn: 0,
    numRecordsOut: 0,
    busyNs: 0,
    selectivity: Number.NaN,
    stateBytes: 0,
    batchNs: createHistogramSnapshot(),
  }
}

/** What one operator (or sink) took, gave and needed; told once per batch. */
export class OperatorMetrics {
  readonly name: string
  /** Bytes of state the operator holds now. */
  stateBytes = 0
  readonly #batchNs: Histogram | undefined
  #numRecordsIn = 0
  #numRecordsOut = 0
  #busyNs = 0

  /** @param timed Whether the times of batches count. */
  constructor(name: string, timed: boolean) {
    this.name = name
    this.#batchNs = timed ? new Histogram() : undefined
  }

  get numRecordsIn(): number {
    return this.#numRecordsIn
  }

  get numRecordsOut(): number {
    return this.#numRecordsOut
  }

  get busyNs(): number {
    return this.#busyNs
  }

  /** One batch: rows taken, rows given, and the nanoseconds it took (ignored unless `timed`). */
  recordBatch(rowsIn: number, rowsOut: number, busyNs: number): void {
    this.#numRecordsIn += rowsIn
    this.#numRecordsOut += rowsOut
    if (this.#batchNs === undefined) return
    this.#busyNs += busyNs
    this.#batchNs.record(busyNs)
  }

  /** Rows that came in or went out without a batch that was timed: those the clock or the end of the input let out. */
  recordRows(rowsIn: number, rowsOut: number): void {
    this.#numRecordsIn += rowsIn
    this.#numRecordsOut += rowsOut
  }

  /** Writes the operator into `target`, without allocation; returns `target`. */
  snapshotInto(target: OperatorSnapshot): OperatorSnapshot {
    target.name = this.name
    target.numRecordsIn = this.#numRecordsIn
    target.numRecordsOut = this.#numRecordsOut
    target.busyNs = this.#busyNs
    target.selectivity = this.#numRecordsOut / this.#numRecordsIn
    target.stateBytes = this.stateBytes
    if (this.#batchNs === undefined) clearHistogramSnapshot(target.batchNs)
    else this.#batchNs.snapshotInto(target.batchNs)
    return target
  }
}
