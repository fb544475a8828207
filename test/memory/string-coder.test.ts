import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Dictionary } from '../../src/memory/dictionary.ts'
import { RowFault } from '../../src/memory/row-fault.ts'
import { StringCoder } from '../../src/memory/string-coder.ts'

/** Few letters and short texts: many that look alike, some that are empty, and many at the same slot. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\u{1f600}', '\0'), maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('x', 'y'), minLength: 4, maxLength: 9 }).map(middle => `k${middle}end`),
)

describe('a coder of strings', () => {
  it('gives the codes its dictionary has, also for strings that end and begin alike', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 300 }), texts => {
        const dictionary = new Dictionary({ maxCodes: 100_000 })
        const coder = new StringCoder(dictionary, new RowFault([], 1_000))
        const codes = texts.map(each => coder.code(each))
        const first = new Map<string, number>()
        texts.forEach((each, i) => {
          if (!first.has(each)) first.set(each, codes[i]!)
          expect(codes[i]).toBe(first.get(each))
          expect(dictionary.decode(codes[i]!)).toBe(each)
        })
        expect(new Set(first.values()).size).toBe(first.size)
      }),
    )
  })

  it('forgets what a sweep took back: the code may be another string by then', () => {
    const dictionary = new Dictionary({ maxCodes: 64, initialCodes: 4 })
    const coder = new StringCoder(dictionary, new RowFault([], 1_000))
    const alive = new Set<number>()
    dictionary.addOwner(mark => alive.forEach(mark))
    for (let round = 0; round < 200; round++) {
      const name = `name-${round % 20}`
      const code = coder.code(name)
      alive.clear()
      alive.add(code)
      expect(dictionary.decode(code)).toBe(name)
    }
  })
})
