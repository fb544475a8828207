import { HEADER, HEADER_BYTES, type Section, VERSION } from '../../../src/checkpoint/checkpoint-format.ts'
import { decodeMeta } from '../../../src/checkpoint/checkpoint-meta.ts'
import { crc32c } from '../../../src/checkpoint/crc-32c.ts'
import { decodeCheckpoint } from '../../../src/checkpoint/decode-checkpoint.ts'
import { wholeSections } from '../../../src/checkpoint/read-checkpoint.ts'
import { allSteps } from '../../../src/checkpoint/steps.ts'
import { writingSteps } from '../../../src/checkpoint/write-checkpoint.ts'
import { EventfluxError } from '../../../src/errors.ts'
import { AllocationCounter } from './allocations.ts'

/** What came of many inputs. */
export interface FuzzReport {
  readonly inputs: number
  /** Inputs that were read, since all their checks were right. */
  readonly read: number
  readonly refused: number
  /** The longest any of them took, in milliseconds. */
  readonly longestMs: number
  /** The most bytes any of them had allocated, as a share of the bytes there were. */
  readonly mostAllocated: number
}

/** Values that lengths and numbers are replaced by. */
const HOSTILE = [0, 1, 2, 127, 128, 255, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1] as const
/** No input may take longer, in milliseconds. */
const LONGEST_MS = 1_000
/** How often an input that took longer is read once more. */
const TRIES = 5
/** No input may have more allocated than this many times the bytes there are. */
const MOST_ALLOCATED = 2

/** A small checkpoint of everything: sections that are whole, empty, changes to what was before. */
function smallCheckpoints(): { readonly before: readonly Section[]; readonly inputs: readonly Uint8Array[] } {
  const text = new TextEncoder().encode('windows of clicks by user, one minute each, and what came late. ')
  const before = [
    { name: 'texts', bytes: text },
    { name: 'operator/windowAggregate-1/tumbling window', bytes: new Uint8Array(200).map((_, i) => i * 7) },
    { name: 'empty', bytes: new Uint8Array(0) },
  ]
  const after = before.map(({ name, bytes }, i) => ({
    name,
    bytes: bytes.map((byte, at) => (at % 90 === i ? 1 : byte)),
  }))
  const meta = { id: 7, createdMs: 1_700_000_000_000, labels: { plan: 'abcd', engine: 'wasm' } }
  const write = (base: number, sections: readonly Section[]) =>
    allSteps(writingSteps({ ...meta, base }, sections, base === 0 ? [] : before))
  return { before, inputs: [write(0, before), write(6, after), write(0, before.slice(0, 1))] }
}

/** Reads a checkpoint to the end: the frame, what it says about itself, its sections made whole. */
function readAll(bytes: Uint8Array, before: readonly Section[]): readonly Section[] {
  const { version, sections } = decodeCheckpoint(bytes)
  return wholeSections({ version, meta: decodeMeta(sections), sections: sections.slice(1) }, before)
}

/**
 * Has `inputs` byte strings read that are checkpoints with something done to them, half of them with checksums that are
 * right all the same.
 *
 * @param random Gives numbers from 0 up to 1.
 * @throws What is no typed error, and an Error for an input that took too long, or too much.
 */
export function fuzzDecode({ inputs, random }: { readonly inputs: number; random(): number }): FuzzReport {
  const { before, inputs: seeds } = smallCheckpoints()
  const below = (limit: number): number => Math.floor(random() * limit)
  const beforeBytes = before.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const watch = new Watch()
  for (let i = 0; i < inputs; i++) {
    const seed = seeds[below(seeds.length)]!
    const input = mutated(seed, seeds, below)
    if (below(2) === 0) repair(input)
    watch.read(input, input.length + beforeBytes, () => readAll(input, before))
  }
  return watch.report
}

/**
 * Turns over one, two or three bits of a checkpoint at a time, anywhere: what CRC-32C finds for certain in as many bits as
 * there can be. Every one has to be refused.
 */
export function flipBits(
  bytes: Uint8Array,
  { flips, random }: { readonly flips: number; random(): number },
): FuzzReport {
  const watch = new Watch()
  const copy = bytes.slice()
  for (let i = 0; i < flips; i++) {
    const bits = new Set(
      Array.from({ length: 1 + Math.floor(random() * 3) }, () => Math.floor(random() * copy.length * 8)),
    )
    for (const bit of bits) copy[bit >>> 3]! ^= 1 << (bit & 7)
    const isRead = watch.read(copy, copy.length, () => readAll(copy, []))
    if (isRead) throw new Error(`was read with the bits ${[...bits].join()} turned over`)
    for (const bit of bits) copy[bit >>> 3]! ^= 1 << (bit & 7)
  }
  return watch.report
}

