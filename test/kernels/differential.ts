import fc from 'fast-check'
import { createEngineSync, type Engine } from '../../src/kernels/engine.ts'
import type { KernelName } from '../../src/wasm/exports.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'
import { Random } from './random.ts'

/**
 * How the bytes of an output are compared: as they are; as floats whose NaNs are all one; or as a list of u32 of which
 * only as many count as the kernel returned.
 */
export type OutputKind = 'bytes' | 'f64' | 'f32' | 'selection'

interface Output {
  readonly address: number
  readonly bytes: number
  readonly kind: OutputKind
}

const MEMORY_BYTES = 256 * 1024
/** Address 0 means "none", so nothing stands there. */
const FIRST_ADDRESS = 64
const GAP_BYTES = 32

const NOISE = new Uint8Array(MEMORY_BYTES)
const noiseSource = new Random(20_240_229)
for (let i = 0; i < MEMORY_BYTES; i++) NOISE[i] = noiseSource.u32()

/**
 * Runs a kernel on the wasm engine and on its plain-TypeScript twin over identical memories and holds them against each
 * other: return values, every byte of the outputs, and every byte around them, which must not have changed at all.
 */
export class Differential {
  readonly wasm: Engine = createEngineSync({
    engine: 'wasm',
    initialBytes: MEMORY_BYTES,
    maxBytes: MEMORY_BYTES,
    module: kernels,
  })
  readonly js: Engine = createEngineSync({ engine: 'js', initialBytes: MEMORY_BYTES, maxBytes: MEMORY_BYTES })
  random = new Random(0)
  #end = FIRST_ADDRESS
  #outputs: Output[] = []

  /** Forgets all buffers and fills both memories with the same noise, so that every gap is a canary. */
  begin(seed: number): Random {
    this.random = new Random(seed)
    this.#end = FIRST_ADDRESS
    this.#outputs = []
    this.wasm.memory.u8.set(NOISE)
    this.js.memory.u8.set(NOISE)
    return this.random
  }

