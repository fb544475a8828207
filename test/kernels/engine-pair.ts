import { expect } from 'vitest'
import { createEngineSync } from '../../src/kernels/engine.ts'
import type { KernelExports, KernelName } from '../../src/wasm/exports.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'

const BYTES = 4 * 65_536
const GUARD = 64
const GUARD_BYTE = 0xa5

type Arguments<Name extends KernelName> = Parameters<KernelExports[Name]>
type Elements = Uint8Array | Uint32Array | Int32Array | Float32Array | Float64Array | BigInt64Array

/**
 * Both engines over memories of equal content, for kernels that build on what earlier calls left behind: tables,
 * slices, records. Every call runs on both; what it returns and every byte of memory must be equal afterwards (NaNs are
 * equal to NaNs). Between the ranges handed out stand guards that no kernel may touch.
 */
export class EnginePair {
  readonly #wasmEngine = createEngineSync({ engine: 'wasm', initialBytes: BYTES, maxBytes: BYTES, module: kernels })
  readonly #jsEngine = createEngineSync({ engine: 'js', initialBytes: BYTES, maxBytes: BYTES })
  readonly #wasm = this.#wasmEngine.memory
  readonly #js = this.#jsEngine.memory
  readonly #guards: number[] = []
  #top = GUARD

  /** Forgets every range. */
  reset(): void {
    this.#wasm.u8.fill(0)
    this.#js.u8.fill(0)
    this.#guards.length = 0
    this.#top = GUARD
  }

  /** A range of zeros, with a guard behind it. */
  room(bytes: number): number {
    const address = this.#top
    const guard = address + bytes
    const end = ((guard + GUARD + 15) >>> 4) << 4
    if (end > BYTES) throw new Error(`the test needs more than ${BYTES} bytes`)
    this.#guards.push(guard)
    for (const { u8 } of [this.#wasm, this.#js]) u8.fill(GUARD_BYTE, guard, guard + GUARD)
    this.#top = end
    return address
  }

  put(elements: Elements): number {
    const address = this.room(elements.byteLength)
    this.set(address, elements)
    return address
  }

  set(address: number, elements: Elements): void {
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)
    for (const { u8 } of [this.#wasm, this.#js]) u8.set(bytes, address)
  }

  /** Bit i of the bitmap is set where values[i] is not null; 0 when `values` is undefined. */
  putValidity(values: readonly boolean[] | undefined): number {
    if (!values) return 0
    const bits = new Uint8Array((values.length + 7) >>> 3)
    values.forEach((isThere, i) => {
      if (isThere) bits[i >>> 3]! |= 1 << (i & 7)
    })
    return this.put(bits)
  }

  /** A selection, or 0 for none. */
  putSelection(rows: readonly number[] | undefined): number {
    return rows ? this.put(Uint32Array.from(rows)) : 0
  }

  u8(address: number, length: number): number[] {
    return [...this.#wasm.u8.subarray(address, address + length)]
  }

  u32(address: number, length: number): number[] {
    return [...this.#wasm.u32.subarray(address >>> 2, (address >>> 2) + length)]
  }

  i32(address: number, length: number): number[] {
    return [...this.#wasm.i32.subarray(address >>> 2, (address >>> 2) + length)]
  }

  f32(address: number, length: number): number[] {
    return [...this.#wasm.f32.subarray(address >>> 2, (address >>> 2) + length)]
  }

  f64(address: number, length: number): number[] {
    return [...this.#wasm.f64.subarray(address >>> 3, (address >>> 3) + length)]
  }

  i64(address: number, length: number): bigint[] {
    return [...this.#wasm.i64.subarray(address >>> 3, (address >>> 3) + length)]
  }

  bits(address: number, length: number): boolean[] {
    return Array.from({ length }, (_, i) => ((this.#wasm.u8[address + (i >>> 3)]! >>> (i & 7)) & 1) === 1)
  }

  call<Name extends KernelName>(name: Name, ...args: Arguments<Name>): ReturnType<KernelExports[Name]> {
    type Kernel = (...given: Arguments<Name>) => ReturnType<KernelExports[Name]>
    const result = (this.#wasmEngine.kernels[name] as unknown as Kernel)(...args)
    const twin = (this.#jsEngine.kernels[name] as unknown as Kernel)(...args)
    expect(twin, `${name} returns the same on both engines`).toBe(result)
    this.#expectEqualMemories(name)
    return result
  }

  #expectEqualMemories(name: string): void {
    const { u32, f64 } = this.#wasm
    const other = this.#js
    for (let i = 0; i < u32.length; i++) {
      if (u32[i] === other.u32[i] || (Number.isNaN(f64[i >>> 1]) && Number.isNaN(other.f64[i >>> 1]))) continue
      expect.fail(`after ${name}, address ${i * 4}: wasm ${u32[i]} (${f64[i >>> 1]}), js ${other.u32[i]}`)
    }
    for (const guard of this.#guards) {
      for (let at = guard; at < guard + GUARD; at++) {
        if (this.#wasm.u8[at] !== GUARD_BYTE) expect.fail(`${name} wrote past a range, at ${at}`)
      }
    }
  }
}
