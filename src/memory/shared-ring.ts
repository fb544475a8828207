import {
  MEMBER_BYTES,
  MEMBER_STATE,
  SHARED_CAPACITY,
  SHARED_FOR_EVENTS,
  SHARED_FOR_ROOM,
  SHARED_HEAD,
  SHARED_HEADER_BYTES,
  SHARED_LAP_MASK,
  SHARED_MARK,
  SHARED_SEEN_HEAD,
  SHARED_SEEN_TAIL,
  SHARED_STAMPS,
  SHARED_TAIL,
  SHARED_VALUES,
} from '../../assembly/abi.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { ColumnField } from './column-buffers.ts'
import type { LinearMemory } from './linear-memory.ts'
import { WaitCell } from './wait-cell.ts'

/** Lines of two cache lines: what one thread writes and another reads doesn't share one. */
const LINE = 128

/** A place among the members. */
const FREE = 0
const TAKEN = 1

/** How many threads may write, and read: one of each (single-producer, single-consumer), or any number. */
export type SharedRingKind = 'spsc' | 'mpmc'

/** What a shared ring is made of; from it every thread computes the same addresses. */
interface SharedRingShape {
  readonly kind: SharedRingKind
  readonly fields: readonly ColumnField[]
  /** Events it can hold, exactly. */
  readonly capacity: number
  /** Threads that can use it at once. */
  readonly members: number
}

/** Where the parts of a shared ring stand. */
interface Layout {
  readonly header: number
  readonly members: number
  readonly stamps: number
  /** By field: address of row 0. */
  readonly values: readonly number[]
  /** By field: a byte a row, 1 where it has a value; 0 for fields that can't be null. Bits would share bytes with other rows. */
  readonly presence: readonly number[]
  readonly bytes: number
}

const aligned = (address: number): number => Math.ceil(address / LINE) * LINE

/** Slots of a ring: a power of two, at least 2. */
const slotsOf = (capacity: number): number => Math.max(2, 2 ** (32 - Math.clz32(capacity - 1)))

function layoutOf({ kind, fields, capacity, members }: SharedRingShape): Layout {
  const slots = slotsOf(capacity)
  let top = LINE
  const place = (bytes: number): number => {
    const address = top
    top = aligned(address + bytes)
    return address
  }
  return {
    header: place(SHARED_HEADER_BYTES),
    members: place(MEMBER_BYTES * members),
    stamps: kind === 'mpmc' ? place(4 * slots) : 0,
    values: fields.map(({ type }) => place(BYTE_WIDTH[type.name] * slots)),
    presence: fields.map(({ type }) => (type.isNullable ? place(slots) : 0)),
    bytes: top,
  }
}

/** Bytes a shared ring takes: a memory of its own. */
export const sharedRingBytes = (shape: SharedRingShape): number => layoutOf(shape).bytes

/**
 * A ring between threads, as one of them sees it (abi.ts, "shared ring"). The kernels of spsc.ts and mpmc.ts work on it.
 */
export class SharedRing {
  readonly memory: LinearMemory
  readonly kind: SharedRingKind
  readonly capacity: number
  readonly slots: number
  /** Address of the header. */
  readonly header: number
  readonly values: readonly number[]
  readonly presence: readonly number[]
  readonly stamps: number
  readonly memberCount: number
  /** Where consumers wait for events. */
  readonly forEvents: WaitCell
  /** Where producers wait for room. */
  readonly forRoom: WaitCell
  readonly #members: number

  constructor(memory: LinearMemory, shape: SharedRingShape) {
    const { header, members, values, presence, stamps } = layoutOf(shape)
    this.memory = memory
    this.kind = shape.kind
    this.capacity = shape.capacity
    this.slots = slotsOf(shape.capacity)
    this.header = header
    this.values = values
    this.presence = presence
    this.stamps = stamps
    this.memberCount = shape.members
    this.#members = members
    this.forEvents = new WaitCell(memory.i32, (header + SHARED_FOR_EVENTS) >>> 2)
    this.forRoom = new WaitCell(memory.i32, (header + SHARED_FOR_ROOM) >>> 2)
  }

