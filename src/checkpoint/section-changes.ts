import { checkpointInvalid } from '../errors.ts'
import type { Steps } from './steps.ts'

/**
 * What turns the bytes of a section into those it has one checkpoint later:
 *
 * ```
 *   again and again, until the bytes end:
 *     varint  bytes to skip of those before
 *     varint  bytes to copy of those before, from there on
 *     varint  bytes that are new · these bytes
 * ```
 *
 * Copies go forward only, so what comes out is never longer than what was there and the changes together.
 */

/** Bytes that must be equal to go on from them. */
const MATCH = 32
/** How far ahead equal bytes are looked for at the same distance, before they are looked for anywhere. */
const NEAR = 256
const FACTOR = 0x01000193
/** What the oldest of `MATCH` bytes is multiplied by in a rolling hash. */
const OLDEST = power(FACTOR, MATCH - 1)
const BYTES_A_STEP = 2 ** 18

/** The changes from `before` to `after`; never much longer than `after`. */
export function* changesSteps(before: Uint8Array, after: Uint8Array): Steps<Uint8Array> {
  const changes = new ChangeWriter(after.length)
  let index: Int32Array | undefined
  let skip = 0
  let from = 0
  let done = 0
  for (let at = 0; at < after.length; ) {
    const equal = equalBytes(before, from, after, at)
    const fresh = at + equal
    if (fresh === after.length) {
      changes.add(skip, equal, after, fresh, fresh)
      break
    }
    const mismatch = from + equal
    let next = nearMatch(before, mismatch, after, fresh)
    let source = mismatch + next - fresh
    if (next < 0) {
      index ??= indexOf(before)
      ;({ next, source } = yield* farMatch(index, before, mismatch, after, fresh))
    }
    changes.add(skip, equal, after, fresh, next)
    skip = source - mismatch
    from = source
    done += next - at
    at = next
    if (done < BYTES_A_STEP) continue
    yield done
    done = 0
  }
  return changes.finish()
}

/**
 * What `after` was.
 *
 * @param length How long it was.
 * @throws EventfluxError `CHECKPOINT_INVALID`
 */
export function applyChanges(before: Uint8Array, changes: Uint8Array, length: number): Uint8Array {
  if (length > before.length + changes.length)
    throw checkpointInvalid(`${length} bytes can't be made of ${before.length} and ${changes.length} of changes`)
  const after = new Uint8Array(length)
  const reader = new VarintReader(changes)
  let from = 0
  let at = 0
  while (reader.at < changes.length) {
    from += reader.next()
    const copy = reader.next()
    const fresh = reader.next()
    if (copy > before.length - from || fresh > changes.length - reader.at || copy + fresh > length - at)
      throw checkpointInvalid(`changes at byte ${reader.at} reach beyond what there is`)
    after.set(before.subarray(from, from + copy), at)
    after.set(changes.subarray(reader.at, reader.at + fresh), at + copy)
    from += copy
    at += copy + fresh
    reader.at += fresh
  }
  if (at !== length) throw checkpointInvalid(`changes make ${at} bytes, not ${length}`)
  return after
}

function equalBytes(before: Uint8Array, from: number, after: Uint8Array, at: number): number {
  const most = Math.min(before.length - from, after.length - at)
  let equal = 0
  while (equal < most && before[from + equal] === after[at + equal]) equal++
  return equal
}

/** Where, a little further on, both are equal again; -1: not near. */
function nearMatch(before: Uint8Array, from: number, after: Uint8Array, at: number): number {
  const most = Math.min(NEAR, before.length - from - MATCH, after.length - at - MATCH)
  for (let ahead = 1, run = 0; ahead < most + MATCH; ahead++) {
    run = before[from + ahead] === after[at + ahead] ? run + 1 : 0
    if (run === MATCH) return at + ahead - MATCH + 1
  }
  return -1
}

/** Where bytes of `before`, from `from` on, come again in `after`; its end if nowhere. */
function* farMatch(
  index: Int32Array,
  before: Uint8Array,
  from: number,
  after: Uint8Array,
  at: number,
): Steps<{ readonly next: number; readonly source: number }> {
  const mask = index.length - 1
  let hash = after.length - at >= MATCH ? hashOf(after, at) : 0
  for (let next = at; next + MATCH <= after.length; next++) {
    const source = index[mix(hash) & mask]! - 1
    if (source >= from && equalBytes(before, source, after, next) >= MATCH) {
      // The bytes in front may be equal too: blocks are indexed, not every byte.
      let back = 0
      while (next - back > at && source - back > from && before[source - back - 1] === after[next - back - 1]) back++
      return { next: next - back, source: source - back }
    }
    hash = (Math.imul(hash - Math.imul(after[next]!, OLDEST), FACTOR) + after[next + MATCH]!) | 0
    if (((next - at) & (BYTES_A_STEP - 1)) === BYTES_A_STEP - 1) yield BYTES_A_STEP
  }
  return { next: after.length, source: before.length }
}

/** By hash: where a block of bytes begins, plus 1. */
function indexOf(bytes: Uint8Array): Int32Array {
  const index = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(64, bytes.length / (MATCH / 2)))))
  for (let at = bytes.length - (bytes.length % MATCH) - MATCH; at >= 0; at -= MATCH)
    index[mix(hashOf(bytes, at)) & (index.length - 1)] = at + 1
  return index
}

function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0
  for (let i = at; i < at + MATCH; i++) hash = (Math.imul(hash, FACTOR) + bytes[i]!) | 0
  return hash
}

const mix = (hash: number): number => Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8

function power(base: number, exponent: number): number {
  let result = 1
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base)
  return result
}

class ChangeWriter {
  #bytes: Uint8Array
  #end = 0

  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(Math.max(64, expectedBytes >>> 4))
  }

  /** Skips and copies of what was before, then takes what is new from `start` to `end` of `after`. */
  add(skip: number, copy: number, after: Uint8Array, start: number, end: number): void {
    this.#reserve(15 + end - start)
    for (const value of [skip, copy, end - start]) this.#varint(value)
    this.#bytes.set(after.subarray(start, end), this.#end)
    this.#end += end - start
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#end)
  }

  #varint(value: number): void {
    let left = value
    while (left >= 128) {
      this.#bytes[this.#end++] = (left % 128) | 128
      left = Math.floor(left / 128)
    }
    this.#bytes[this.#end++] = left
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#end + bytes, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

class VarintReader {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** At most 2^35: lengths are held against what there is. */
  next(): number {
    let value = 0
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) break
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    throw checkpointInvalid(`changes at byte ${this.at} hold no number`)
  }
}
