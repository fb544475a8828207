import { hasValue, rowAt } from '../kernels/rows.ts'
import { TAKE } from '../kernels/take-by-width.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch, Vector } from '../memory/record-batch.ts'
import { RingBuffer } from '../memory/ring-buffer.ts'
import type { RowRing } from '../memory/row-ring.ts'
import { SegmentedRing } from '../memory/segmented-ring.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'

/** Copies of rows in columns, first in, first out. */
export class WaitingRows {
  readonly #context: EvaluationContext
  readonly #memory: LinearMemory
  readonly #ring: RowRing & { grow?(maxBytes: number): boolean }
  /** By column: the objects of the rows in it, oldest first; undefined: it has none. */
  readonly #objects: readonly (unknown[] | undefined)[]

  /** @throws EventfluxError `STATE_FULL` when there is no memory for them. */
  constructor(columns: readonly InputColumn[], context: EvaluationContext, rows: number, canGrow: boolean) {
    const { arena, kernels } = context
    const Ring = canGrow ? SegmentedRing : RingBuffer
    const dictionaries = columns.map(({ dictionary }) => dictionary)
    this.#context = context
    this.#memory = arena.memory
    this.#ring = new Ring({ arena, kernels, fields: columns, dictionaries, capacity: rows })
    this.#objects = columns.map(({ type }) => (type.name === 'object' ? [] : undefined))
  }

  get length(): number {
    return this.#ring.length
  }

  get free(): number {
    return this.#ring.free
  }

  get bytes(): number {
    return this.#ring.bytes
  }

  /** Copies rows alive of a batch, from the `from`th on: how many, at most `most`. */
  add(batch: RecordBatch, from: number, most: number): number {
    const rows = this.#ring.claim(most)
    const { columns, writeRow } = this.#ring
    batch.columns.forEach((vector, i) => {
      const width = BYTE_WIDTH[vector.type]
      const to = columns.values[i]! + writeRow * width
      if (vector.type === 'object') this.#addObjects(batch, vector, from, rows, this.#objects[i]!)
      else if (batch.selection === 0) {
        const first = vector.values + from * width
        this.#memory.u8.copyWithin(to, first, first + rows * width)
      } else this.#context.kernels[TAKE[width]](vector.values, batch.selection + from * 4, rows, to)
      if (columns.validity[i] !== 0) this.#addBits(batch, vector, from, rows, columns.validity[i]!, writeRow)
    })
    this.#ring.publish(rows)
    return rows
  }

  /** Makes room for more. False: there is no memory. */
  grow(maxBytes: number): boolean {
    return this.#ring.grow?.(maxBytes) === true
  }

  /** The oldest of them, at most so many. */
  poll(most: number): RecordBatch {
    const batch = this.#ring.poll(most)
    this.#objects.forEach((objects, i) => {
      if (objects === undefined) return
      const column = batch.columns[i]!
      column.objects = objects.slice(0, batch.length)
      for (let row = 0; row < batch.length; row++) this.#memory.u32[(column.values >>> 2) + row] = row
    })
    return batch
  }

  /** The oldest are not needed any more. */
  release(rows: number): void {
    this.#ring.release(rows)
    for (const objects of this.#objects) objects?.splice(0, rows)
  }

  /** Gives up the oldest of them, at most so many: how many. None while there is a batch that was polled. */
  evictOldest(rows: number): number {
    const evicted = this.#ring.evictOldest(rows)
    for (const objects of this.#objects) objects?.splice(0, evicted)
    return evicted
  }

  markCodes: RowRing['markCodes'] = (dictionary, mark) => this.#ring.markCodes(dictionary, mark)

  close(): void {
    this.#ring.close()
  }

  #addObjects(
    { selection }: RecordBatch,
    { values, validity, objects }: Vector,
    from: number,
    rows: number,
    to: unknown[],
  ): void {
    const { u8, u32 } = this.#memory
    for (let j = 0; j < rows; j++) {
      const row = rowAt(u32, selection, from + j)
      to.push(hasValue(u8, validity, row) ? objects![u32[(values >>> 2) + row]!] : null)
    }
  }

  #addBits(
    { selection }: RecordBatch,
    { validity }: Vector,
    from: number,
    rows: number,
    to: number,
    first: number,
  ): void {
    const { u8, u32 } = this.#memory
    for (let j = 0; j < rows; j++) {
      const at = to + ((first + j) >>> 3)
      const bit = 1 << ((first + j) & 7)
      if (hasValue(u8, validity, rowAt(u32, selection, from + j))) u8[at]! |= bit
      else u8[at]! &= ~bit
    }
  }
}