  /** Makes new memory an empty ring, before any other thread sees it. Its first cursor is that of a lap's start. */
  initialise(cursor = 0): void {
    const { u32 } = this.memory
    const set = (at: number, value: number): void => {
      u32[(this.header + at) >>> 2] = value
    }
    for (const at of [SHARED_HEAD, SHARED_TAIL, SHARED_SEEN_HEAD, SHARED_SEEN_TAIL]) set(at, cursor)
    set(SHARED_CAPACITY, this.capacity)
    set(SHARED_LAP_MASK, 2 * this.slots - 1)
    set(SHARED_STAMPS, this.stamps)
    set(SHARED_VALUES, this.values[0]!)
    if (this.kind === 'spsc') return
    for (let slot = 0; slot < this.slots; slot++) u32[(this.stamps >>> 2) + slot] = cursor + 2 * slot
  }

  /** What it was made for, as a number; 0: nothing was made here. */
  get mark(): number {
    return this.memory.u32[(this.header + SHARED_MARK) >>> 2]!
  }

  set mark(mark: number) {
    this.memory.u32[(this.header + SHARED_MARK) >>> 2] = mark
  }

  /** Slot of a cursor. */
  slotOf(cursor: number): number {
    return (cursor & (2 * this.slots - 1)) >>> 1
  }

  /** Events in it, 0 … capacity: a moment's truth. Claimed slots count, whether their events are written or not. */
  get length(): number {
    const tailAt = (this.header + SHARED_TAIL) >>> 2
    const headAt = (this.header + SHARED_HEAD) >>> 2
    const { u32 } = this.memory
    let tail = Atomics.load(u32, tailAt)
    let head = 0
    // A head read between two equal tails belongs to them; threads that never rest are read as they pass.
    for (let tries = 0; tries < 100; tries++) {
      head = Atomics.load(u32, headAt)
      const again = Atomics.load(u32, tailAt)
      if (again === tail) break
      tail = again
    }
    const length = this.kind === 'spsc' ? (tail - head) >>> 1 : this.#between(head, tail)
    return Math.min(Math.max(length, 0), this.capacity)
  }

  /** Events from one cursor to another that is less than a lap on; laps have `capacity` of them. */
  #between(head: number, tail: number): number {
    const lapOf = (cursor: number): number => Math.floor(cursor / (2 * this.slots))
    return this.slotOf(tail) - this.slotOf(head) + (lapOf(tail) === lapOf(head) ? 0 : this.capacity)
  }

  get isClosed(): boolean {
    return (Atomics.load(this.memory.u32, (this.header + SHARED_TAIL) >>> 2) & 1) === 1
  }

  /** Ends the way in, and tells everyone who waits. */
  close(): void {
    Atomics.or(this.memory.u32, (this.header + SHARED_TAIL) >>> 2, 1)
    this.forEvents.wake()
    this.forRoom.wake()
  }

  /** Address of a member. */
  member(index: number): number {
    return this.#members + MEMBER_BYTES * index
  }

  /** Takes a free place among the members; its index, or -1 when there is none. */
  join(): number {
    for (let index = 0; index < this.memberCount; index++) {
      const state = (this.member(index) + MEMBER_STATE) >>> 2
      if (Atomics.compareExchange(this.memory.u32, state, FREE, TAKEN) === FREE) return index
    }
    return -1
  }

  /** Gives a place back. What its holder counted stays counted. */
  leave(index: number): void {
    Atomics.store(this.memory.u32, (this.member(index) + MEMBER_STATE) >>> 2, FREE)
  }

  /** Whether it is a place, and taken. */
  isMember(index: number): boolean {
    if (!(Number.isInteger(index) && index >= 0 && index < this.memberCount)) return false
    return Atomics.load(this.memory.u32, (this.member(index) + MEMBER_STATE) >>> 2) === TAKEN
  }

  /** Takes the part of the one producer or the one consumer; false while another member plays it. */
  takeRole(role: number, index: number): boolean {
    const before = Atomics.compareExchange(this.memory.u32, (this.header + role) >>> 2, 0, index + 1)
    return before === 0 || before === index + 1
  }

  /** Gives a part back, if the member plays it. */
  giveUpRole(role: number, index: number): void {
    Atomics.compareExchange(this.memory.u32, (this.header + role) >>> 2, index + 1, 0)
  }

  /** The sum of a counter over all members, gone ones too. */
  counted(counter: number): number {
    let total = 0
    for (let index = 0; index < this.memberCount; index++) {
      total += Number(Atomics.load(this.memory.i64, (this.member(index) + counter) >>> 3))
    }
    return total
  }
}
