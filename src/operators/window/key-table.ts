import {
  KEYS_FREE,
  KEYS_FREE_COUNT,
  KEYS_HEADER_BYTES,
  KEYS_ID_CAPACITY,
  KEYS_KEYS,
  KEYS_MASK,
  KEYS_NEXT_ID,
  KEYS_SLOT_BYTES,
  KEYS_SLOTS,
  KEYS_WORDS,
} from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { checkpointMismatch, stateFull } from '../../errors.ts'
import { rowAt } from '../../kernels/rows.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import { IdRuns } from './id-runs.ts'
import type { IdMarker } from './key-index.ts'

const INITIAL_IDS = 1024
/** New keys at least between two looks for ids that are free. */
const LEAST_FRESH = 1024
/** Most ids of a table of which caches hold the better part. */
const CACHED_IDS = 65_536
/** Slots per id: at most a quarter of them are taken, so probes are short. Where each probe is a miss anyway, half of them. */
const slotsFor = (ids: number): number => 2 ** Math.ceil(Math.log2(ids * (ids > CACHED_IDS ? 2 : 4)))

/** Which ids are alive of those handed out so far. */
interface Marks {
  /** By id: 1 or 0. */
  readonly live: Uint8Array
  readonly alive: number
}

/**
 * The hash table behind keys of any type (layout: abi.ts "key table"). Ids are never freed one by one: when none is
 * left, the ids that no live window refers to are found (mark and sweep) and handed out again, and the table grows only
 * when more than half of them are alive. So a key costs nothing when its last window closes, and state stays
 * proportional to the live keys. What is handed out between two sweeps is about as much as is alive, the least ids first:
 * where keys come and go, the records of those alive and the slots that are looked at stay in caches, however large the
 * table once had to be.
 */
export class KeyTable {
  readonly address: number
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #kernels: KernelExports
  readonly #words: number
  readonly #maxKeys: number
  readonly #liveIds: IdMarker
  #capacity = 0
  /** Where the stack of free ids begins. */
  #free = 0
  /** Ids of keys that are being taken over, which no state refers to yet. */
  #taken: number[] = []

  constructor(kernels: KernelExports, arena: Arena, words: number, options: { maxKeys: number; liveIds: IdMarker }) {
    const { maxKeys } = options
    this.#liveIds = mark => {
      options.liveIds(mark)
      for (const id of this.#taken) mark(id)
    }
    this.#kernels = kernels
    this.#arena = arena
    this.#memory = arena.memory
    this.#words = words
    this.#maxKeys = maxKeys
    this.address = arena.allocateZeroed(KEYS_HEADER_BYTES)
    this.#set(KEYS_WORDS, words)
    this.#allocate(Math.min(INITIAL_IDS, maxKeys))
  }

  /** Ids handed out so far are below this. */
  get idLimit(): number {
    return this.#get(KEYS_NEXT_ID)
  }