/** Something done to the bytes of a checkpoint. */
function mutated(seed: Uint8Array, seeds: readonly Uint8Array[], below: (limit: number) => number): Uint8Array {
  const kind = below(6)
  if (kind === 0) return Uint8Array.from({ length: below(200) }, () => below(256))
  if (kind === 1) return seed.slice(0, below(seed.length))
  if (kind === 2) {
    const other = seeds[below(seeds.length)]!
    return Uint8Array.of(...seed.subarray(0, below(seed.length)), ...other.subarray(below(other.length)))
  }
  const copy = seed.slice()
  const view = new DataView(copy.buffer)
  for (let left = 1 + below(3); left > 0; left--) {
    if (kind === 3) copy[below(copy.length)]! ^= 1 << below(8)
    else if (kind === 4) view.setUint32(below(copy.length - 3), HOSTILE[below(HOSTILE.length)]!, true)
    else copy[below(copy.length)] = below(256)
  }
  return copy
}

/** Makes what can be made right of a checkpoint's lengths and checksums, so that what reads it gets further. */
function repair(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES) return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint16(HEADER.major, VERSION.major, true)
  view.setUint32(HEADER.total, bytes.length, true)
  view.setUint32(HEADER.total + 4, 0, true)
  const directoryEnd = HEADER_BYTES + view.getUint32(HEADER.directory, true)
  if (directoryEnd <= bytes.length) {
    repairSections(bytes, view, directoryEnd)
    view.setUint32(HEADER.directoryCrc, crc32c(bytes.subarray(HEADER_BYTES, directoryEnd)), true)
  }
  view.setUint32(HEADER.crc, crc32c(bytes.subarray(0, HEADER.crc)), true)
}

function repairSections(bytes: Uint8Array, view: DataView, directoryEnd: number): void {
  let at = directoryEnd
  for (let entry = HEADER_BYTES; entry + 21 <= directoryEnd; ) {
    const fields = entry + 2 + view.getUint16(entry, true)
    if (fields + 17 > directoryEnd) return
    const length = view.getUint32(fields + 9, true)
    if (at + length > bytes.length) return
    const crc = crc32c(bytes.subarray(at, at + length))
    if (bytes[fields] === 0) view.setUint32(fields + 5, crc, true)
    view.setUint32(fields + 13, crc, true)
    at += length
    entry = fields + 17
  }
}

/** Whether it is read. @throws What is no typed error. */
function isWhole(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof EventfluxError && error.code === 'CHECKPOINT_INVALID') return false
    throw error
  }
}

/** Watches what reading takes and how it ends. */
class Watch {
  readonly #allocations = new AllocationCounter()
  #inputs = 0
  #read = 0
  #longestMs = 0
  #mostAllocated = 0

  /** Whether it was read. */
  read(bytes: Uint8Array, available: number, read: () => unknown): boolean {
    this.#inputs++
    this.#allocations.start()
    let isRead = false
    let tookMs = Number.POSITIVE_INFINITY
    try {
      // Another process may have had its turn meanwhile: what takes long does so again.
      for (let left = TRIES; tookMs > LONGEST_MS && left > 0; left--) {
        this.#allocations.bytes = 0
        const startMs = performance.now()
        isRead = isWhole(read)
        tookMs = performance.now() - startMs
      }
    } finally {
      this.#allocations.stop()
    }
    if (isRead) this.#read++
    this.#longestMs = Math.max(this.#longestMs, tookMs)
    // A message or a name is a few bytes, whatever the input.
    this.#mostAllocated = Math.max(this.#mostAllocated, this.#allocations.bytes / Math.max(available, 64))
    const hex = (): string => Buffer.from(bytes.subarray(0, 1_000)).toString('hex')
    if (this.#mostAllocated > MOST_ALLOCATED)
      throw new Error(`had ${this.#allocations.bytes} bytes allocated: ${hex()}`)
    if (tookMs > LONGEST_MS) throw new Error(`took ${tookMs} ms: ${hex()}`)
    return isRead
  }

  get report(): FuzzReport {
    return {
      inputs: this.#inputs,
      read: this.#read,
      refused: this.#inputs - this.#read,
      longestMs: this.#longestMs,
      mostAllocated: this.#mostAllocated,
    }
  }
}
