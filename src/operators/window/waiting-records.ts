import type { Arena } from '../../memory/arena.ts'
import { BatchView } from '../../memory/batch-view.ts'
import { bitmapBytes } from '../../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { BYTE_WIDTH } from '../../schema/data-type.ts'
import type { InputColumn } from '../evaluator/evaluation-frame.ts'

/** Records of one batch, and where their columns stand now. */
interface Kept {
  readonly rows: number
  readonly at: number
  readonly bytes: number
  readonly values: readonly number[]
  /** 0: all have a value. */
  readonly validity: readonly number[]
  readonly records: number
}

/**
 * Records of slices that aren't wanted yet, as they came: a few bytes each, where a slice has room for every key there is.
 */
export class WaitingRecords {
  readonly #arena: Arena
  readonly #recordBytes: number
  /** Numbers of slices, ascending. */
  readonly #order: number[] = []
  readonly #slices = new Map<number, Kept[]>()
  readonly #view: BatchView

  constructor(arena: Arena, columns: readonly InputColumn[], recordBytes: number) {
    this.#arena = arena
    this.#recordBytes = recordBytes
    this.#view = new BatchView(
      columns.map(({ type }) => type.name),
      columns.map(({ dictionary }) => dictionary),
    )
  }

  /** Keeps a copy of a batch of records of a slice. */
  add(slice: number, batch: RecordBatch): void {
    const kept = this.#placeFor(batch)
    // Only now: room for them may have made memory grow, which leaves older views behind.
    const { u8 } = this.#arena.memory
    const { rows, values, validity, records } = kept
    batch.columns.forEach((column, i) => {
      u8.copyWithin(values[i]!, column.values, column.values + rows * BYTE_WIDTH[column.type])
      if (column.validity !== 0) u8.copyWithin(validity[i]!, column.validity, column.validity + bitmapBytes(rows))
    })
    u8.copyWithin(records, batch.records!, batch.records! + rows * this.#recordBytes)
    this.#ofSlice(slice).push(kept)
  }

  /** The first slice in order of time of which some wait; Infinity: none do. */
  get first(): number {
    return this.#order[0] ?? Number.POSITIVE_INFINITY
  }

  /** Gives up those of the first slice, as they came. */
  giveFirst(take: (batch: RecordBatch, slice: number) => void): void {
    const slice = this.#order.shift()!
    const all = this.#slices.get(slice)!
    this.#slices.delete(slice)
    for (const kept of all) {
      take(this.#show(kept), slice)
      this.#arena.release(kept.at, kept.bytes)
    }
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    const { u32 } = this.#arena.memory
    this.#view.columns.forEach((column, i) => {
      if (column.dictionary !== dictionary) return
      for (const { rows, values } of [...this.#slices.values()].flat())
        for (let row = 0; row < rows; row++) mark(u32[(values[i]! >>> 2) + row]!)
    })
  }

  close(): void {
    for (const { at, bytes } of [...this.#slices.values()].flat()) this.#arena.release(at, bytes)
    this.#slices.clear()
    this.#order.length = 0
  }

  #ofSlice(slice: number): Kept[] {
    const known = this.#slices.get(slice)
    if (known !== undefined) return known
    const order = this.#order
    let at = order.length
    while (at > 0 && order[at - 1]! > slice) at--
    order.splice(at, 0, slice)
    const all: Kept[] = []
    this.#slices.set(slice, all)
    return all
  }

  #placeFor({ columns, length: rows }: RecordBatch): Kept {
    let bytes = rows * this.#recordBytes
    const place = (size: number): number => {
      const at = bytes
      bytes += (size + 7) & ~7
      return at
    }
    const values = columns.map(({ type }) => place(rows * BYTE_WIDTH[type]))
    const validity = columns.map(column => (column.validity === 0 ? -1 : place(bitmapBytes(rows))))
    const at = this.#arena.allocate(bytes)
    return {
      rows,
      at,
      bytes,
      values: values.map(offset => at + offset),
      validity: validity.map(offset => (offset < 0 ? 0 : at + offset)),
      records: at,
    }
  }

  #show({ rows, values, validity, records }: Kept): RecordBatch {
    const view = this.#view
    view.show(undefined, 0, rows)
    view.columns.forEach((column, i) => {
      column.values = values[i]!
      column.validity = validity[i]!
    })
    view.records = records
    return view
  }
}
