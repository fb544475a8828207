import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EnginePair } from './engine-pair.ts'
import { greatest, least } from './extremes-model.ts'
import { Random } from './random.ts'

const pair = new EnginePair()

/** Where the fields of a record begin: behind its rows. */
const AT = 8

it('extremes and sums of f64 are right in long batches, whichever neighbours are of one record, zero or not a number', () => {
  const kernels = [
    ['accumulateSumF64', AT],
    ['accumulateMinF64', AT + 16],
    ['accumulateMaxF64', AT + 16],
    ['accumulateMinMaxF64', AT + 16],
    ['accumulateSumMinF64', AT, AT + 16],
    ['accumulateSumMaxF64', AT, AT + 16],
    ['accumulateSumMinMaxF64', AT, AT + 16],
  ] as const
  fc.assert(
    fc.property(fc.nat(), seed => {
      const random = new Random(seed)
      const count = random.pick([1, 3, 40, 200])
      const odd = random.pick([0, 0.002, 0.05, 0.5])
      const values = random.many(600 + random.below(900), () =>
        random.chance(odd) ? random.pick([0, -0, Number.NaN, 5e-324]) : random.below(2_000_001) / 4 - 250_000.125,
      )
      const of = values.map(() => random.below(count))
      const rows = random.chance(0.5) ? random.selection(values.length) : undefined
      const seen = rows ?? values.map((_, i) => i)
      for (const [name, ...at] of kernels) {
        pair.reset()
        const template = [0, ...(name.includes('Sum') ? [0, 0] : [-1, -1]), Number.NaN, Number.NaN, 0]
        const bytes = template.length * 8
        const records = pair.put(Float64Array.from(Array(count).fill(template).flat()))
        const addr = pair.put(Uint32Array.from(seen, i => records + of[i]! * bytes))
        const a = pair.put(Float64Array.from(values))
        pair.call(name, addr, pair.putSelection(rows), 0, seen.length, a, 0, ...(at as [number, number]))
        const mine = Array.from({ length: count }, (_, group) => seen.filter(i => of[i] === group).map(i => values[i]!))
        const fields = mine.map((_, group) => pair.f64(records + group * bytes + AT, 4))
        // Quarters below 2^53 add up exactly.
        if (name.includes('Sum'))
          expect(fields.map(([sum, carry]) => sum! + carry!)).toEqual(
            mine.map(all => all.reduce((total, value) => total + value, 0)),
          )
        if (name.includes('Min')) expect(fields.map(([, , low]) => low)).toEqual(mine.map(least))
        if (name.includes('Max'))
          expect(fields.map(([, , low, high]) => (name.includes('Min') ? high : low))).toEqual(mine.map(greatest))
      }
    }),
    { numRuns: 30 },
  )
})
