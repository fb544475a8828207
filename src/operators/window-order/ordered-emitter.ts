import type { ArenaScope } from '../../memory/arena.ts'
import { ColumnBuffers } from '../../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { Vector } from '../../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { ReusedBatch } from '../reused-batch.ts'
import type { RowStore } from './row-store.ts'
import type { SlotOrder } from './slot-order.ts'

/** Sends stored rows in an order: their columns, gathered by kernels, and their ranks. Can be stopped between two batches. */
export class OrderedEmitter {
  rowsOut = 0
  readonly #context: EvaluationContext
  readonly #store: RowStore
  readonly #order: SlotOrder | undefined
  readonly #offset: number
  readonly #isShared: boolean
  readonly #next: Operator
  readonly #slots: number
  readonly #columns: readonly Vector[]
  readonly #rank: Vector | undefined
  /** The bounds of the window, where rows don't have them among their columns. */
  readonly #bounds: readonly [start: Vector, end: Vector] | undefined
  readonly #batch = new ReusedBatch()
  #lists: readonly (readonly number[])[] = []
  /** The next row: its list, and its place there. */
  #list = 0
  #at = 0
  #startMs = 0
  #endMs = 0
  #ranks: readonly (readonly number[])[] | undefined
  /** Address of the column that says which rows are taken back, where there is one, and whether these are. */
  readonly #retractions: number
  #isRetraction = false
  /** The rank of the row before the next. */
  #ranked = 0

  /** @param parts.order Set where a last column takes the ranks. `isShared`: whether equal rows are of one rank. */
  constructor(
    context: EvaluationContext,
    scope: ArenaScope,
    parts: {
      readonly store: RowStore
      readonly columns: readonly InputColumn[]
      readonly order: SlotOrder | undefined
      readonly offset: number
      readonly isShared: boolean
      readonly addsBounds: boolean
      /** Index of the column that says which rows are taken back. */
      readonly retraction?: number
      readonly next: Operator
    },
  ) {
    const { maxBatch } = context
    const { columns, order } = parts
    this.#context = context
    this.#store = parts.store
    this.#order = order
    this.#offset = parts.offset
    this.#isShared = parts.isShared
    this.#next = parts.next
    this.#slots = scope.allocate(maxBatch * 4)
    const { values, validity } = new ColumnBuffers(scope, columns, maxBatch)
    this.#columns = columns.map(({ type, dictionary }, i) => ({
      type: type.name,
      values: values[i]!,
      validity: validity[i]!,
      dictionary,
      objects: type.name === 'object' ? [] : undefined,
    }))
    this.#retractions = parts.retraction === undefined ? 0 : values[parts.retraction]!
    if (order !== undefined)
      this.#rank = { type: 'u32', values: scope.allocate(maxBatch * 4), validity: 0, dictionary: undefined }
    const time = (): Vector => ({
      type: 'timestamp',
      values: scope.allocate(maxBatch * 8),
      validity: 0,
      dictionary: undefined,
    })
    this.#bounds = parts.addsBounds ? [time(), time()] : undefined
    this.#batch.columns = [...(this.#bounds ?? []), ...this.#columns, ...(this.#rank === undefined ? [] : [this.#rank])]
  }

  /** Starts on the rows of a window, some lists of slots, each in its order. Nothing else may be pending. */
  begin(lists: readonly (readonly number[])[], startMs: number, endMs: number): void {
    this.#startMs = startMs
    this.#endMs = endMs
    this.#lists = lists
    this.#list = 0
    this.#at = 0
    this.#ranks = undefined
    this.#isRetraction = false
  }

  /** The same for rows whose ranks are known; `isRetraction`: they are taken back. */
  beginRanked(slots: readonly number[], ranks: readonly number[], isRetraction: boolean): void {
    this.begin([slots], 0, 0)
    this.#ranks = [ranks]
    this.#isRetraction = isRetraction
  }

  /** Whether rows wait to be emitted. */
  get isPending(): boolean {
    return this.#list < this.#lists.length
  }

  /** Emits until everything is out (true) or downstream is full (false: call again after it resumed). */
  emit(): boolean {
    while (this.#list < this.#lists.length) {
      const count = this.#take()
      if (count === 0) return true
      this.#store.gather(this.#slots, count, this.#columns)
      if (this.#isRetraction) this.#context.kernels.fill1(this.#retractions, count, 1)
      if (this.#bounds !== undefined) {
        this.#context.kernels.fillF64(this.#bounds[0].values, count, this.#startMs)
        this.#context.kernels.fillF64(this.#bounds[1].values, count, this.#endMs)
      }
      this.#batch.length = count
      this.#batch.selectedCount = count
      this.rowsOut += count
      if (!this.#next.process(this.#batch)) return false
    }
    return true
  }

  /** Marks the codes of the batch last sent: it may still be on its way. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    const { u32 } = this.#context.arena.memory
    for (const column of this.#columns) {
      if (column.dictionary !== dictionary) continue
      for (let row = 0; row < this.#batch.length; row++) mark(u32[(column.values >>> 2) + row]!)
    }
  }

  /** Writes the slots and ranks of the next rows, up to a batch of them, and returns how many they are. */
  #take(): number {
    const { arena, maxBatch } = this.#context
    const { u32 } = arena.memory
    let count = 0
    while (count < maxBatch && this.#list < this.#lists.length) {
      const list = this.#lists[this.#list]!
      if (this.#at === list.length) {
        this.#list++
        this.#at = 0
        continue
      }
      const slot = list[this.#at]!
      u32[(this.#slots >>> 2) + count] = slot
      if (this.#rank !== undefined) u32[(this.#rank.values >>> 2) + count] = this.#rankOf(list, slot)
      this.#at++
      count++
    }
    return count
  }

  #rankOf(list: readonly number[], slot: number): number {
    if (this.#ranks !== undefined) return this.#ranks[this.#list]![this.#at]!
    const isEqual = this.#isShared && this.#at > 0 && this.#order!(list[this.#at - 1]!, slot) === 0
    if (!isEqual) this.#ranked = this.#offset + this.#at + 1
    return this.#ranked
  }
}
