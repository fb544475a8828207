import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StateReader } from '../../../src/checkpoint/state-reader.ts'
import { StateWriter } from '../../../src/checkpoint/state-writer.ts'
import { IdRuns } from '../../../src/operators/window/id-runs.ts'

/** Dense ones, sparse ones and stretches of them, in any order. */
const someIds = fc
  .oneof(
    fc.uniqueArray(fc.nat(40)),
    fc.uniqueArray(fc.nat(5_000_000), { maxLength: 20 }),
    fc
      .tuple(fc.nat(1_000), fc.nat(300), fc.uniqueArray(fc.nat(300)))
      .map(([first, length, without]) =>
        [...Array(length).keys()].filter(i => !without.includes(i)).map(i => first + i),
      ),
  )
  .chain(ids => fc.shuffledSubarray(ids, { minLength: ids.length }))

const written = (ids: readonly number[]): Uint8Array => {
  const writer = new StateWriter()
  IdRuns.ofIds(Uint32Array.from(ids))!.write(writer)
  return writer.finish()
}

const read = (runs: readonly number[], idLimit: number, leastBytes = 0): IdRuns => {
  const writer = new StateWriter()
  writer.u32(runs.length / 2)
  writer.words(Uint32Array.from(runs), 0, runs.length)
  return IdRuns.read(new StateReader(writer.finish()), idLimit, leastBytes)
}

const listed = (runs: IdRuns): number[] => {
  const ids: number[] = []
  runs.eachId(id => ids.push(id))
  return ids
}

describe('ids as runs', () => {
  it('are the ids in ascending order, however they are found', () => {
    fc.assert(
      fc.property(someIds, ids => {
        const sorted = [...ids].sort((a, b) => a - b)
        const runs = IdRuns.ofIds(Uint32Array.from(ids))!
        expect(listed(runs)).toEqual(sorted)
        expect([runs.count, runs.limit]).toEqual([sorted.length, (sorted.at(-1) ?? -1) + 1])
        const marks = new Uint8Array(runs.limit + 3)
        for (const id of ids) marks[id] = 1
        expect(listed(IdRuns.ofMarks(marks))).toEqual(sorted)
        expect(listed(IdRuns.read(new StateReader(written(ids)), runs.limit, 0))).toEqual(sorted)
      }),
    )
  })

  it('take what belongs to each id along', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(400)), fc.integer({ min: 1, max: 70 }), (ids, words) => {
        const source = Uint32Array.from({ length: 401 * words + 1 }, (_, i) => i)
        const runs = IdRuns.ofIds(Uint32Array.from(ids))!
        const writer = new StateWriter()
        runs.writeWords(writer, source, 1, words)
        const target = new Uint32Array(source.length)
        runs.readWords(new StateReader(writer.finish()), target, 1, words)
        for (const [i, word] of target.entries())
          expect(word).toBe(i > 0 && ids.includes(Math.floor((i - 1) / words)) ? i : 0)
      }),
      { numRuns: 20 },
    )
  })

  it('are none when one is there twice', () => {
    for (const ids of [
      [3, 3],
      [5, 1, 5],
      [1, 900_000, 1],
      [0, 0],
    ])
      expect(IdRuns.ofIds(Uint32Array.from(ids))).toBeUndefined()
  })

  it.each([
    ['overlap', [3, 4, 6, 1]],
    ['descend', [9, 1, 3, 1]],
    ['touch', [3, 4, 7, 1]],
    ['are empty', [3, 0]],
    ['reach beyond the ids there are', [8, 3]],
    ['reach beyond all numbers', [2 ** 32 - 1, 2 ** 32 - 1]],
  ])('are refused when they %s', (_, runs) => {
    expect(() => read(runs, 10)).toThrow(/an id|ids/)
  })

  it('are refused when nothing can belong to so many', () => {
    expect(() => read([0, 2 ** 32 - 1], 2 ** 32, 4)).toThrow('bytes are left')
  })
})
