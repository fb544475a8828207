import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyChanges, changesSteps } from '../../src/checkpoint/section-changes.ts'
import { allSteps } from '../../src/checkpoint/steps.ts'
import { EventfluxError } from '../../src/errors.ts'

const changesOf = (before: Uint8Array, after: Uint8Array) => allSteps(changesSteps(before, after))

describe('changes to a section', () => {
  it('make it what it became, whatever was done to it', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(200), insert: fc.uint8Array({ maxLength: 200 }) })
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2_000 }),
        fc.array(edit, { maxLength: 8 }),
        fc.nat(4),
        (start, edits, repeat) => {
          let before = start
          for (let i = 0; i < repeat; i++) before = Uint8Array.of(...before, ...before.subarray(0, 3_000))
          let after = before
          for (const { at, remove, insert } of edits) {
            const from = at % (after.length + 1)
            after = Uint8Array.of(...after.subarray(0, from), ...insert, ...after.subarray(from + remove))
          }
          const changes = changesOf(before, after)
          expect(Buffer.compare(applyChanges(before, changes, after.length), after)).toBe(0)
          expect(changes.length).toBeLessThan(after.length + 64)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are few where little changed, moved along or was dropped', () => {
    let seed = 7
    const random = () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return seed / 2 ** 32
    }
    const before = new Uint8Array(200_000).map(() => random() * 256)
    expect(changesOf(before, before).length).toBeLessThan(10)
    const shifted = Buffer.concat([before.subarray(50_000), before.subarray(0, 1_000)])
    expect(changesOf(before, shifted).length).toBeLessThan(1_050)
    const touched = before.slice()
    for (let i = 0; i < 100; i++) touched[Math.floor(random() * touched.length)]! ^= 255
    expect(changesOf(before, touched).length).toBeLessThan(100 * 8)
    expect(changesOf(before, new Uint8Array(0)).length).toBeLessThan(10)
    expect(changesOf(new Uint8Array(0), before).length).toBeLessThan(before.length + 10)
  })

  it('of any other bytes make something or one typed error, and no more than there is', () => {
    const before = new Uint8Array(500).map((_, i) => i)
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(0, 1, 40, 500, 501, 2 ** 31, 2 ** 32 - 1),
        (changes, length) => {
          try {
            expect(applyChanges(before, changes, length).length).toBe(length)
          } catch (error) {
            expect(error).toBeInstanceOf(EventfluxError)
            expect((error as EventfluxError).code).toBe('CHECKPOINT_INVALID')
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
