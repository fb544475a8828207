import { checkpointInvalid, checkpointMismatch, show } from '../errors.ts'
import { checkBytes } from './check-bytes.ts'
import { decodeValue } from './decode-value.ts'
import type { StatePart } from './state-part.ts'
import { TEXT } from './value-tags.ts'
import { isCopiedWhole } from './whole-copies.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Code units made into a string at once. */
const UNITS_AT_ONCE = 8192

/**
 * Takes back what a `StateWriter` wrote, in the same order. The bytes may be anything: each length is held against what
 * is left before anything is made of it, and whatever isn't as it should be is one typed error.
 *
 * @example
 * const totals = (bytes: Uint8Array): number[] => {
 *   const reader = new StateReader(bytes)
 *   const read = reader.section('totals', () => Array.from({ length: reader.count(8) }, () => reader.f64()))
 *   reader.end()
 *   return read
 * }
 */
export class StateReader {
  /** The part of a state it reads, where that is taken over key by key; undefined: all of a state, as it is. */
  readonly part: StatePart | undefined
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #name: string
  readonly #sections: string[] = []
  #at = 0
  /** Where the section at hand ends. */
  #end: number

  /** @param where What the bytes are, for errors. */
  constructor(bytes: Uint8Array, where = 'state', part?: StatePart) {
    checkBytes(`the ${where}`, bytes)
    this.part = part
    this.#name = where
    // A Buffer would do but for its slice, which copies nothing.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = bytes.length
  }

  /** Bytes left of the section at hand. */
  get remaining(): number {
    return this.#end - this.#at
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!
  }

  bool(): boolean {
    const byte = this.u8()
    if (byte > 1) this.refuse(`${byte} is neither true nor false`)
    return byte === 1
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  /** A u32 that is at most `most`. */
  index(most: number): number {
    const value = this.u32()
    if (value > most) this.refuse(`${value} is more than ${most}`)
    return value
  }

  /** A number that is a safe integer. */
  integer(): number {
    const value = this.f64()
    if (!Number.isSafeInteger(value)) this.refuse(`${value} is no whole number`)
    return value
  }

  /** A number that is neither NaN nor infinite. */
  finite(): number {
    const value = this.f64()
    if (!Number.isFinite(value)) this.refuse(`${value} is not finite`)
    return value
  }

  /** An instant of some clock, a finite number; or what stands for none. */
  instant(none: number): number {
    const value = this.f64()
    if (!Number.isFinite(value) && value !== none) this.refuse(`${value} is no instant`)
    return value
  }

  /** A number of things: a safe integer of at least 0 and at most `most`. */
  amount(most = Number.MAX_SAFE_INTEGER): number {
    const value = this.integer()
    if (value < 0 || value > most) this.refuse(`${value} of at most ${most}`)
    return value
  }

  /** A time: a safe integer, or one of the infinities. */
  time(): number {
    const value = this.f64()
    if (!Number.isSafeInteger(value) && Math.abs(value) !== Number.POSITIVE_INFINITY) this.refuse(`${value} is no time`)
    return value
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true)
  }

  /** How many elements follow, `leastBytes` (1 or more) or more each: no more than there can be in what is left. */
  count(leastBytes: number): number {
    const count = this.u32()
    if (count * leastBytes > this.remaining)
      this.refuse(`${count} elements of ${leastBytes} bytes are announced and ${this.remaining} bytes are left`)
    return count
  }

  text(): string {
    const kind = this.u8()
    const bytes = this.block()
    if (kind === TEXT.utf16 && bytes.length % 2 === 0) return this.#utf16(bytes)
    if (kind !== TEXT.utf8) this.refuse('a text is neither UTF-8 nor UTF-16')
    try {
      return utf8.decode(bytes)
    } catch (cause) {
      throw this.#invalid('a text is not UTF-8', cause)
    }
  }

  /** Bytes behind their length, where they stand: copy what is to be kept. */
  block(): Uint8Array {
    return this.bytes(this.count(1))
  }

  /** `length` bytes, where they stand: copy what is to be kept. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** Writes `count` elements to an array of u32 from `to` on. */
  words(target: Uint32Array, to: number, count: number): void {
    const at = this.#take(count * 4)
    if (isCopiedWhole(count)) {
      new Uint8Array(target.buffer, target.byteOffset + to * 4, count * 4).set(this.#bytes.subarray(at, at + count * 4))
      return
    }
    const view = this.#view
    for (let i = 0; i < count; i++) target[to + i] = view.getUint32(at + i * 4, true)
  }

  value(): unknown {
    return decodeValue(this)
  }

  /** The section that comes next, which must have that name, and which `read` must read to its end. */
  section<T>(name: string, read: () => T): T {
    if (this.remaining === 0) this.refuse(`the section ${show(name)} is missing`)
    const found = this.text()
    if (found !== name) this.refuse(`the section ${show(found)} stands where ${show(name)} belongs`)
    const length = this.count(1)
    const outerEnd = this.#end
    this.#end = this.#at + length
    this.#sections.push(name)
    const result = read()
    this.end()
    this.#sections.pop()
    this.#end = outerEnd
    return result
  }

  /** Makes sure that nothing is left of the section at hand, or of all. */
  end(): void {
    if (this.remaining > 0) this.refuse(`${this.remaining} bytes are left over`)
  }

  /** Takes back a text that must be this one: the state is of something else if not. */
  expect(text: string): void {
    const found = this.text()
    if (found === text) return
    throw checkpointMismatch(
      `${this.#where}: the state is of ${show(found)}, and is to be restored into ${show(text)}: what keeps it is set up as it was when the checkpoint was taken, or has another name and begins without (allowDropped, allowNew)`,
      {
        value: found,
        at: this.#where,
      },
    )
  }

  /** Says that the bytes are no state. @throws EventfluxError `CHECKPOINT_INVALID` */
  refuse(message: string): never {
    throw this.#invalid(message)
  }

  get #where(): string {
    return this.#sections.length === 0 ? this.#name : this.#sections.join(' › ')
  }

  #invalid(message: string, cause?: unknown): Error {
    return checkpointInvalid(`${this.#where}, at byte ${this.#at}: ${message}`, { at: this.#where, cause })
  }

  #take(bytes: number): number {
    if (!(bytes <= this.remaining && bytes >= 0) || !Number.isInteger(bytes))
      this.refuse(`${bytes} bytes are wanted and ${this.remaining} are left`)
    const at = this.#at
    this.#at += bytes
    return at
  }

  #utf16(bytes: Uint8Array): string {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let text = ''
    for (let from = 0; from < bytes.length; from += UNITS_AT_ONCE * 2) {
      const units: number[] = []
      for (let at = from; at < Math.min(from + UNITS_AT_ONCE * 2, bytes.length); at += 2)
        units.push(view.getUint16(at, true))
      text += String.fromCharCode(...units)
    }
    return text
  }
}
