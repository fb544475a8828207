import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyIndex } from '../../../src/operators/window/key-index.ts'
import { keyIndexFor } from '../../../src/operators/window/key-index-for.ts'
import { BatchFixture, ENGINES, type EngineName } from '../batch-fixture.ts'

const BATCH = 512
const MAX_KEYS = 100_000
type KeyType = 'i32' | 'f64'

/** Keys of which those are alive that came within the last generations: ids are checked against a map of them. */
class Generations {
  readonly #fixture: BatchFixture
  readonly #keys: KeyIndex
  readonly #alive: Map<number, number>[] = [new Map()]
  readonly #kept: number

  constructor(engine: EngineName, type: KeyType, kept: number) {
    this.#kept = kept
    this.#fixture = new BatchFixture(engine, { key: type }, BATCH)
    const { context, columns } = this.#fixture
    this.#keys = keyIndexFor(context, [{ ...columns[0]!, column: 0 }], {
      maxKeys: MAX_KEYS,
      liveIds: mark => {
        for (const generation of this.#alive) for (const id of generation.values()) mark(id)
      },
    })
  }

  /** Keys come that are of a new generation. The greatest of their ids. */
  next(keys: readonly number[]): number {
    this.#alive.push(new Map())
    while (this.#alive.length > this.#kept) this.#alive.shift()
    let greatest = -1
    for (let at = 0; at < keys.length; at += BATCH) {
      const batch = keys.slice(at, at + BATCH)
      const ids = this.#keys.assign(this.#fixture.write(batch.map(key => ({ key }))))
      const { u32 } = this.#fixture.memory
      for (const [row, key] of batch.entries()) {
        const id = u32[(ids >>> 2) + row]!
        const known = this.#alive.flatMap(generation => generation.get(key) ?? [])
        if (known.some(each => each !== id)) throw new Error(`the key ${key} has the id ${id} and had ${known[0]}`)
        for (const generation of this.#alive)
          for (const [other, its] of generation)
            if (its === id && other !== key) throw new Error(`the id ${id} is of ${key} and of ${other}`)
        this.#alive.at(-1)!.set(key, id)
        greatest = Math.max(greatest, id)
      }
    }
    return greatest
  }

  get idLimit(): number {
    return this.#keys.idLimit
  }
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

describe.each(ENGINES)('the table of keys (%s)', engine => {
  it.each(['i32', 'f64'] as const)('gives each live key an id of its own, which it keeps: %s', type => {
    const key = fc.integer({ min: -50, max: 4_000 }).map(n => n * 40)
    const generations = fc.array(fc.array(key, { minLength: 1, maxLength: 700, size: 'max' }), { maxLength: 8 })
    fc.assert(
      fc.property(generations, fc.integer({ min: 1, max: 3 }), (all, kept) => {
        const keys = new Generations(engine, type, kept)
        for (const each of all) keys.next(each)
      }),
      { numRuns: 12 },
    )
  })

  it.each(['i32', 'f64'] as const)('hands the least ids out again where keys come and go: %s', type => {
    const keys = new Generations(engine, type, 2)
    let greatest = keys.next(range(0, 8_000))
    expect(greatest).toBe(7_999)
    // From here on two hundred come at a time, and four hundred are alive.
    for (let from = 100_000; from < 130_000; from += 200) greatest = keys.next(range(from, 200))
    expect(greatest).toBeLessThan(2_048)
    expect(keys.idLimit).toBeLessThan(2_048)
  })

  it('has room for all keys it may have once they are all alive', () => {
    const keys = new Generations(engine, 'f64', Number.POSITIVE_INFINITY)
    expect(keys.next(range(0, 3_000))).toBe(2_999)
    expect(keys.next(range(1_000, 3_000))).toBe(3_999)
  })
})
