import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EnginePair } from './engine-pair.ts'

const pair = new EnginePair()
const INPUTS = 3
const watermark = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(-Infinity, Infinity))

it('mergeWatermarks follows the input that is furthest behind, and never goes back', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.nat(4),
          fc.nat(INPUTS - 1),
          fc.array(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(Number.NaN)), { maxLength: 8 }),
        ),
        { maxLength: 6 },
      ),
      fc.array(watermark, { minLength: INPUTS, maxLength: INPUTS }),
      fc.subarray([0, 1, 2]),
      fc.oneof(fc.integer({ min: -60, max: 60 }), fc.constant(-Infinity)),
      fc.nat(10),
      (given, owns, away, before, behind) => {
        pair.reset()
        const own = [...owns]
        const held = own.map((value, i) => (away.includes(i) ? Infinity : value))
        const [runs, levels, wanted]: [number[], number[], number[]] = [[], [], []]
        const [ownAt, heldAt] = [pair.put(Float64Array.from(own)), pair.put(Float64Array.from(held))]
        let merged = before
        for (const [hidden, input, rows] of given) {
          for (let i = 0; i < hidden; i++) {
            levels.push(1_000)
            wanted.push(merged)
          }
          runs.push(levels.length, levels.length + rows.length, input)
          held[input] = own[input]!
          for (const level of rows) {
            levels.push(level)
            if (level - behind > own[input]!) own[input] = level - behind
            held[input] = own[input]!
            const least = Math.min(...held)
            if (least !== Infinity) merged = Math.max(merged, least)
            wanted.push(merged)
          }
        }
        const out = pair.room(levels.length * 8)
        const levelsAt = pair.put(Float64Array.from(levels))
        const runsAt = pair.put(Uint32Array.from(runs))
        const after = pair.call(
          'mergeWatermarks',
          levelsAt,
          behind,
          runsAt,
          given.length,
          ownAt,
          heldAt,
          INPUTS,
          before,
          out,
        )
        expect(after).toBe(merged)
        expect(pair.f64(out, levels.length)).toEqual(wanted)
        expect(pair.f64(ownAt, INPUTS)).toEqual(own)
        expect(pair.f64(heldAt, INPUTS)).toEqual(held)
      },
    ),
  )
})
