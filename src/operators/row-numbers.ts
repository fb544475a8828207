import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../checkpoint/stateful.ts'
import { rowAt } from '../kernels/rows.ts'
import { ArenaScope } from '../memory/arena.ts'
import type { RecordBatch, Vector } from '../memory/record-batch.ts'
import type { TotalOrder } from '../plan/total-order.ts'
import { f64 } from '../schema/data-type.ts'
import { ColumnsBehind } from './columns-behind.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import type { Operator } from './operator.ts'
import { PassingOperator } from './passing-operator.ts'
import { ReusedBatch } from './reused-batch.ts'
import { slicesOf } from './window/slices-of.ts'
import type { WindowSlices } from './window/window-slices.ts'

/**
 * Gives rows their number, and where windows share slices the slice they are in, in columns behind theirs. All replicas see
 * all rows here, so they agree on the numbers.
 */
export class RowNumbersOperator extends PassingOperator implements Stateful {
  readonly name = 'numbers'
  protected readonly next: Operator
  readonly #context: EvaluationContext
  readonly #scope: ArenaScope
  readonly #added: readonly Vector[]
  readonly #slices: WindowSlices | undefined
  readonly #time: number
  readonly #output = new ReusedBatch()
  readonly #behind: ColumnsBehind
  #rows = 0

  constructor(parts: {
    readonly order: TotalOrder
    readonly columns: readonly InputColumn[]
    /** The column with the time of the rows. */
    readonly time: string
    readonly context: EvaluationContext
    readonly next: (columns: readonly InputColumn[]) => Operator
  }) {
    super()
    const { order, columns, context } = parts
    this.#context = context
    this.#scope = new ArenaScope(context.arena)
    this.#time = columns.findIndex(({ name }) => name === parts.time)
    this.#slices = order.slice && slicesOf(order.slice.window)
    const names = [order.number, ...(order.slice === undefined ? [] : [order.slice.column])]
    this.#added = names.map(() => ({
      type: 'f64',
      values: this.#scope.allocate(context.maxBatch * 8),
      validity: 0,
      dictionary: undefined,
    }))
    this.#behind = new ColumnsBehind(this.#added)
    this.next = parts.next([...columns, ...names.map(name => ({ name, type: f64(), dictionary: undefined }))])
  }

  process(batch: RecordBatch): boolean {
    const [numbers, slices] = this.#added
    const { f64, u32 } = this.#context.arena.memory
    const { columns, selection, selectedCount } = batch
    for (let j = 0; j < selectedCount; j++) f64[(numbers!.values >>> 3) + rowAt(u32, selection, j)] = this.#rows++
    if (slices !== undefined) {
      const time = columns[this.#time]!.values >>> 3
      for (let j = 0; j < selectedCount; j++) {
        const row = rowAt(u32, selection, j)
        f64[(slices.values >>> 3) + row] = this.#slices!.sliceOf(f64[time + row]!)
      }
    }
    const output = this.#output
    output.assign(batch)
    output.columns = this.#behind.of(columns)
    return this.next.process(output)
  }

  snapshot(writer: StateWriter): void {
    writer.f64(this.#rows)
  }

  restore(reader: StateReader): void {
    this.#rows = Math.max(this.#rows, reader.amount())
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  override close(): void {
    this.#scope.release()
    super.close()
  }
}
