import { describe, expect, it } from 'vitest'
import { Differential, forManyRuns } from './differential.ts'

const lab = new Differential()

describe('choosing between two columns', () => {
  it('elements of 1, 4 and 8 bytes come from the side the mask says, in place too', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const set = random.bits(n)
      const chosen = <T>(left: T[], right: T[]) => set.map((first, i) => (first ? left : right)[i]!)
      const mask = lab.mask(set)

      const bytes = () => random.many(n, () => random.below(256))
      const [a1, b1] = [bytes(), bytes()]
      const out1 = lab.output('bytes', n, 1)
      lab.call('choose1', mask, lab.u8(a1), lab.u8(b1), n, out1)
      expect(lab.readU8(out1, n)).toEqual(chosen(a1, b1))

      const words = () => random.many(n, () => random.u32())
      const [a4, b4] = [words(), words()]
      const right = lab.u32(b4)
      const out4 = random.chance(0.3) ? lab.writable('bytes', right, n * 4) : lab.output('bytes', n * 4, 4)
      lab.call('choose4', mask, lab.u32(a4), right, n, out4)
      expect(lab.readU32(out4, n)).toEqual(chosen(a4, b4))

      const longs = () => random.many(n, () => random.i64())
      const [a8, b8] = [longs(), longs()]
      const left = lab.i64(a8)
      const out8 = random.chance(0.3) ? lab.writable('bytes', left, n * 8) : lab.output('bytes', n * 8, 8)
      lab.call('choose8', mask, left, lab.i64(b8), n, out8)
      expect(lab.readI64(out8, n)).toEqual(chosen(a8, b8))
    })
  })

  it('bits come from the bitmap the mask says', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const set = random.bits(n)
      const left = random.bits(n)
      const right = random.bits(n)
      const out = lab.bitsOutput(n)
      lab.call('chooseBits', lab.mask(set), lab.bits(left), lab.bits(right), n, out)
      expect(lab.readBits(out, n)).toEqual(set.map((first, i) => (first ? left : right)[i]))
    })
  })
})
