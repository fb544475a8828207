import { doubleRelease, show } from '../errors.ts'
import { type Arena, ArenaScope } from './arena.ts'
import { bitmapBytes } from './column-buffers.ts'

export interface BufferPoolOptions {
  readonly arena: Arena
  /** Rows of the longest batch: every buffer holds that many values. */
  readonly rows: number
  /** Columns to make at once; default 8. */
  readonly columns?: number
  /** Bitmaps to make at once; default 8. */
  readonly bitmaps?: number
}

/** What a pool did. */
export interface BufferPoolStats {
  /** Buffers handed out and not given back. */
  readonly inUse: number
  /** Buffers the pool owns. */
  readonly size: number
  /** Times none was free, each of which made the pool one larger. */
  readonly misses: number
}

/**
 * Scratch columns and bitmaps of operators: made once, handed out and taken back, so that batches allocate nothing. What is
 * in a buffer handed out is what was left there. When none is free the pool makes one more, and counts it.
 */
export class BufferPool {
  readonly rows: number
  readonly #scope: ArenaScope
  readonly #columns: Shelf
  readonly #bitmaps: Shelf

  /** @throws EventfluxError `STATE_FULL` */
  constructor({ arena, rows, columns = 8, bitmaps = 8 }: BufferPoolOptions) {
    this.rows = rows
    this.#scope = new ArenaScope(arena)
    this.#columns = new Shelf(this.#scope, rows * 8, columns)
    this.#bitmaps = new Shelf(this.#scope, bitmapBytes(rows), bitmaps)
  }

  get columnStats(): BufferPoolStats {
    return this.#columns.stats()
  }

  get bitmapStats(): BufferPoolStats {
    return this.#bitmaps.stats()
  }

  /** Address of room for `rows` values of any type. O(1). @throws EventfluxError `STATE_FULL` */
  acquireColumn(): number {
    return this.#columns.acquire()
  }

  /** @throws EventfluxError `DOUBLE_RELEASE` for what isn't handed out. */
  releaseColumn(address: number): void {
    this.#columns.release(address)
  }

  /** Address of room for `rows` bits. O(1). @throws EventfluxError `STATE_FULL` */
  acquireBitmap(): number {
    return this.#bitmaps.acquire()
  }

  /** @throws EventfluxError `DOUBLE_RELEASE` for what isn't handed out. */
  releaseBitmap(address: number): void {
    this.#bitmaps.release(address)
  }

  /** Gives all memory back, also that of buffers handed out. */
  close(): void {
    this.#scope.release()
    this.#columns.clear()
    this.#bitmaps.clear()
  }
}

/** Buffers of one size. */
class Shelf {
  readonly #scope: ArenaScope
  readonly #bytes: number
  readonly #free: number[] = []
  /** Address → whether it is handed out. */
  readonly #isOut = new Map<number, boolean>()
  #misses = 0

  constructor(scope: ArenaScope, bytes: number, count: number) {
    this.#scope = scope
    this.#bytes = bytes
    for (let i = 0; i < count; i++) this.#make()
  }

  acquire(): number {
    if (this.#free.length === 0) {
      this.#make()
      this.#misses++
    }
    const address = this.#free.pop()!
    this.#isOut.set(address, true)
    return address
  }

  release(address: number): void {
    if (this.#isOut.get(address) !== true) {
      throw doubleRelease(`the buffer at ${show(address)} isn't handed out: release each buffer once`, {
        value: address,
      })
    }
    this.#isOut.set(address, false)
    this.#free.push(address)
  }

  stats(): BufferPoolStats {
    const size = this.#isOut.size
    return { inUse: size - this.#free.length, size, misses: this.#misses }
  }

  clear(): void {
    this.#free.length = 0
    this.#isOut.clear()
  }

  #make(): void {
    const address = this.#scope.allocate(this.#bytes)
    this.#isOut.set(address, false)
    this.#free.push(address)
  }
}
