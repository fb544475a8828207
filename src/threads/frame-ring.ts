import { WAIT_CELL_WORDS, WaitCell } from '../memory/wait-cell.ts'
import type { FrameLog } from './frame-log.ts'
import type { WakeUps } from './wake-ups.ts'

/** What stands before the payload of a frame: its length in units, its kind, and two words. */
const HEADER_BYTES = 16
/** Frames begin at multiples of this, so that every type of column can be seen in place. */
const UNIT = 8

/** A cache line for each word that another thread writes. */
const LINE = 16
const TAIL = 0
/** Where consumers wait for frames. */
const FRAMES = LINE
/** 1: the consumer can't wait, and wants to be sent a message when a frame is there. */
const FRAME_CALL = LINE + WAIT_CELL_WORDS
/** The same for room. */
const SPACE = 2 * LINE
const SPACE_CALL = 2 * LINE + WAIT_CELL_WORDS
/** How far the slowest consumer is then. */
const SPACE_AT = SPACE_CALL + 1
/** 1: nobody is to wait any more. */
const STOP = 3 * LINE
/** 0: the consumer has begun on the rows that were offered last; else one more than the producer has taken back of them. */
const OFFER = 3 * LINE + 1
const HEADS = 4 * LINE

/** What of a ring is full when its producer is called to go on: it takes a while to wake, and the consumers have something to do meanwhile. */
const EMPTY_ENOUGH = 1 / 2

/** A frame that only fills the end of the ring. */
const PADDING = 0

/** Bytes of a ring for `consumers`. `capacity`: a power of two of bytes. */
export const frameRingBytes = (capacity: number, consumers: number): number => (HEADS + consumers * LINE) * 4 + capacity

/** Shared memory of a ring. */
export const frameRingMemory = (capacity: number, consumers: number): SharedArrayBuffer =>
  new SharedArrayBuffer(frameRingBytes(capacity, consumers))

/** Where a ring stands in memory that has other things in it too. */
export interface RingPlace {
  readonly at: number
  readonly bytes: number
}

/**
 * A ring of frames in shared memory, from one thread to one or several others. A frame is claimed, written in place and
 * published by one store, so that nobody ever sees half of one, whatever becomes of the thread that wrote it. Each consumer
 * sees every frame, in order, and has a cursor of its own; room is what the slowest has released (Disruptor). Cursors count
 * units of 8 bytes and wrap at 2^32.
 */
export class FrameRing {
  readonly u8: Uint8Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  /** Most bytes of one payload: half of the ring, so that it fits wherever the cursors stand. */
  readonly mostBytes: number
  /** Of the frame polled last. */
  kind = PADDING
  a = 0
  b = 0
  /** Gets a copy of each frame that is published. */
  log: FrameLog | undefined
  readonly #i32: Int32Array
  readonly #frames: WaitCell
  readonly #space: WaitCell
  readonly #wakeUps: WakeUps | undefined
  readonly #consumers: number
  readonly #data: number
  readonly #units: number
  /** Units of the frame claimed last, where it begins, and the padding before it. */
  #claimed = 0
  #claimedAt = 0
  #padding = 0

  /**
   * @param wakeUps Of a producer that may let consumers sleep until it is done for now.
   * @param place Default: all of the memory. Where payloads stand is always said as of its beginning.
   */
  constructor(
    shared: SharedArrayBuffer,
    consumers: number,
    wakeUps?: WakeUps,
    { at, bytes }: RingPlace = { at: 0, bytes: shared.byteLength },
  ) {
    const heads = (HEADS + consumers * LINE) * 4
    this.#wakeUps = wakeUps
    this.#i32 = new Int32Array(shared, at, heads / 4)
    this.#frames = new WaitCell(this.#i32, FRAMES)
    this.#space = new WaitCell(this.#i32, SPACE)
    this.u8 = new Uint8Array(shared)
    this.u32 = new Uint32Array(shared)
    this.f64 = new Float64Array(shared)
    this.#consumers = consumers
    this.#data = at + heads
    this.#units = (bytes - heads) / UNIT
    this.mostBytes = (bytes - heads) / 2 - HEADER_BYTES
  }

