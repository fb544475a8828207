import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import { IdRuns } from './id-runs.ts'
import type { KeyIds } from './key-ids.ts'

const LEAST_IDS = 16

/** A cell of f64s for each key id, all 0 at first: what is remembered of a key beside its record. */
export class IdCells {
  /** Where the cell of id 0 stands. */
  address: number
  readonly #arena: Arena
  readonly #bytes: number
  #capacity = LEAST_IDS

  /** @param bytes Of a cell, a multiple of 8. */
  constructor(arena: Arena, bytes: number) {
    this.#arena = arena
    this.#bytes = bytes
    this.address = arena.allocateZeroed(LEAST_IDS * bytes)
  }

  /** Makes room for ids below `idLimit`. */
  reserve(idLimit: number): void {
    if (idLimit <= this.#capacity) return
    let capacity = this.#capacity
    while (capacity < idLimit) capacity *= 2
    const address = this.#arena.allocateZeroed(capacity * this.#bytes)
    this.#arena.memory.u8.copyWithin(address, this.address, this.address + this.#capacity * this.#bytes)
    this.close()
    this.#capacity = capacity
    this.address = address
  }

  /** The first number of a cell. */
  get(id: number): number {
    return this.#arena.memory.f64[(this.address + id * this.#bytes) >>> 3]!
  }

  set(id: number, value: number): void {
    this.#arena.memory.f64[(this.address + id * this.#bytes) >>> 3] = value
  }

  /** Writes the cells of live keys, those whose first number isn't 0 unless told otherwise, and whose they are. */
  snapshot(writer: StateWriter, isLive = (id: number): boolean => this.get(id) !== 0): void {
    const runs = IdRuns.ofMarks(Uint8Array.from({ length: this.#capacity }, (_, id) => Number(isLive(id))))
    runs.write(writer)
    runs.writeWords(writer, this.#arena.memory.u32, this.address >>> 2, this.#bytes / 4)
  }

  /** Takes over in new cells what others held; of the keys of a part of a state, beside those of others. */
  restore(reader: StateReader, keys: KeyIds): void {
    const runs = IdRuns.read(reader, keys.limit, this.#bytes)
    const words = this.#bytes / 4
    if (reader.part === undefined) {
      this.reserve(runs.limit)
      runs.readWords(reader, this.#arena.memory.u32, this.address >>> 2, words)
      return
    }
    const cell = new Uint32Array(words)
    runs.eachId(id => {
      reader.words(cell, 0, words)
      const own = keys.of(id)
      if (own < 0) return
      this.reserve(own + 1)
      this.#arena.memory.u32.set(cell, (this.address + own * this.#bytes) >>> 2)
    })
  }

  close(): void {
    this.#arena.release(this.address, this.#capacity * this.#bytes)
  }
}
