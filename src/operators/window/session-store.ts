import {
  RECORD_ROWS,
  SESSION_AFTER,
  SESSION_BEFORE,
  SESSION_FIRST,
  SESSION_ID,
  SESSION_LAST,
  SESSION_MARKS,
  SESSION_ORDER,
  SESSION_RECORD,
  SESSIONS_FREE,
  SESSIONS_FREE_COUNT,
  SESSIONS_HEADER_BYTES,
  SESSIONS_LATEST,
  SESSIONS_OPENED,
  SESSIONS_OPENED_COUNT,
  SESSIONS_ORDER,
} from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'

const LEAST_IDS = 16
const LEAST_SESSIONS = 64
/** The greatest marks a session may have between two batches: its keeper's first two. */
const MOST_MARKS = 3
/** What is said of a session in a state, before its fields. */
const SESSION_BYTES = 28
/** Sessions of the largest slab. */
const MOST_PER_SLAB = 16_384

/**
 * The sessions of a window operator in linear memory (layouts: abi.ts "session", "sessions header"), addressed by where
 * they stand. Those of one key are linked by time, the last of them found by key id. Sessions are made in slabs and used
 * again when they are freed; a slab is never given back, so memory is that of the most sessions ever alive at once.
 */
export class SessionStore {
  /** Address of the header, for the kernel. */
  readonly header: number
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #layout: RecordLayout
  readonly #openedBytes: number
  readonly #sessionBytes: number
  readonly #slabs: { readonly address: number; readonly bytes: number }[] = []
  #idCapacity = LEAST_IDS
  /** Sessions there are, open or free. */
  #capacity = 0
  #freeBytes = 0

  /** @param maxOpened Most sessions opened between two calls of `takeOpened`. */
  constructor(arena: Arena, layout: RecordLayout, maxOpened: number) {
    this.#arena = arena
    this.#memory = arena.memory
    this.#layout = layout
    this.#sessionBytes = SESSION_RECORD + layout.recordBytes
    this.#openedBytes = maxOpened * 4
    this.header = arena.allocateZeroed(SESSIONS_HEADER_BYTES)
    this.#set(this.header + SESSIONS_OPENED, arena.allocate(this.#openedBytes))
    this.#set(this.header + SESSIONS_LATEST, arena.allocateZeroed(LEAST_IDS * 4))
  }