  /** Where `bytes` bytes of payload can be written; -1: there is no room now. Claiming again forgets the claim before. */
  claim(bytes: number): number {
    const units = (HEADER_BYTES + bytes + UNIT - 1) >>> 3
    const tail = Atomics.load(this.#i32, TAIL) >>> 0
    const at = tail & (this.#units - 1)
    const untilWrap = this.#units - at
    const padding = units > untilWrap ? untilWrap : 0
    if (padding + units > this.#units - this.#used(tail)) return -1
    if (padding > 0) this.#write(at, padding, PADDING, 0, 0)
    this.#claimed = units
    this.#padding = padding
    this.#claimedAt = padding > 0 ? 0 : at
    return this.#data + this.#claimedAt * UNIT + HEADER_BYTES
  }

  /** Hands the frame claimed last to the consumers. */
  publish(kind: number, a: number, b: number): void {
    if (this.log !== undefined) {
      const from = this.#data + this.#claimedAt * UNIT + HEADER_BYTES
      this.log.add(kind, a, b, this.u8.subarray(from, from + this.#claimed * UNIT - HEADER_BYTES))
    }
    this.#write(this.#claimedAt, this.#claimed, kind, a, b)
    Atomics.add(this.#i32, TAIL, this.#padding + this.#claimed)
    const wakeUps = this.#wakeUps
    if (wakeUps !== undefined && this.#used(this.tail) <= this.#units * wakeUps.fullEnough) wakeUps.later(this.#frames)
    else this.#frames.wake()
  }

  /** The rows that are published next can be taken back from their front, until the one consumer there is begins on them. */
  offer(): void {
    Atomics.store(this.#i32, OFFER, 1)
  }

  /** Whether the consumer has begun on what was offered last. */
  get isOfferTaken(): boolean {
    return Atomics.load(this.#i32, OFFER) === 0
  }

  /** Takes back so many of the rows offered last, of which no fewer are left. False: the consumer has begun on them. */
  takeBack(rows: number): boolean {
    const before = Atomics.load(this.#i32, OFFER)
    return before !== 0 && Atomics.compareExchange(this.#i32, OFFER, before, before + rows) === before
  }

  /** The consumer begins on rows that were offered: how many of the first were taken back. */
  takeOffer(): number {
    return Atomics.exchange(this.#i32, OFFER, 0) - 1
  }

  /** Where the payload of the next frame of a consumer stands; -1: there is none. `kind`, `a` and `b` are of it. */
  poll(consumer: number): number {
    for (;;) {
      const head = Atomics.load(this.#i32, this.#headOf(consumer))
      if (head === Atomics.load(this.#i32, TAIL)) return -1
      const at = ((head >>> 0) & (this.#units - 1)) * UNIT + this.#data
      const word = at >>> 2
      const units = this.u32[word]!
      this.kind = this.u32[word + 1]!
      if (this.kind !== PADDING) {
        this.a = this.u32[word + 2]!
        this.b = this.u32[word + 3]!
        return at + HEADER_BYTES
      }
      this.#advance(consumer, head, units)
    }
  }

  /** Gives the frame polled last back. */
  release(consumer: number): void {
    const head = Atomics.load(this.#i32, this.#headOf(consumer))
    const word = (((head >>> 0) & (this.#units - 1)) * UNIT + this.#data) >>> 2
    this.#advance(consumer, head, this.u32[word]!)
    this.#space.wake()
  }

  /** How far the producer is, and the slowest consumer: counts that wrap. */
  get tail(): number {
    return Atomics.load(this.#i32, TAIL) >>> 0
  }

  get slowest(): number {
    const { tail } = this
    return (tail - this.#used(tail)) >>> 0
  }

  /** Bytes of frames a consumer has not released yet, of so many there is room for. */
  queuedBytes(consumer: number): number {
    return ((this.tail - Atomics.load(this.#i32, this.#headOf(consumer))) >>> 0) * UNIT
  }

  get capacityBytes(): number {
    return this.#units * UNIT
  }

  hasFrame(consumer: number): boolean {
    return Atomics.load(this.#i32, this.#headOf(consumer)) !== Atomics.load(this.#i32, TAIL)
  }

  /**
   * Blocks the thread until there is a frame, the ring is stopped, or `isDue`, of which `wakeConsumers` tells. Never on a
   * thread that must not stand still.
   */
  awaitFrame(consumer: number, isDue: () => boolean): void {
    this.#frames.park(() => this.hasFrame(consumer) || this.isStopped || isDue())
  }

  /** Waits for the same without blocking the thread. */
  async frameThere(consumer: number, isDue: () => boolean): Promise<void> {
    await this.#frames.parkAsync(() => this.hasFrame(consumer) || this.isStopped || isDue())
  }

  /** Whoever waits for a frame looks at what else it waits for. */
  wakeConsumers(): void {
    this.#frames.wake()
  }

  /** Blocks the thread until there is room for `bytes` bytes or the ring is stopped. */
  awaitSpace(bytes: number): void {
    this.awaitRelease(() => this.claim(bytes) >= 0, Number.POSITIVE_INFINITY)
  }

  /** Blocks the thread until what a consumer gave back is enough, or the ring is stopped, or the time is over. */
  awaitRelease(isEnough: () => boolean, timeoutMs: number): void {
    this.#space.park(() => this.isStopped || isEnough(), timeoutMs)
  }

  /** Asks the producer, for the only consumer, for a message when there is a frame. False: there is one already. */
  callForFrame(): boolean {
    Atomics.store(this.#i32, FRAME_CALL, 1)
    return !this.hasFrame(0)
  }

  /** Whether the consumer asked for a message; it is told once. */
  takeFrameCall(): boolean {
    return Atomics.load(this.#i32, FRAME_CALL) === 1 && Atomics.exchange(this.#i32, FRAME_CALL, 0) === 1
  }

  /**
   * Asks the consumers for a message when all have come to a position. Default: when half of the ring is left, since a message
   * for every frame would cost more than the frame.
   */
  callForSpace(position = this.tail - this.#units * EMPTY_ENOUGH): void {
    Atomics.store(this.#i32, SPACE_AT, position | 0)
    Atomics.store(this.#i32, SPACE_CALL, 1)
  }

  /** Whether the producer asked, and the consumers have come so far. */
  takeSpaceCall(): boolean {
    if (Atomics.load(this.#i32, SPACE_CALL) !== 1) return false
    if (((this.slowest - Atomics.load(this.#i32, SPACE_AT)) | 0) < 0) return false
    return Atomics.exchange(this.#i32, SPACE_CALL, 0) === 1
  }

  get isStopped(): boolean {
    return Atomics.load(this.#i32, STOP) === 1
  }

  /** Whoever waits at the ring wakes up, and nobody waits any more. */
  stop(): void {
    Atomics.store(this.#i32, STOP, 1)
    this.#frames.wake()
    this.#space.wake()
  }

  /** Makes it as new. Nobody else may be using it. */
  reset(): void {
    this.#i32.fill(0, 0, HEADS + this.#consumers * LINE)
  }

  #used(tail: number): number {
    let used = 0
    for (let consumer = 0; consumer < this.#consumers; consumer++) {
      const behind = (tail - Atomics.load(this.#i32, this.#headOf(consumer))) >>> 0
      if (behind > used) used = behind
    }
    return used
  }

  #write(at: number, units: number, kind: number, a: number, b: number): void {
    const word = (this.#data + at * UNIT) >>> 2
    this.u32[word] = units
    this.u32[word + 1] = kind
    this.u32[word + 2] = a
    this.u32[word + 3] = b
  }

  #advance(consumer: number, head: number, units: number): void {
    Atomics.store(this.#i32, this.#headOf(consumer), (head + units) | 0)
  }

  #headOf(consumer: number): number {
    return HEADS + consumer * LINE
  }
}
