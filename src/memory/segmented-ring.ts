import { EventfluxError } from '../errors.ts'
import type { BatchView } from './batch-view.ts'
import type { ColumnBuffers, ColumnField } from './column-buffers.ts'
import type { CodeMarker, Dictionary } from './dictionary.ts'
import { MAX_RING_ROWS, RingBuffer, type RingOptions, ringBytes } from './ring-buffer.ts'
import type { RowRing } from './row-ring.ts'

/** Below this many rows a segment isn't worth its header. */
const LEAST_SEGMENT_ROWS = 64

/**
 * A ring that can grow: a list of rings, written at the newest and drained from the oldest. A drained segment gives its
 * memory back; only the newest stays. So the size follows the longest the queue got, and order is never disturbed.
 *
 * Only the newest segment takes rows: `capacity` is what it can hold plus what still waits in the older ones.
 */
export class SegmentedRing implements RowRing {
  readonly fields: readonly ColumnField[]
  readonly dictionaries: readonly (Dictionary | undefined)[]
  readonly #options: RingOptions
  /** Oldest first, never empty. */
  readonly #segments: RingBuffer[]
  #newest: RingBuffer

  /** @throws EventfluxError `OPTION_INVALID`, `STATE_FULL` as RingBuffer does. */
  constructor(options: RingOptions) {
    this.#options = options
    this.fields = options.fields
    this.dictionaries = options.dictionaries
    this.#newest = new RingBuffer(options)
    this.#segments = [this.#newest]
  }

  /**
   * Adds a segment of double the capacity, smaller where `maxBytes` leaves less room; drops what was claimed and not
   * published. False: no room within `maxBytes`, or in the memory of the job.
   */
  grow(maxBytes: number): boolean {
    if (this.isClosed) return false
    const room = maxBytes - this.bytes
    let capacity = Math.min(this.#newest.capacity * 2, MAX_RING_ROWS)
    const least = Math.min(capacity, LEAST_SEGMENT_ROWS)
    while (ringBytes(this.fields, capacity) > room) {
      capacity >>>= 1
      if (capacity < least) return false
    }
    try {
      this.#newest = new RingBuffer({ ...this.#options, capacity })
    } catch (error) {
      if (error instanceof EventfluxError && error.code === 'STATE_FULL') return false
      throw error
    }
    this.#segments.push(this.#newest)
    this.#dropDrained()
    return true
  }

  get capacity(): number {
    return this.length + this.#newest.free
  }

  get length(): number {
    let rows = 0
    for (const segment of this.#segments) rows += segment.length
    return rows
  }

  get free(): number {
    return this.#newest.free
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  get isFull(): boolean {
    return this.#newest.isFull
  }

  get isClosed(): boolean {
    return this.#newest.isClosed
  }

  get bytes(): number {
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.bytes
    return bytes
  }

  get columns(): ColumnBuffers {
    return this.#newest.columns
  }

  get writeRow(): number {
    return this.#newest.writeRow
  }

  claim(n: number): number {
    return this.#newest.claim(n)
  }

  publish(n: number): void {
    this.#newest.publish(n)
  }

  poll(max: number): BatchView {
    return this.#segments[0]!.poll(max)
  }

  release(n: number): void {
    this.#segments[0]!.release(n)
    this.#dropDrained()
  }

  evictOldest(n: number): number {
    let evicted = 0
    while (evicted < n) {
      const rows = this.#segments[0]!.evictOldest(n - evicted)
      if (rows === 0) break
      evicted += rows
      this.#dropDrained()
    }
    return evicted
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const segment of this.#segments) segment.markCodes(dictionary, mark)
  }

  close(): void {
    for (const segment of this.#segments) segment.close()
    this.#segments.length = 0
    this.#segments.push(this.#newest)
  }

  #dropDrained(): void {
    while (this.#segments.length > 1 && this.#segments[0]!.isEmpty) this.#segments.shift()!.close()
  }
}
