import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Operator } from '../operator.ts'
import { WatermarkProgress } from '../watermark-progress.ts'
import type { WindowOperator } from '../window/window-operator.ts'
import { type OrderOptions, RankedWindows } from './ranked-windows.ts'
import type { RowIntake } from './row-intake.ts'

interface OrderOperatorOptions extends OrderOptions {
  readonly name: string
  /** Which order of what: the state of others is of no use. */
  readonly shape: string
  /** Makes what rows come in by. */
  readonly intake: (windows: RankedWindows, scope: ArenaScope) => RowIntake
}

/**
 * Gives the rows of each window in an order, all of them or the first, when the window is complete: in order of the ends of
 * the windows, before the watermark that completes them. State is what is kept of the rows.
 */
export class OrderOperator implements WindowOperator, Stateful {
  readonly name: string
  rowsIn = 0
  readonly #shape: string
  readonly #scope: ArenaScope
  readonly #windows: RankedWindows
  readonly #intake: RowIntake
  readonly #next: Operator
  readonly #watermark: WatermarkProgress

  constructor(options: OrderOperatorOptions) {
    this.name = options.name
    this.#shape = options.shape
    this.#next = options.next
    this.#watermark = new WatermarkProgress(options.next)
    this.#scope = new ArenaScope(options.context.arena)
    this.#windows = new RankedWindows(options)
    this.#intake = options.intake(this.#windows, this.#scope)
  }

  get rowsOut(): number {
    return this.#windows.rowsOut
  }

  get lateRows(): number {
    return this.#intake.lateRows
  }

  notes(): readonly string[] {
    const { kernels, stateBound } = this.#windows
    return [`kernels ${[...this.#intake.kernels, ...kernels, 'take8'].join(', ')}`, `state: ${stateBound}`]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#intake.begin(batch, this.#watermark.at)
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    this.#watermark.reach(watermark)
    return this.#run()
  }

  nextFiring(): number {
    return Math.min(this.#next.nextFiring(), this.#windows.nextDue)
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#windows.markCodes(dictionary, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#intake.isPending || this.#windows.isEmitting) throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#shape)
    this.#watermark.snapshot(writer)
    this.#windows.snapshot(writer)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#shape)
    this.#watermark.restore(reader)
    this.#windows.restore(reader)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#windows.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then the next rows of the batch. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      // The watermark is handed on behind the rows of the windows it closed.
      if (!this.#windows.emit() || !this.#intake.sendLate() || !this.#watermark.forward()) return false
      const due = this.#windows.nextDue
      if (this.#watermark.stepTo(due)) {
        this.#windows.closeThrough(due)
        if (!this.#watermark.forwardBefore(due)) return false
      } else if (this.#watermark.arrive()) this.#windows.closeThrough(this.#watermark.at)
      else if (this.#intake.isPending) this.#watermark.reach(this.#intake.take(this.#watermark.at))
      else return true
    }
  }
}
