import { createEngineSync } from '../../src/kernels/engine.ts'
import type { LinearMemory } from '../../src/memory/linear-memory.ts'
import type { KernelExports } from '../../src/wasm/exports.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'
import { bennySuite, type SuiteCase } from './benny-suite.ts'
import { check } from './check.ts'
import { group } from './group.ts'
import { seededRandom } from './random.ts'

/** Rows a kernel is called with: what a batch of a pipeline has. */
export const ROWS = 4_096

/** One kernel call over memory that is laid out already. */
export interface KernelCase {
  readonly name: string
  readonly call: (kernels: KernelExports) => unknown
  /** Where its results stand: address and length in bytes. */
  readonly results: readonly (readonly [address: number, bytes: number])[]
  /** Rows of the call; `ROWS` without it. */
  readonly rows?: number
}

/** A layout of test data, made alike in both engines' memories. */
export class Layout {
  readonly memory: LinearMemory
  readonly random = seededRandom(4_096)
  #next = 64

  constructor(memory: LinearMemory) {
    this.memory = memory
  }

  /** Room of its own, on a cache line. */
  room(bytes: number): number {
    const address = this.#next
    this.#next = (address + bytes + 63) & ~63
    this.memory.ensure(this.#next)
    return address
  }

  f64(rows: number, value: (i: number) => number): number {
    const address = this.room(rows * 8)
    for (let i = 0; i < rows; i++) this.memory.f64[(address >>> 3) + i] = value(i)
    return address
  }

  i32(rows: number, value: (i: number) => number): number {
    const address = this.room(rows * 4)
    for (let i = 0; i < rows; i++) this.memory.i32[(address >>> 2) + i] = value(i)
    return address
  }

  bytes(count: number, value: (i: number) => number): number {
    const address = this.room(count)
    for (let i = 0; i < count; i++) this.memory.u8[address + i] = value(i)
    return address
  }

  /** About three of four rows, ascending; how many is `count`. */
  selection(rows: number): { readonly address: number; readonly count: number } {
    const kept: number[] = []
    for (let i = 0; i < rows; i++) if (this.random() > 0.25) kept.push(i)
    return { address: this.i32(kept.length, i => kept[i]!), count: kept.length }
  }
}

/**
 * Declares a group that runs kernels in AssemblyScript against their plain-TypeScript twins. The twins are written to be
 * read: the ratio says what the binary is worth, not how fast JavaScript can be.
 */
export function kernelGroup(name: string, make: (layout: Layout) => readonly KernelCase[]): void {
  group(name, `kernels over ${ROWS} rows, WebAssembly against the plain-TypeScript twin`, async ({ quick, record }) => {
    const engines = (['js', 'wasm'] as const).map(engine =>
      createEngineSync({ engine, maxBytes: 2 ** 26, module: kernels }),
    )
    const [js, wasm] = engines.map(engine => ({ engine, cases: make(new Layout(engine.memory)) }))
    for (const [i, one] of wasm!.cases.entries()) {
      checkSameBytes(
        one,
        [js!, wasm!].map(({ engine, cases }) => {
          const answer = cases[i]!.call(engine.kernels)
          const bytes = one.results.map(([address, length]) => engine.memory.u8.slice(address, address + length))
          return { answer, bytes }
        }),
      )
    }
    for (const [i, { name: kernel, rows = ROWS }] of wasm!.cases.entries()) {
      const baseline = `${kernel} (js)`
      const pair: SuiteCase[] = [
        { name: baseline, run: () => js!.cases[i]!.call(js!.engine.kernels) },
        { name: kernel, run: () => wasm!.cases[i]!.call(wasm!.engine.kernels), baseline },
      ]
      record(await bennySuite(kernel, pair, { amount: rows / 1e6, unit: 'M rows/s', quick }))
    }
  })
}

function checkSameBytes(
  { name }: KernelCase,
  runs: readonly { answer: unknown; bytes: readonly Uint8Array[] }[],
): void {
  const [js, wasm] = runs
  check(js!.answer === wasm!.answer, `${name} answers ${wasm!.answer}, its twin ${js!.answer}`)
  for (const [i, bytes] of wasm!.bytes.entries()) {
    check(
      bytes.some(byte => byte !== 0),
      `${name} wrote nothing`,
    )
    check(Buffer.compare(bytes, js!.bytes[i]!) === 0, `${name} and its twin differ in result ${i}`)
  }
}
