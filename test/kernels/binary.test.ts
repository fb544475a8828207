import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import plain from '#wasm/plain.wasm'
import shared from '#wasm/shared.wasm'
import { jsKernels } from '../../src/kernels/js-engine.ts'
import { LinearMemory } from '../../src/memory/linear-memory.ts'
import type { KernelExports, KernelName } from '../../src/wasm/exports.ts'
import { fromBase64 } from '../../src/wasm/from-base64.ts'

// Section and type codes of the WebAssembly binary format.
const IMPORT = 2
const GLOBAL = 6
const EXPORT = 7
const START = 8
const DATA = 11
const KIND_FUNCTION = 0
const KIND_MEMORY = 2
const HAS_MAXIMUM = 1
const IS_SHARED = 2

/** Reads a module's bytes from front to back. */
class Reader {
  at: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.at++]!
  }

  /** An unsigned LEB128 number. */
  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  text(): string {
    const length = this.number()
    this.at += length
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at))
  }
}

/** Where each section's content begins. */
function sectionsOf(bytes: Uint8Array): Map<number, Reader> {
  expect([...bytes.subarray(0, 8)]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const sections = new Map<number, Reader>()
  const reader = new Reader(bytes, 8)
  while (!reader.isAtEnd) {
    const id = reader.byte()
    const length = reader.number()
    sections.set(id, new Reader(bytes, reader.at))
    reader.at += length
  }
  expect(reader.at).toBe(bytes.length)
  return sections
}

/** Every kernel name: an object literal of this type compiles only when none is missing and none is made up. */
const twins: Record<KernelName, unknown> = jsKernels(new LinearMemory({ engine: 'js', maxBytes: 65_536 }))

describe.each([
  { name: 'plain', bytes: fromBase64(plain), flags: 0, maximum: undefined },
  { name: 'shared', bytes: fromBase64(shared), flags: HAS_MAXIMUM | IS_SHARED, maximum: 65_536 },
])('the $name binary', ({ name, bytes, flags, maximum }) => {
  const sections = sectionsOf(bytes)

  it('imports the memory and nothing else, and asks for at most the one page every memory begins with', () => {
    const imports = sections.get(IMPORT)!
    expect(imports.number()).toBe(1)
    expect(imports.text()).toBe('env')
    expect(imports.text()).toBe('memory')
    expect(imports.byte()).toBe(KIND_MEMORY)
    expect(imports.byte()).toBe(flags)
    expect(imports.number()).toBeLessThanOrEqual(1)
    if (maximum !== undefined) expect(imports.number()).toBe(maximum)
  })

  it('holds no data and runs nothing when it is instantiated', () => {
    // A data segment would be written again by every further instance over the same memory.
    expect(sections.has(DATA)).toBe(false)
    expect(sections.has(START)).toBe(false)
  })

  it('holds no state: no global at all', () => {
    expect(sections.get(GLOBAL)?.number() ?? 0).toBe(0)
  })

  it('exports exactly the kernels of the typed list, each a function', () => {
    const exported = sections.get(EXPORT)!
    const names: string[] = []
    for (let left = exported.number(); left > 0; left--) {
      names.push(exported.text())
      expect(exported.byte()).toBe(KIND_FUNCTION)
      exported.number()
    }
    expect(names.toSorted()).toEqual(Object.keys(twins).toSorted())
  })

  it('computes with SIMD: where it compiles, that is there', async () => {
    const text = await readFile(new URL(`../../build/${name}.wat`, import.meta.url), 'utf8')
    expect(text).toMatch(/\bv128\.store\b/)
    expect(text).toMatch(/\bf64x2\.mul\b/)
  })

  it('takes as many parameters as the twin', async () => {
    const memory = new WebAssembly.Memory({
      initial: 1,
      ...(maximum !== undefined && { maximum, shared: true }),
    })
    const { instance } = await WebAssembly.instantiate(bytes as BufferSource, { env: { memory } })
    const counts = (kernels: object) =>
      Object.fromEntries(Object.entries(kernels).map(([name, kernel]) => [name, kernel.length]))
    expect(counts(instance.exports)).toEqual(counts(twins as unknown as KernelExports))
  })
})