  /** Makes room for ids below `idLimit`. */
  reserveIds(idLimit: number): void {
    if (idLimit <= this.#idCapacity) return
    const latest = this.#get(this.header + SESSIONS_LATEST)
    const bytes = this.#idCapacity * 4
    while (this.#idCapacity < idLimit) this.#idCapacity *= 2
    const grown = this.#arena.allocateZeroed(this.#idCapacity * 4)
    this.#memory.u8.copyWithin(grown, latest, latest + bytes)
    this.#arena.release(latest, bytes)
    this.#set(this.header + SESSIONS_LATEST, grown)
  }

  /** Whether there is a free session. */
  get hasFree(): boolean {
    return this.#get(this.header + SESSIONS_FREE_COUNT) > 0
  }

  /** Makes sure that there is a free session. */
  reserveSession(): void {
    if (this.hasFree) return
    const count = Math.min(Math.max(LEAST_SESSIONS, this.#capacity), MOST_PER_SLAB)
    const bytes = count * this.#sessionBytes
    const slab = this.#arena.allocate(bytes)
    this.#slabs.push({ address: slab, bytes })
    this.#capacity += count
    if (this.#freeBytes < this.#capacity * 4) {
      const old = this.#get(this.header + SESSIONS_FREE)
      if (this.#freeBytes > 0) this.#arena.release(old, this.#freeBytes)
      this.#freeBytes = this.#capacity * 8
      this.#set(this.header + SESSIONS_FREE, this.#arena.allocate(this.#freeBytes))
    }
    const free = this.#get(this.header + SESSIONS_FREE) >>> 2
    for (let i = 0; i < count; i++) this.#memory.u32[free + i] = slab + (count - 1 - i) * this.#sessionBytes
    this.#set(this.header + SESSIONS_FREE_COUNT, count)
  }

  /** Calls `visit` with the sessions opened by the kernel since the last call. */
  takeOpened(visit: (session: number) => void): void {
    const count = this.#get(this.header + SESSIONS_OPENED_COUNT)
    const opened = this.#get(this.header + SESSIONS_OPENED) >>> 2
    for (let i = 0; i < count; i++) visit(this.#memory.u32[opened + i]!)
    this.#set(this.header + SESSIONS_OPENED_COUNT, 0)
  }

  firstOf(session: number): number {
    return this.#memory.f64[(session + SESSION_FIRST) >>> 3]!
  }

  lastOf(session: number): number {
    return this.#memory.f64[(session + SESSION_LAST) >>> 3]!
  }

  orderOf(session: number): number {
    return this.#get(session + SESSION_ORDER)
  }

  marksOf(session: number): number {
    return this.#get(session + SESSION_MARKS)
  }

  setMarks(session: number, marks: number): void {
    this.#set(session + SESSION_MARKS, marks)
  }

  /** The latest session of a key; 0 when it has none. */
  latestOf(id: number): number {
    return this.#get(this.#get(this.header + SESSIONS_LATEST) + id * 4)
  }

  /** The session of the same key before this one in time; 0 when there is none. */
  beforeOf(session: number): number {
    return this.#get(session + SESSION_BEFORE)
  }

  /** Opens an empty session of one moment between two neighbours, either of which may be 0. Needs a free one. */
  open(id: number, timeMs: number, before: number, after: number): number {
    const session = this.openApart(id, timeMs)
    this.#link(id, before, session)
    this.#link(id, session, after)
    return session
  }

  /** The same for a session that isn't to be found by its key. */
  openApart(id: number, timeMs: number): number {
    const freeCount = this.#get(this.header + SESSIONS_FREE_COUNT) - 1
    this.#set(this.header + SESSIONS_FREE_COUNT, freeCount)
    const session = this.#get(this.#get(this.header + SESSIONS_FREE) + freeCount * 4)
    const order = this.#get(this.header + SESSIONS_ORDER)
    this.#set(this.header + SESSIONS_ORDER, order + 1)
    this.#set(session + SESSION_ORDER, order)
    this.#set(session + SESSION_ID, id)
    this.#set(session + SESSION_MARKS, 0)
    this.#memory.f64[(session + SESSION_FIRST) >>> 3] = timeMs
    this.#memory.f64[(session + SESSION_LAST) >>> 3] = timeMs
    this.#memory.u8.set(this.#layout.template, session + SESSION_RECORD)
    return session
  }

  /** The session of the same key after this one in time; 0 when there is none. */
  afterOf(session: number): number {
    return this.#get(session + SESSION_AFTER)
  }

  idOf(session: number): number {
    return this.#get(session + SESSION_ID)
  }

  rowsOf(session: number): number {
    return this.#memory.f64[(session + SESSION_RECORD + RECORD_ROWS) >>> 3]!
  }

  setRows(session: number, rows: number): void {
    this.#memory.f64[(session + SESSION_RECORD + RECORD_ROWS) >>> 3] = rows
  }

  setOrder(session: number, order: number): void {
    this.#set(session + SESSION_ORDER, order)
  }

  /** A copy of a session that isn't to be found by its key. Needs a free one. */
  copyApart(session: number): number {
    const copy = this.openApart(this.idOf(session), this.firstOf(session))
    this.#memory.u8.copyWithin(copy, session, session + this.#sessionBytes)
    return copy
  }

  /** Makes the fields of a session those of an empty one. */
  clear(session: number): void {
    this.#layout.release(session + SESSION_RECORD)
    this.#memory.u8.set(this.#layout.template, session + SESSION_RECORD)
  }

  /** Adds a row's time to a session and counts it. */
  addRow(session: number, timeMs: number): void {
    const { f64 } = this.#memory
    if (timeMs < f64[(session + SESSION_FIRST) >>> 3]!) f64[(session + SESSION_FIRST) >>> 3] = timeMs
    if (timeMs > f64[(session + SESSION_LAST) >>> 3]!) f64[(session + SESSION_LAST) >>> 3] = timeMs
    f64[(session + SESSION_RECORD + RECORD_ROWS) >>> 3]! += 1
  }

  /** Gives a session the bounds, rows and age of the one after it, which is unlinked. Their fields are the caller's. */
  absorb(session: number, after: number): void {
    const { f64 } = this.#memory
    f64[(session + SESSION_LAST) >>> 3] = this.lastOf(after)
    this.setRows(session, this.rowsOf(session) + this.rowsOf(after))
    if (isOlder(this.orderOf(after), this.orderOf(session))) this.setOrder(session, this.orderOf(after))
    this.unlink(after)
  }

  /** Takes a session out of those of its key. */
  unlink(session: number): void {
    this.#link(this.idOf(session), this.beforeOf(session), this.afterOf(session))
  }

  /** Lets a session be opened again. Nothing may refer to it. */
  free(session: number): void {
    this.#layout.release(session + SESSION_RECORD)
    const freeCount = this.#get(this.header + SESSIONS_FREE_COUNT)
    this.#set(this.#get(this.header + SESSIONS_FREE) + freeCount * 4, session)
    this.#set(this.header + SESSIONS_FREE_COUNT, freeCount + 1)
  }

  /** Marks every id that has a session. */
  readonly liveIds: IdMarker = mark => {
    const latest = this.#get(this.header + SESSIONS_LATEST) >>> 2
    for (let id = 0; id < this.#idCapacity; id++) if (this.#memory.u32[latest + id] !== 0) mark(id)
  }

  /** Calls `visit` with the address of every record in use. */
  eachRecord(visit: (record: number) => void): void {
    this.liveIds(id => {
      for (let session = this.latestOf(id); session !== 0; session = this.beforeOf(session)) {
        visit(session + SESSION_RECORD)
      }
    })
  }

  /** Writes the sessions of every key in order of time, and how many were opened so far. */
  snapshot(writer: StateWriter): void {
    const sessions = this.inOrder()
    const records = new Uint32Array(sessions.length)
    writer.u32(this.#get(this.header + SESSIONS_ORDER))
    writer.u32(sessions.length)
    for (let i = 0; i < sessions.length; i++) {
      const session = sessions[i]!
      writer.u32(this.idOf(session))
      writer.u32(this.orderOf(session))
      writer.u32(this.marksOf(session))
      writer.f64(this.firstOf(session))
      writer.f64(this.lastOf(session))
      records[i] = session + SESSION_RECORD
    }
    this.#layout.state.snapshot(writer, records)
  }

  /** Opens the sessions of a state where there are none of its keys. Returns them in the order of the state; 0: another's. */
  restore(reader: StateReader, keys: KeyIds): readonly number[] {
    const nextOrder = reader.u32()
    const known = this.#get(this.header + SESSIONS_ORDER)
    const sessions: number[] = []
    const records = new Uint32Array(reader.count(SESSION_BYTES + this.#layout.state.leastBytes))
    for (let i = 0; i < records.length; i++) {
      const session = this.#restoreOne(reader, keys)
      sessions.push(session)
      if (session !== 0) records[i] = session + SESSION_RECORD
    }
    this.#layout.state.restore(reader, records, 0)
    this.#set(this.header + SESSIONS_ORDER, isOlder(nextOrder, known) ? known : nextOrder)
    return sessions
  }

  /** The sessions of each key in order of time, by ids. */
  inOrder(): number[] {
    const sessions: number[] = []
    this.liveIds(id => {
      const first = sessions.length
      for (let session = this.latestOf(id); session !== 0; session = this.beforeOf(session)) sessions.push(session)
      for (let low = first, high = sessions.length - 1; low < high; low++, high--) {
        const session = sessions[low]!
        sessions[low] = sessions[high]!
        sessions[high] = session
      }
    })
    return sessions
  }

  /** Opens a session of a state that isn't to be found by its key; its fields are the caller's. Needs a free one. */
  restoreApart(reader: StateReader, id: number): number {
    const first = reader.integer()
    const last = reader.integer()
    if (last < first) reader.refuse(`a session of the key ${id} ends before it begins, at ${first}`)
    const session = this.openApart(id, first)
    this.#memory.f64[(session + SESSION_LAST) >>> 3] = last
    return session
  }

  /** 0: it is of another's key. */
  #restoreOne(reader: StateReader, keys: KeyIds): number {
    const id = keys.of(reader.index(keys.limit - 1))
    const order = reader.u32()
    const marks = reader.index(MOST_MARKS)
    const first = reader.integer()
    const last = reader.integer()
    if (id < 0) return 0
    this.reserveIds(id + 1)
    const before = this.latestOf(id)
    if (last < first || (before !== 0 && first <= this.lastOf(before)))
      reader.refuse(`sessions of the key ${id} overlap at ${first}`)
    this.reserveSession()
    const session = this.open(id, first, before, 0)
    this.#memory.f64[(session + SESSION_LAST) >>> 3] = last
    this.setOrder(session, order)
    this.setMarks(session, marks)
    return session
  }

  close(): void {
    if (this.#layout.ownsMemory) this.eachRecord(record => this.#layout.release(record))
    for (const { address, bytes } of this.#slabs) this.#arena.release(address, bytes)
    if (this.#freeBytes > 0) this.#arena.release(this.#get(this.header + SESSIONS_FREE), this.#freeBytes)
    this.#arena.release(this.#get(this.header + SESSIONS_LATEST), this.#idCapacity * 4)
    this.#arena.release(this.#get(this.header + SESSIONS_OPENED), this.#openedBytes)
    this.#arena.release(this.header, SESSIONS_HEADER_BYTES)
    this.#slabs.length = 0
  }

  /** Makes two sessions of a key neighbours; 0 is the end on either side. */
  #link(id: number, before: number, after: number): void {
    if (before !== 0) this.#set(before + SESSION_AFTER, after)
    if (after !== 0) this.#set(after + SESSION_BEFORE, before)
    else this.#set(this.#get(this.header + SESSIONS_LATEST) + id * 4, before)
  }

  #get(address: number): number {
    return this.#memory.u32[address >>> 2]!
  }

  #set(address: number, value: number): void {
    this.#memory.u32[address >>> 2] = value
  }
}

/** Whether the first of two orders, counted mod 2^32, is the earlier one. */
export const isOlder = (order: number, than: number): boolean => ((order - than) | 0) < 0