  /** Adopts one-word keys that are their own ids so far: the live ones keep them, the other ids below `idLimit` are free. */
  adopt(idLimit: number): void {
    while (this.#capacity < idLimit) this.#reallocate(Math.min(this.#capacity * 2, Math.max(this.#maxKeys, idLimit)))
    this.#set(KEYS_NEXT_ID, idLimit)
    const keys = this.#get(KEYS_KEYS) >>> 2
    this.#liveIds(id => {
      this.#memory.u32[keys + id] = id
    })
    this.#rebuild(this.#marks(this.#liveIds))
  }

  /**
   * Gives every row its id: `find(from)` serves rows `from` … and returns the first it had no id for, or `count`.
   * `ids` holds them by row position. @throws EventfluxError `STATE_FULL` at `maxKeys` live keys.
   */
  assign(count: number, selection: number, ids: number, find: (from: number) => number): void {
    let served = find(0)
    while (served < count) {
      const assigned = served
      this.#makeRoom(mark => {
        this.#liveIds(mark)
        const { u32 } = this.#memory
        for (let j = 0; j < assigned; j++) mark(u32[(ids >>> 2) + rowAt(u32, selection, j)]!)
      })
      served = find(assigned)
    }
  }

  /** Writes the live keys and their ids. */
  snapshot(writer: StateWriter): void {
    const runs = IdRuns.ofMarks(this.#marks(this.#liveIds).live)
    runs.write(writer)
    runs.writeWords(writer, this.#memory.u32, this.#get(KEYS_KEYS) >>> 2, this.#words)
  }

  /** Gives a fresh table the keys, under the ids they had; `check` sees where each of them stands, by words. */
  restore(reader: StateReader, check: (key: number) => void): void {
    const runs = IdRuns.read(reader, 2 ** 32, this.#words * 4)
    const { limit } = runs
    if (limit > this.#maxKeys)
      throw checkpointMismatch(
        `the state has a key with the id ${limit - 1} and maxKeys is ${this.#maxKeys}: raise maxKeys`,
        { value: limit - 1 },
      )
    let capacity = this.#capacity
    while (capacity < limit) capacity = Math.min(capacity * 2, this.#maxKeys)
    if (capacity > this.#capacity) this.#reallocate(capacity)
    const keys = this.#get(KEYS_KEYS) >>> 2
    runs.readWords(reader, this.#memory.u32, keys, this.#words)
    runs.eachId(id => check(keys + id * this.#words))
    this.#set(KEYS_NEXT_ID, limit)
    this.#rebuild(this.#marks(mark => runs.eachId(mark)))
  }

  /** The keys `snapshot` wrote of a part of a state, by the ids they have there, which are below `limit`. */
  readPart(reader: StateReader): { readonly limit: number; readonly keys: ReadonlyMap<number, Uint32Array> } {
    const keys = new Map<number, Uint32Array>()
    const runs = IdRuns.read(reader, 2 ** 32, this.#words * 4)
    runs.eachId(id => {
      const key = new Uint32Array(this.#words)
      reader.words(key, 0, this.#words)
      keys.set(id, key)
    })
    return { limit: runs.limit, keys }
  }

  /** The id of a key that is taken over from another, kept until `takenOver`. `find(from)` as for `assign`, for one row. */
  takeOver(ids: number, find: (from: number) => number): number {
    this.assign(1, 0, ids, find)
    const id = this.#memory.u32[ids >>> 2]!
    this.#taken.push(id)
    return id
  }

  /** All that was taken over is referred to by now. */
  takenOver(): void {
    this.#taken = []
  }

  close(): void {
    this.#releaseArrays()
    this.#arena.release(this.address, KEYS_HEADER_BYTES)
  }

  #makeRoom(liveIds: IdMarker): void {
    const marks = this.#marks(liveIds)
    const { alive } = marks
    if (alive * 2 > this.#capacity && this.#capacity < this.#maxKeys)
      this.#reallocate(Math.min(this.#capacity * 2, this.#maxKeys))
    this.#rebuild(marks)
    if (alive >= this.#capacity) {
      throw stateFull(
        `open windows hold ${alive} distinct keys and maxKeys is ${this.#maxKeys}: raise maxKeys, or use shorter windows`,
        { value: alive },
      )
    }
  }

  #marks(liveIds: IdMarker): Marks {
    const live = new Uint8Array(this.#get(KEYS_NEXT_ID))
    let alive = 0
    liveIds(id => {
      if (live[id] !== 0) return
      live[id] = 1
      alive++
    })
    return { live, alive }
  }

  /** Empties the slots, enters the live ids again, frees the others, and says how many keys may come until the next time. */
  #rebuild({ live, alive }: Marks): void {
    const limit = live.lastIndexOf(1) + 1
    const fresh = Math.min(this.#capacity - alive, Math.max(alive, limit >>> 1, LEAST_FRESH))
    this.#set(KEYS_NEXT_ID, limit)
    this.#set(KEYS_MASK, slotsFor(alive + fresh) - 1)
    this.#set(KEYS_FREE, this.#free)
    const bytes = Math.max(1, limit)
    const address = this.#arena.allocate(bytes)
    this.#memory.u8.set(live.subarray(0, limit), address)
    this.#kernels.rebuildKeys(this.address, address)
    this.#arena.release(address, bytes)
    // The least ids are on top of the stack.
    const free = limit - alive
    const reused = Math.min(free, fresh)
    this.#set(KEYS_FREE, this.#free + (free - reused) * 4)
    this.#set(KEYS_FREE_COUNT, reused)
    this.#set(KEYS_ID_CAPACITY, limit + fresh - reused)
  }

  #reallocate(capacity: number): void {
    const { words } = this.#sizes()
    const oldKeys = this.#get(KEYS_KEYS)
    const oldBytes = this.#get(KEYS_NEXT_ID) * words * 4
    const kept = this.#memory.u8.slice(oldKeys, oldKeys + oldBytes)
    this.#releaseArrays()
    this.#allocate(capacity)
    this.#memory.u8.set(kept, this.#get(KEYS_KEYS))
  }

  #allocate(capacity: number): void {
    this.#capacity = capacity
    const { slotBytes, keyBytes, freeBytes, slots } = this.#sizes()
    this.#set(KEYS_MASK, slots - 1)
    this.#set(KEYS_ID_CAPACITY, capacity)
    this.#set(KEYS_SLOTS, this.#arena.allocateZeroed(slotBytes))
    this.#set(KEYS_KEYS, this.#arena.allocate(keyBytes))
    this.#free = this.#arena.allocate(freeBytes)
    this.#set(KEYS_FREE, this.#free)
  }

  #releaseArrays(): void {
    const { slotBytes, keyBytes, freeBytes } = this.#sizes()
    this.#arena.release(this.#get(KEYS_SLOTS), slotBytes)
    this.#arena.release(this.#get(KEYS_KEYS), keyBytes)
    this.#arena.release(this.#free, freeBytes)
  }

  #sizes(): { words: number; slots: number; slotBytes: number; keyBytes: number; freeBytes: number } {
    const slots = slotsFor(this.#capacity)
    const words = this.#words
    return {
      words,
      slots,
      slotBytes: slots * KEYS_SLOT_BYTES,
      keyBytes: this.#capacity * words * 4,
      freeBytes: this.#capacity * 4,
    }
  }

  #get(field: number): number {
    return this.#memory.u32[(this.address + field) >>> 2]!
  }

  #set(field: number, value: number): void {
    this.#memory.u32[(this.address + field) >>> 2] = value
  }
}
