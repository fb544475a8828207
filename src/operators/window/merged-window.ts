import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import type { Arena } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { InputColumn } from '../evaluator/evaluation-frame.ts'
import { PassingOperator } from '../passing-operator.ts'
import { WaitingRecords } from './waiting-records.ts'
import type { WindowAggregateOperator } from './window-aggregate.ts'
import type { WindowOperator } from './window-operator.ts'
import type { WindowSlices } from './window-slices.ts'

/**
 * The second half of a window operator: takes in the records that several first halves give (`PartialWindowOperator`), and
 * has the windows fire whose records are all there.
 *
 * One half may be many windows ahead of another. Records that the next window to fire is not made of wait as they came: a
 * slice has room for a record of each key there is, so slices and keys of all that is under way would be spread over far
 * more memory than a cache holds.
 */
export class MergedWindowOperator extends PassingOperator implements WindowOperator, Stateful {
  readonly name: string
  protected readonly next: WindowAggregateOperator
  readonly #arena: Arena
  readonly #windows: WindowSlices
  readonly #waiting: WaitingRecords
  readonly #takeIn = (batch: RecordBatch, slice: number): void => this.next.takeIn(batch, slice)
  /** Records of no windows are waited for that end there or before. */
  #reached = Number.NEGATIVE_INFINITY

  /** @param given The columns of batches of records: the number of their slice, and the keys. */
  constructor(
    window: WindowAggregateOperator,
    arena: Arena,
    given: {
      readonly windows: WindowSlices
      readonly columns: readonly InputColumn[]
      readonly recordBytes: number
    },
  ) {
    super()
    this.name = window.name
    this.next = window
    this.#arena = arena
    this.#windows = given.windows
    this.#waiting = new WaitingRecords(arena, given.columns, given.recordBytes)
  }

  get rowsIn(): number {
    return this.next.rowsIn
  }

  get rowsOut(): number {
    return this.next.rowsOut
  }

  get lateRows(): number {
    return this.next.lateRows
  }

  notes(): readonly string[] {
    return this.next.notes()
  }

  process(batch: RecordBatch): boolean {
    const slice = this.#arena.memory.f64[batch.columns[0]!.values >>> 3]!
    if (this.#windows.firstWindow(slice) <= this.#windows.firstOpen(this.#reached)) this.#takeIn(batch, slice)
    else this.#waiting.add(slice, batch)
    return true
  }

  override advanceWatermark(watermark: number): boolean {
    this.#reached = Math.max(this.#reached, watermark)
    return this.#run()
  }

  override resume(): boolean {
    return this.next.resume() && this.#run()
  }

  override markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#waiting.markCodes(dictionary, mark)
    this.next.markCodes(dictionary, mark)
  }

  /** What waits is in slices then, as it is on one thread: where it stands changes nothing of what comes of it. */
  snapshot(writer: StateWriter): void {
    while (this.#waiting.first < Number.POSITIVE_INFINITY) this.#waiting.giveFirst(this.#takeIn)
    this.next.snapshot(writer)
  }

  restore(reader: StateReader): void {
    this.next.restore(reader)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  override close(): void {
    this.#waiting.close()
    this.next.close()
  }

  /** Slice by slice, each when windows before those it is a part of have fired. false: downstream is full. */
  #run(): boolean {
    const windows = this.#windows
    const firstOpen = windows.firstOpen(this.#reached)
    for (;;) {
      const window = windows.firstWindow(this.#waiting.first)
      if (window > firstOpen || this.#waiting.first === Number.POSITIVE_INFINITY) break
      if (!this.next.advanceWatermark(windows.endMs(window - 1) - 1)) return false
      this.#waiting.giveFirst(this.#takeIn)
    }
    return this.next.advanceWatermark(this.#reached)
  }
}
