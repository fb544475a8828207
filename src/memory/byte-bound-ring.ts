import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { BatchView } from './batch-view.ts'
import type { ColumnBuffers, ColumnField } from './column-buffers.ts'
import type { CodeMarker, Dictionary } from './dictionary.ts'
import type { LinearMemory } from './linear-memory.ts'
import type { RowRing } from './row-ring.ts'

/** A ring that can grow, as far as this one has to know. */
type Ring = RowRing & { grow?(maxBytes: number): boolean }

/**
 * Bounds a ring in bytes too: what its rows take in the columns, and two bytes a UTF-16 unit of their text. How much text
 * a row has is known only once it is written: `fitting` says how many of the rows written may be published. A row that is
 * larger than the bound gets in when nothing else is there, so that every row gets through.
 */
export class ByteBoundRing implements RowRing {
  readonly fields: readonly ColumnField[]
  readonly dictionaries: readonly (Dictionary | undefined)[]
  readonly #ring: Ring
  readonly #memory: LinearMemory
  readonly #maxBytes: number
  /** Bytes of a row without its text. */
  readonly #fixedBytes: number
  readonly #textColumns: readonly number[]
  /** Bytes of each row in it, oldest first from `#oldest` on. */
  #sizes: number[] = []
  #oldest = 0
  #bytes = 0

  constructor(ring: Ring, memory: LinearMemory, maxBytes: number) {
    this.fields = ring.fields
    this.dictionaries = ring.dictionaries
    this.#ring = ring
    this.#memory = memory
    this.#maxBytes = maxBytes
    this.#fixedBytes = ring.fields.reduce((sum, { type }) => sum + BYTE_WIDTH[type.name], 0)
    this.#textColumns = ring.dictionaries.flatMap((dictionary, column) => (dictionary === undefined ? [] : column))
  }

  get length(): number {
    return this.#ring.length
  }

  /** At least 1 when it is empty. */
  get free(): number {
    const left = Math.floor((this.#maxBytes - this.#bytes) / this.#fixedBytes)
    return Math.min(this.#ring.free, Math.max(left, this.isEmpty ? 1 : 0))
  }

  get capacity(): number {
    return this.length + this.free
  }

  get isEmpty(): boolean {
    return this.#ring.isEmpty
  }

  get isFull(): boolean {
    return this.free === 0
  }

  get isClosed(): boolean {
    return this.#ring.isClosed
  }

  get bytes(): number {
    return this.#ring.bytes
  }

  get columns(): ColumnBuffers {
    return this.#ring.columns
  }

  get writeRow(): number {
    return this.#ring.writeRow
  }

  room(n: number): number {
    return this.#ring.room(Math.min(n, this.free))
  }

  claim(n: number): number {
    return this.#ring.claim(this.room(n))
  }

  claimRow(): number {
    return this.free <= 0 ? -1 : this.#ring.claimRow()
  }

  /** How many of the first `n` rows written from `writeRow` on may be published. */
  fitting(n: number): number {
    let bytes = this.#bytes
    for (let i = 0; i < n; i++) {
      bytes += this.#sizeOf(this.writeRow + i)
      if (bytes > this.#maxBytes) return i === 0 && this.isEmpty ? 1 : i
    }
    return n
  }

  publish(n: number): void {
    const row = this.writeRow
    for (let i = 0; i < n; i++) {
      const size = this.#sizeOf(row + i)
      this.#sizes.push(size)
      this.#bytes += size
    }
    this.#ring.publish(n)
  }

  poll(max: number): BatchView {
    return this.#ring.poll(max)
  }

  release(n: number): void {
    this.#ring.release(n)
    this.#forget(n)
  }

  /** One at a time where it is bytes that are missing: the next row may be smaller than the oldest. */
  evictOldest(n: number): number {
    const evicted = this.#ring.evictOldest(this.#ring.isFull ? n : Math.min(n, 1))
    this.#forget(evicted)
    return evicted
  }

  /** False too where more slots would not help. */
  grow(maxBytes: number): boolean {
    return this.#ring.isFull && this.#ring.grow?.(maxBytes) === true
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#ring.markCodes(dictionary, mark)
  }

  close(): void {
    this.#ring.close()
    this.#sizes = []
    this.#bytes = 0
  }

  #sizeOf(row: number): number {
    let bytes = this.#fixedBytes
    const { values } = this.columns
    for (const column of this.#textColumns) {
      const code = this.#memory.u32[(values[column]! >>> 2) + row]!
      bytes += 2 * (this.dictionaries[column]!.decode(code)?.length ?? 0)
    }
    return bytes
  }

  #forget(rows: number): void {
    for (let i = 0; i < rows; i++) this.#bytes -= this.#sizes[this.#oldest++]!
    if (this.#oldest < this.#sizes.length / 2) return
    this.#sizes.splice(0, this.#oldest)
    this.#oldest = 0
  }
}
