import { type Arena, ArenaScope } from '../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch, WatermarkTrack } from '../memory/record-batch.ts'
import type { KernelExports } from '../wasm/exports.ts'
import type { Operator } from './operator.ts'

/**
 * Gives rows their event time: watermark = greatest time seen - out-of-orderness - 1 (Flink's
 * BoundedOutOfOrdernessWatermarks), as of each row. Operators below ask the batch where the watermark crosses the
 * boundaries they care about; nothing is written per row.
 */
export class EventTimeOperator implements Operator, WatermarkTrack {
  readonly name = 'eventTime'
  rowsIn = 0
  least = Number.NaN
  greatest = Number.NaN
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #next: Operator
  readonly #column: number
  readonly #behindMs: number
  readonly #maxBatch: number
  readonly #range: number
  /** Times of a batch that comes with a selection, NaN where a row is not selected. */
  #selected = 0
  readonly #output: { -readonly [K in keyof RecordBatch]: RecordBatch[K] }
  #greatest = Number.NEGATIVE_INFINITY
  #before = Number.NEGATIVE_INFINITY
  #told = Number.NEGATIVE_INFINITY
  #time = 0
  #length = 0

  constructor(
    kernels: KernelExports,
    arena: Arena,
    next: Operator,
    options: { column: number; outOfOrdernessMs: number; maxBatch: number },
  ) {
    this.#kernels = kernels
    this.#scope = new ArenaScope(arena)
    this.#memory = arena.memory
    this.#next = next
    this.#column = options.column
    this.#behindMs = options.outOfOrdernessMs + 1
    this.#maxBatch = options.maxBatch
    this.#range = this.#scope.allocate(16)
    this.#output = { length: 0, columns: [], selection: 0, selectedCount: 0, origin: 0, watermarks: this }
  }

  notes(): readonly string[] {
    return ['kernels rangeF64, scanTimeAtLeast']
  }

  get rowsOut(): number {
    return this.rowsIn
  }

  get currentWatermark(): number {
    return this.#greatest - this.#behindMs
  }

  get length(): number {
    return this.#length
  }

  firstRowReaching(watermark: number, from: number): number {
    if (watermark + this.#behindMs > this.greatest) return this.#length
    return this.#kernels.scanTimeAtLeast(this.#time, from, this.#length, watermark + this.#behindMs)
  }

  after(row: number): number {
    if (row < 0) return this.#before - this.#behindMs
    if (row === this.#length - 1) return this.#greatest - this.#behindMs
    return this.#memory.f64[(this.#time >>> 3) + row]! - this.#behindMs
  }

  process(batch: RecordBatch): boolean {
    const { selection, selectedCount } = batch
    this.rowsIn += selectedCount
    this.#length = batch.length
    this.#time = batch.columns[this.#column]!.values
    this.#kernels.rangeF64(this.#time, selection, 0, selectedCount, this.#range)
    this.least = this.#memory.f64[this.#range >>> 3]!
    this.greatest = this.#memory.f64[(this.#range >>> 3) + 1]!
    this.#before = this.#greatest
    this.#greatest = Math.max(this.#greatest, this.greatest)
    if (selection !== 0) this.#hideUnselected(selection, selectedCount)
    const output = this.#output
    output.length = batch.length
    output.columns = batch.columns
    output.selection = selection
    output.selectedCount = selectedCount
    return this.#next.process(output) && this.#tell(this.currentWatermark)
  }

  /** The end of a bounded input. */
  advanceWatermark(watermark: number): boolean {
    if (watermark !== Number.POSITIVE_INFINITY) return true
    this.#greatest = watermark
    return this.#tell(watermark)
  }

  nextFiring(): number {
    return this.#next.nextFiring()
  }

  resume(): boolean {
    return this.#next.resume() && this.#tell(this.currentWatermark)
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#scope.release()
    this.#next.close()
  }

  /** Passes a watermark on once: whoever was full when it came must not get it again at every attempt to go on. */
  #tell(watermark: number): boolean {
    if (watermark <= this.#told) return true
    this.#told = watermark
    return this.#next.advanceWatermark(watermark)
  }

  /** Rows a filter above took out must not move the watermark. Rare: filters mostly stand below event time. */
  #hideUnselected(selection: number, selectedCount: number): void {
    if (this.#selected === 0) this.#selected = this.#scope.allocate(this.#maxBatch * 8)
    const { f64, u32 } = this.#memory
    const times = this.#time >>> 3
    const hidden = this.#selected >>> 3
    f64.fill(Number.NaN, hidden, hidden + this.#length)
    for (let j = 0, at = selection >>> 2; j < selectedCount; j++, at++) f64[hidden + u32[at]!] = f64[times + u32[at]!]!
    this.#time = this.#selected
  }
}
