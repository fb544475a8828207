import { checkpointUnsupported } from '../errors.ts'
import { hasHalfPair } from '../schema/half-pair.ts'
import { encodeValue } from './encode-value.ts'
import { TEXT } from './value-tags.ts'
import { isCopiedWhole } from './whole-copies.ts'

/** A length is 4 bytes. */
const MOST_BYTES = 2 ** 32 - 1

/** Room that may stay behind a state, as a part of it: less than another copy costs. */
const SPARE = 1 / 16

const utf8 = new TextEncoder()

/**
 * State as bytes: little-endian numbers, texts and blocks behind their lengths, and named sections. `StateReader` takes
 * back the same things in the same order.
 *
 * @example
 * const writer = new StateWriter()
 * writer.section('totals', () => {
 *   writer.u32(2)
 *   writer.f64(1.5)
 *   writer.f64(-0)
 * })
 * const bytes = writer.finish()
 */
export class StateWriter {
  /** None: only the length is of interest. */
  #bytes: Uint8Array | undefined
  #view: DataView
  #length = 0

  /** @param expectedBytes Room to begin with; it grows as needed. */
  constructor(expectedBytes = 256) {
    this.#bytes = new Uint8Array(Math.max(16, expectedBytes))
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** One that counts and keeps nothing. */
  static measuring(): StateWriter {
    const writer = new StateWriter(0)
    writer.#bytes = undefined
    return writer
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** An integer from 0 to 255. */
  u8(value: number): void {
    const at = this.#claim(1)
    if (this.#bytes !== undefined) this.#bytes[at] = value
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  /** An integer from 0 to 2^32 - 1. */
  u32(value: number): void {
    const at = this.#claim(4)
    if (this.#bytes !== undefined) this.#view.setUint32(at, value, true)
  }

  /** Any number, bit by bit. */
  f64(value: number): void {
    const at = this.#claim(8)
    if (this.#bytes !== undefined) this.#view.setFloat64(at, value, true)
  }

  /** A bigint from -2^63 to 2^63 - 1. */
  i64(value: bigint): void {
    const at = this.#claim(8)
    if (this.#bytes !== undefined) this.#view.setBigInt64(at, value, true)
  }

  /** A string, every one of its code units kept. */
  text(value: string): void {
    if (hasHalfPair(value)) {
      this.u8(TEXT.utf16)
      this.u32(value.length * 2)
      const at = this.#claim(value.length * 2)
      if (this.#bytes === undefined) return
      for (let i = 0; i < value.length; i++) this.#view.setUint16(at + i * 2, value.charCodeAt(i), true)
      return
    }
    this.u8(TEXT.utf8)
    this.block(utf8.encode(value))
  }

  /** Bytes behind their length. */
  block(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.bytes(bytes)
  }

  /** Bytes whose length the reader knows. */
  bytes(bytes: Uint8Array): void {
    const at = this.#claim(bytes.length)
    this.#bytes?.set(bytes, at)
  }

  /** `count` elements of an array of u32 from `from` on; the reader knows how many. */
  words(source: Uint32Array, from: number, count: number): void {
    const at = this.#claim(count * 4)
    if (this.#bytes === undefined) return
    if (isCopiedWhole(count)) {
      this.#bytes.set(new Uint8Array(source.buffer, source.byteOffset + from * 4, count * 4), at)
      return
    }
    const view = this.#view
    for (let i = 0; i < count; i++) view.setUint32(at + i * 4, source[from + i]!, true)
  }

  /** From each of the addresses, in bytes, on `count` elements of an array of u32, in this order. */
  gather(source: Uint32Array, addresses: Uint32Array, count: number): void {
    let at = this.#claim(addresses.length * count * 4)
    if (this.#bytes === undefined) return
    const view = this.#view
    for (let i = 0; i < addresses.length; i++) {
      const first = addresses[i]! >>> 2
      for (let from = first, end = first + count; from < end; from++, at += 4) view.setUint32(at, source[from]!, true)
    }
  }

  /**
   * Any value a state may be made of: null, undefined, booleans, numbers, strings, bigints, dates, typed arrays and array
   * buffers, and arrays, plain objects, maps and sets of such, none of them part of itself.
   *
   * @throws EventfluxError `CHECKPOINT_UNSUPPORTED` for anything else.
   */
  value(value: unknown): void {
    encodeValue(this, value)
  }

  /** What `write` writes, behind a name and a length. Sections may stand in sections. */
  section(name: string, write: () => void): void {
    this.text(name)
    const at = this.#claim(4)
    write()
    if (this.#bytes !== undefined) this.#view.setUint32(at, this.#length - at - 4, true)
  }

  /** The bytes, which are the caller's from now on; where there was little too much room, in front of what is left of it. */
  finish(): Uint8Array {
    const bytes = this.#bytes ?? new Uint8Array(0)
    if (bytes.length === this.#length) return bytes
    return bytes.length - this.#length <= this.#length * SPARE
      ? bytes.subarray(0, this.#length)
      : bytes.slice(0, this.#length)
  }

  #claim(bytes: number): number {
    const at = this.#length
    const length = at + bytes
    if (length > MOST_BYTES)
      throw checkpointUnsupported(`the state takes more than ${MOST_BYTES} bytes: bound it`, { value: length })
    this.#length = length
    if (this.#bytes !== undefined && length > this.#bytes.length) this.#grow(length)
    return at
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.min(Math.max(length, this.#bytes!.length * 2), MOST_BYTES))
    grown.set(this.#bytes!)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
