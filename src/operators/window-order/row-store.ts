import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { hasValue } from '../../kernels/rows.ts'
import { TAKE } from '../../kernels/take-by-width.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch, Vector } from '../../memory/record-batch.ts'
import { BYTE_WIDTH } from '../../schema/data-type.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import { checkCode } from '../window/record-state.ts'

/** Rows there is room for at first. */
const LEAST_ROWS = 64

/** Where a column's values stand; the addresses change when the store grows. */
interface StoredColumn {
  readonly width: 1 | 4 | 8
  readonly isNullable: boolean
  readonly dictionary: Dictionary | undefined
  values: number
  validity: number
  /** Of an object column: the values themselves. */
  readonly objects: unknown[] | undefined
}

/**
 * Rows kept column by column, in the order they came: a row's slot only ever changes when `compact` closes the gaps that
 * rows no longer wanted have left, and never its place among the others.
 */
export class RowStore {
  /** Bytes a row takes. */
  readonly rowBytes: number
  readonly #context: EvaluationContext
  readonly #columns: readonly StoredColumn[]
  #capacity = 0
  #used = 0

  constructor(context: EvaluationContext, columns: readonly InputColumn[]) {
    this.#context = context
    this.#columns = columns.map(({ type, dictionary }) => ({
      width: BYTE_WIDTH[type.name],
      isNullable: type.isNullable,
      dictionary,
      values: 0,
      validity: 0,
      objects: type.name === 'object' ? [] : undefined,
    }))
    this.rowBytes = this.#columns.reduce((bytes, { width }) => bytes + width, 0)
  }

  /** Slots given out, those of rows no longer wanted among them. */
  get used(): number {
    return this.#used
  }

  /** Whether there is room for so many rows more. */
  hasRoom(rows: number): boolean {
    return this.#used + rows <= this.#capacity
  }

  /** Address of a column's values, by slot; good until rows are added. */
  valuesOf(column: number): number {
    return this.#columns[column]!.values
  }

  /** Adds the rows of a batch at `count` positions and returns the slot of the first. There has to be room. */
  add(batch: RecordBatch, positions: number, count: number): number {
    const { kernels, arena } = this.#context
    const first = this.#used
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i]!
      const source = batch.columns[i]!
      kernels[TAKE[column.width]](source.values, positions, count, column.values + first * column.width)
      if (column.isNullable) this.#addBits(source.validity, positions, count, column.validity)
      if (column.objects === undefined) continue
      const { u32 } = arena.memory
      for (let j = 0; j < count; j++) {
        const row = u32[(positions >>> 2) + j]!
        column.objects[first + j] = source.objects![u32[(source.values >>> 2) + row]!]
      }
    }
    this.#used += count
    return first
  }

  /** Takes back all slots. */
  clear(): void {
    this.#used = 0
    for (const { objects } of this.#columns) if (objects !== undefined) objects.length = 0
  }

  /**
   * Keeps the rows of `live`, ascending slots, and makes room for `rows` more. Row `live[i]` has slot i afterwards.
   *
   * @throws EventfluxError `STATE_FULL`
   */
  compact(live: Uint32Array, rows: number): void {
    const { arena } = this.#context
    // As much again: the few rows that come next, once a bound is set, are no reason to close gaps.
    const wanted = Math.max(LEAST_ROWS, live.length * 2, live.length + rows * 2)
    const capacity = Math.max(this.#capacity, 2 ** Math.ceil(Math.log2(wanted)))
    const positions = arena.allocate(Math.max(1, live.length) * 4)
    arena.memory.u32.set(live, positions >>> 2)
    for (const column of this.#columns) this.#move(column, positions, live, capacity)
    arena.release(positions, Math.max(1, live.length) * 4)
    this.#capacity = capacity
    this.#used = live.length
  }

  /** Writes the first columns of the rows at `count` slots into as many vectors. */
  gather(slots: number, count: number, targets: readonly Vector[]): void {
    const { kernels, arena } = this.#context
    const { u32 } = arena.memory
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!
      const { width, values, validity, isNullable, objects } = this.#columns[i]!
      if (objects === undefined) kernels[TAKE[width]](values, slots, count, target.values)
      else
        for (let j = 0; j < count; j++) {
          target.objects![j] = objects[u32[(slots >>> 2) + j]!]
          u32[(target.values >>> 2) + j] = j
        }
      if (isNullable) kernels.takeBits(validity, slots, count, target.validity)
    }
  }

  /** Marks the codes of the rows it holds. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    const { u32 } = this.#context.arena.memory
    for (const column of this.#columns) {
      if (column.dictionary !== dictionary) continue
      for (let slot = 0; slot < this.#used; slot++) mark(u32[(column.values >>> 2) + slot]!)
    }
  }

  /** Writes the rows at some slots, column by column. */
  snapshot(writer: StateWriter, slots: Uint32Array): void {
    const { u8, u32 } = this.#context.arena.memory
    writer.u32(slots.length)
    for (const { width, isNullable, values, validity, objects } of this.#columns)
      for (const slot of slots) {
        const isThere = !isNullable || hasValue(u8, validity, slot)
        if (isNullable) writer.bool(isThere)
        if (!isThere) continue
        if (objects !== undefined) writer.value(objects[slot])
        else if (width === 1) writer.u8(u8[values + slot]!)
        else writer.words(u32, (values + slot * width) >>> 2, width / 4)
      }
  }

  /** Fills a new store with the rows another wrote. */
  restore(reader: StateReader): void {
    const count = reader.count(this.#columns.reduce((bytes, column) => bytes + leastBytes(column), 0))
    this.compact(new Uint32Array(0), count)
    const { u8, u32 } = this.#context.arena.memory
    for (const { width, isNullable, dictionary, values, validity, objects } of this.#columns)
      for (let slot = 0; slot < count; slot++) {
        const isThere = !isNullable || reader.bool()
        if (isNullable) setBit(u8, validity, slot, isThere)
        if (!isThere) u8.fill(0, values + slot * width, values + (slot + 1) * width)
        else if (objects !== undefined) objects[slot] = reader.value()
        else if (width === 1) u8[values + slot] = Number(reader.bool())
        else reader.words(u32, (values + slot * width) >>> 2, width / 4)
        if (dictionary !== undefined) checkCode(reader, dictionary, u32[(values >>> 2) + slot]!)
      }
    this.#used = count
  }

  close(): void {
    const { arena } = this.#context
    if (this.#capacity === 0) return
    for (const { values, validity, width, isNullable } of this.#columns) {
      arena.release(values, this.#capacity * width)
      if (isNullable) arena.release(validity, this.#capacity >>> 3)
    }
    this.#capacity = 0
    this.#used = 0
  }

  #move(column: StoredColumn, positions: number, live: Uint32Array, capacity: number): void {
    const { arena, kernels } = this.#context
    const { values, validity, width, isNullable, objects } = column
    column.values = arena.allocate(capacity * width)
    kernels[TAKE[width]](values, positions, live.length, column.values)
    if (isNullable) {
      column.validity = arena.allocate(capacity >>> 3)
      kernels.takeBits(validity, positions, live.length, column.validity)
    }
    if (this.#capacity > 0) {
      arena.release(values, this.#capacity * width)
      if (isNullable) arena.release(validity, this.#capacity >>> 3)
    }
    if (objects === undefined) return
    for (let i = 0; i < live.length; i++) objects[i] = objects[live[i]!]
    objects.length = live.length
  }

  #addBits(source: number, positions: number, count: number, target: number): void {
    const { u8, u32 } = this.#context.arena.memory
    for (let j = 0; j < count; j++) {
      const row = u32[(positions >>> 2) + j]!
      setBit(u8, target, this.#used + j, hasValue(u8, source, row))
    }
  }
}

/** The fewest bytes a value takes in a state. */
const leastBytes = ({ isNullable, objects, width }: StoredColumn): number =>
  isNullable || objects !== undefined ? 1 : width

function setBit(u8: Uint8Array, bits: number, at: number, value: boolean): void {
  const byte = bits + (at >>> 3)
  u8[byte] = value ? u8[byte]! | (1 << (at & 7)) : u8[byte]! & ~(1 << (at & 7))
}