  /** Room for `bytes` at an address aligned to `align` and otherwise random, with canaries before and after. */
  room(bytes: number, align: number): number {
    const start = this.#end + GAP_BYTES
    const address = Math.ceil(start / align) * align + this.random.below(8) * align
    this.#end = address + bytes
    if (this.#end + GAP_BYTES > MEMORY_BYTES) throw new Error('the buffers of this test do not fit its memory')
    return address
  }

  /** Places bytes in both memories; returns their address. */
  place(values: ArrayBufferView, align: number): number {
    const address = this.room(values.byteLength, align)
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.wasm.memory.u8.set(bytes, address)
    this.js.memory.u8.set(bytes, address)
    return address
  }

  f64(values: readonly number[]): number {
    return this.place(new Float64Array(values), 8)
  }

  i64(values: readonly bigint[]): number {
    return this.place(new BigInt64Array(values), 8)
  }

  i32(values: readonly number[]): number {
    return this.place(new Int32Array(values), 4)
  }

  u32(values: readonly number[]): number {
    return this.place(new Uint32Array(values), 4)
  }

  f32(values: readonly number[]): number {
    return this.place(new Float32Array(values), 4)
  }

  u8(values: readonly number[]): number {
    return this.place(new Uint8Array(values), 1)
  }

  mask(values: readonly boolean[]): number {
    return this.u8(values.map(Number))
  }

  /** A bitmap; the spare bits of its last byte are noise. */
  bits(values: readonly boolean[]): number {
    const bytes = new Uint8Array(bitmapBytes(values.length))
    if (values.length % 8 !== 0) bytes[bytes.length - 1] = this.random.u32() << (values.length % 8)
    values.forEach((value, i) => {
      if (value) bytes[i >> 3]! |= 1 << (i & 7)
    })
    return this.place(bytes, 1)
  }

  /** A buffer the kernel may write. */
  output(kind: OutputKind, bytes: number, align: number): number {
    return this.writable(kind, this.room(bytes, align), bytes)
  }

  /** Lets the kernel write over what was placed. */
  writable(kind: OutputKind, address: number, bytes: number): number {
    this.#outputs.push({ address, bytes, kind })
    return address
  }

  bitsOutput(rows: number): number {
    return this.output('bytes', bitmapBytes(rows), 1)
  }

  /** Calls the kernel on both engines, compares, and returns its result. The outputs can then be read from `wasm`. */
  call(name: KernelName, ...args: (number | bigint)[]): number {
    const before = this.wasm.memory.u8.slice()
    const fromWasm = kernelOf(this.wasm, name)(...args)
    const fromJs = kernelOf(this.js, name)(...args)
    if (!Object.is(fromWasm, fromJs)) throw new Error(`${name} returns ${fromWasm} from wasm and ${fromJs} from js`)
    this.#checkSurroundings(name, before)
    for (const output of this.#outputs) this.#checkOutput(name, output, fromWasm ?? 0)
    return fromWasm ?? 0
  }

  readF64(address: number, length: number): number[] {
    return [...this.wasm.memory.f64.subarray(address >>> 3, (address >>> 3) + length)]
  }

  readF32(address: number, length: number): number[] {
    return [...this.wasm.memory.f32.subarray(address >>> 2, (address >>> 2) + length)]
  }

  readI64(address: number, length: number): bigint[] {
    return [...this.wasm.memory.i64.subarray(address >>> 3, (address >>> 3) + length)]
  }

  readI32(address: number, length: number): number[] {
    return [...this.wasm.memory.i32.subarray(address >>> 2, (address >>> 2) + length)]
  }

  readU32(address: number, length: number): number[] {
    return [...this.wasm.memory.u32.subarray(address >>> 2, (address >>> 2) + length)]
  }

  readU8(address: number, length: number): number[] {
    return [...this.wasm.memory.u8.subarray(address, address + length)]
  }

  readMask(address: number, length: number): boolean[] {
    return this.readU8(address, length).map(byte => {
      if (byte > 1) throw new Error(`a mask byte is ${byte}`)
      return byte === 1
    })
  }

  /** The bits of a bitmap that was written; its spare bits must be 0. */
  readBits(address: number, length: number): boolean[] {
    const bit = (i: number) => ((this.wasm.memory.u8[address + (i >> 3)]! >> (i & 7)) & 1) === 1
    for (let i = length; i < bitmapBytes(length) * 8; i++)
      if (bit(i)) throw new Error(`spare bit ${i} of ${length} is 1`)
    return Array.from({ length }, (_, i) => bit(i))
  }

  #checkSurroundings(name: KernelName, before: Uint8Array): void {
    const outputs = this.#outputs.toSorted((left, right) => left.address - right.address)
    let from = 0
    for (const { address, bytes } of [...outputs, { address: MEMORY_BYTES, bytes: 0 }]) {
      for (const engine of [this.wasm, this.js]) {
        const at = firstDifference(engine.memory.u8, before, from, address)
        if (at >= 0) throw new Error(`${name} of the ${engine.name} engine wrote outside its outputs, at ${at}`)
      }
      from = Math.max(from, address + bytes)
    }
  }

  #checkOutput(name: KernelName, { address, bytes, kind }: Output, result: number): void {
    const end = address + (kind === 'selection' ? result * 4 : bytes)
    if (kind === 'f64' || kind === 'f32') for (const engine of [this.wasm, this.js]) oneNaN(engine, kind, address, end)
    const at = firstDifference(this.wasm.memory.u8, this.js.memory.u8, address, end)
    if (at >= 0) throw new Error(`${name} differs between the engines, at byte ${at - address} of an output`)
    // What a selection holds beyond its end isn't specified: make it the same again.
    this.js.memory.u8.set(this.wasm.memory.u8.subarray(address, address + bytes), address)
  }
}

/** Runs `check` for fixed numbers of seeds and of row counts: small ones, those around a vector's and a batch's width. */
export function forManyRuns(check: (seed: number, rows: number) => void, runs = 60): void {
  const rows = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 4090, max: 4100 }) },
  )
  fc.assert(fc.property(fc.integer(), rows, check), { numRuns: runs, seed: 42 })
}

/** Bytes of a bitmap of so many rows. */
export function bitmapBytes(rows: number): number {
  return (rows + 7) >>> 3
}

function kernelOf(engine: Engine, name: KernelName): (...args: (number | bigint)[]) => number | undefined {
  return engine.kernels[name] as unknown as (...args: (number | bigint)[]) => number | undefined
}

function firstDifference(left: Uint8Array, right: Uint8Array, from: number, to: number): number {
  if (from >= to || Buffer.compare(left.subarray(from, to), right.subarray(from, to)) === 0) return -1
  let at = from
  while (left[at] === right[at]) at++
  return at
}

function oneNaN({ memory }: Engine, kind: 'f64' | 'f32', from: number, to: number): void {
  const values = kind === 'f64' ? memory.f64 : memory.f32
  const size = values.BYTES_PER_ELEMENT
  for (let i = from / size; i < to / size; i++) if (Number.isNaN(values[i]!)) values[i] = Number.NaN
}
