import type { ErrorCounts } from '../connector/error-policy.ts'
import { LINK_CELLS, LinkCell } from './link-cells.ts'

/** What a worker counts, in numbers: by operator, window, watermark, stage and link. */
interface CellLayout {
  readonly operators: number
  readonly windows: number
  readonly eventTimes: number
  readonly stages: number
  readonly links: number
}

/** Of the worker itself, behind all others: rows and frames it has taken, rows it has given. */
const OWN_COUNTS = 3

const STAGE_COUNTS = ['failed', 'retried', 'skipped', 'deadLettered'] as const satisfies readonly (keyof ErrorCounts)[]

/**
 * The counts of one worker in shared memory: it writes them after every turn, anybody reads them. Each is one number in one
 * cell with one writer, so nothing is locked and nothing is torn.
 */
export class WorkerCells {
  readonly shared: SharedArrayBuffer
  #cells: Float64Array
  /** What was counted in other cells before. */
  #before: Float64Array
  readonly #windows: number
  readonly #eventTimes: number
  readonly #stages: number
  readonly #links: number
  readonly #own: number

  constructor({ operators, windows, eventTimes, stages, links }: CellLayout, shared?: SharedArrayBuffer) {
    this.#windows = operators * 2
    this.#eventTimes = this.#windows + windows
    this.#stages = this.#eventTimes + eventTimes
    this.#links = this.#stages + stages * STAGE_COUNTS.length
    this.#own = this.#links + links * LINK_CELLS
    this.shared = shared ?? new SharedArrayBuffer((this.#own + OWN_COUNTS) * 8)
    this.#cells = new Float64Array(this.shared)
    this.#before = new Float64Array(this.#cells.length)
    if (shared === undefined) this.#cells.fill(Number.NEGATIVE_INFINITY, this.#eventTimes, this.#stages)
  }

  /** The counts as they stand. */
  counts(): Float64Array {
    return this.#cells.slice()
  }

  /** What is counted in all, when these stand in the cells. */
  totalOf(counts: Float64Array): Float64Array {
    return counts.map((count, i) => count + this.#before[i]!)
  }

  /** Counts go on in other cells, from these on. */
  goOn(shared: SharedArrayBuffer, before: Float64Array | undefined): void {
    this.#cells = new Float64Array(shared)
    this.#before = before ?? new Float64Array(this.#cells.length)
    this.#before.fill(0, this.#eventTimes, this.#stages)
  }

  rowsIn(operator: number): number {
    return this.#count(operator * 2)
  }

  rowsOut(operator: number): number {
    return this.#count(operator * 2 + 1)
  }

  setRows(operator: number, { rowsIn, rowsOut }: { readonly rowsIn: number; readonly rowsOut: number }): void {
    this.#cells[operator * 2] = rowsIn
    this.#cells[operator * 2 + 1] = rowsOut
  }

  lateRows(window: number): number {
    return this.#count(this.#windows + window)
  }

  setLateRows(window: number, rows: number): void {
    this.#cells[this.#windows + window] = rows
  }

  watermark(eventTime: number): number {
    return this.#cells[this.#eventTimes + eventTime]!
  }

  setWatermark(eventTime: number, watermark: number): void {
    this.#cells[this.#eventTimes + eventTime] = watermark
  }

  errors(stage: number): ErrorCounts {
    const counts: ErrorCounts = { failed: 0, retried: 0, skipped: 0, deadLettered: 0 }
    const at = this.#stages + stage * STAGE_COUNTS.length
    for (let i = 0; i < STAGE_COUNTS.length; i++) counts[STAGE_COUNTS[i]!] = this.#count(at + i)
    return counts
  }

  setErrors(stage: number, counts: Readonly<ErrorCounts>): void {
    const at = this.#stages + stage * STAGE_COUNTS.length
    for (let i = 0; i < STAGE_COUNTS.length; i++) this.#cells[at + i] = counts[STAGE_COUNTS[i]!]
  }

  /** What the sender of its link writes. */
  get link(): Float64Array {
    return this.#cells.subarray(this.#links, this.#own)
  }

  /** What that has counted. */
  linkCount(cell: keyof typeof LinkCell): number {
    const at = this.#links + LinkCell[cell]
    return cell === 'highWaterMark' ? Math.max(this.#cells[at]!, this.#before[at]!) : this.#count(at)
  }

  /** Rows it was sent. */
  get taken(): number {
    return this.#count(this.#own)
  }

  /** Rows it gave. */
  get given(): number {
    return this.#count(this.#own + 1)
  }

  /** Frames it has taken, but those that only carry texts. */
  get frames(): number {
    return this.#count(this.#own + 2)
  }

  /** A frame with so many rows has come. */
  frameTaken(rows: number): void {
    const cells = this.#cells
    cells[this.#own] = cells[this.#own]! + rows
    cells[this.#own + 2] = cells[this.#own + 2]! + 1
  }

  setGiven(rows: number): void {
    this.#cells[this.#own + 1] = rows
  }

  #count(cell: number): number {
    return this.#cells[cell]! + this.#before[cell]!
  }
}
