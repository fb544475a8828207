import { describe, expect, it } from 'vitest'
import { Differential, forManyRuns } from './differential.ts'

const lab = new Differential()

describe('looking codes up in a table', () => {
  it('elements of 1, 4 and 8 bytes, and bits, come from their code, repeated and in any order', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const size = 1 + random.below(50)
      const codes = random.many(n, () => random.below(size))
      const at = lab.i32(codes)
      const found = <T>(table: T[]) => codes.map(code => table[code]!)

      const bytes = random.many(size, () => random.below(256))
      const out1 = lab.output('bytes', n, 1)
      lab.call('lookup1', lab.u8(bytes), at, n, out1)
      expect(lab.readU8(out1, n)).toEqual(found(bytes))

      const words = random.many(size, () => random.u32())
      const out4 = lab.output('bytes', n * 4, 4)
      lab.call('lookup4', lab.u32(words), at, n, out4)
      expect(lab.readU32(out4, n)).toEqual(found(words))

      const longs = random.many(size, () => random.i64())
      const out8 = lab.output('bytes', n * 8, 8)
      lab.call('lookup8', lab.i64(longs), at, n, out8)
      expect(lab.readI64(out8, n)).toEqual(found(longs))

      const translated = random.many(size, () => (random.below(4) === 0 ? 0 : random.u32()))
      const known = codes.findIndex(code => code >= size - 1 || translated[code] === 0)
      const positions = lab.writable('bytes', lab.i32(codes), n * 4)
      const served = lab.call('translateCodes', positions, n, lab.u32(translated), size - 1)
      expect(served).toBe(known < 0 ? n : known)
      expect(lab.readU32(positions, n)).toEqual(
        codes.map((code, i) => (i < (served as number) ? translated[code]! : code)),
      )

      const bits = random.bits(size)
      const outBits = lab.bitsOutput(n)
      lab.call('lookupBits', lab.bits(bits), at, n, outBits)
      expect(lab.readBits(outBits, n)).toEqual(found(bits))
    })
  })

  it('positions below a length are moved on by a base, up to the first that is not', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const length = random.below(50)
      const base = 1 + random.below(1_000)
      // Mostly none is out of range, else the first is anywhere, with or without its upper bit.
      const given = random.many(n, () => random.below(Math.max(length, 1)))
      if (n > 0 && random.below(2) === 0) given[random.below(n)] = random.below(2) === 0 ? length : 0xffff_ffff
      const wrong = given.findIndex(position => position >= length)
      const positions = lab.writable('bytes', lab.i32(given), n * 4)
      const served = lab.call('shiftCodes', positions, n, length, base)
      expect(served).toBe(wrong < 0 ? n : wrong)
      expect(lab.readU32(positions, n)).toEqual(
        given.map((position, i) => (i < (served as number) ? position + base : position)),
      )
    })
  })
})
