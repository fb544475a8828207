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
 * Only the newest segment takes rows: `capacity` is what it can hold plus what still waits in the older ones. Rows evicted
 * from an older one make room all the same: a further segment takes their successors, and the capacity stays what it was.
 */
export class SegmentedRing implements RowRing {
  readonly fields: readonly ColumnField[]
  readonly dictionaries: readonly (Dictionary | undefined)[]
  readonly #options: RingOptions
  /** Oldest first, never empty. */
  readonly #segments: RingBuffer[]
  #newest: RingBuffer
  /** Most rows while a segment is there that was made for the successors of evicted rows. */
  #limit = Number.POSITIVE_INFINITY
  /** What the last growth was allowed. */
  #maxBytes = 0

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
    this.#maxBytes = maxBytes
    if (!this.#addSegment(this.#newest.capacity * 2)) return false
    this.#limit = Number.POSITIVE_INFINITY
    this.#dropDrained()
    return true
  }

  #addSegment(rows: number): boolean {
    if (this.isClosed) return false
    const room = this.#maxBytes - this.bytes
    let capacity = Math.min(rows, MAX_RING_ROWS)
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
    return true
  }

  get capacity(): number {
    return this.length + this.free
  }

  get length(): number {
    let rows = 0
    for (const segment of this.#segments) rows += segment.length
    return rows
  }

  get free(): number {
    const { free } = this.#newest
    return this.#limit === Number.POSITIVE_INFINITY ? free : Math.min(free, this.#limit - this.length)
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  get isFull(): boolean {
    return this.free === 0
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

  room(n: number): number {
    return this.#newest.room(this.#limit === Number.POSITIVE_INFINITY ? n : Math.min(n, this.free))
  }

  claim(n: number): number {
    return this.#newest.claim(this.room(n))
  }

  claimRow(): number {
    return this.#limit !== Number.POSITIVE_INFINITY && this.free <= 0 ? -1 : this.#newest.claimRow()
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
    if (this.#segments.length === 1) this.#limit = Number.POSITIVE_INFINITY
  }

  evictOldest(n: number): number {
    const { capacity, length } = this
    const left = Math.max(0, length - n)
    while (this.length > left) {
      const rows = this.#segments[0]!.evictOldest(this.length - left)
      if (rows === 0 || this.#segments.length === 1) break
      this.#limit = capacity
      if (this.#newest.free < capacity - this.length) this.#addSegment(Math.max(this.#newest.capacity, capacity - left))
      this.#dropDrained()
    }
    return length - this.length
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
