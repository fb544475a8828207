import { describe, expect, it } from 'vitest'
import { Differential, forManyRuns } from './differential.ts'

const lab = new Differential()

describe('taking the selected rows', () => {
  it('elements of 1, 4 and 8 bytes arrive as they were, NaN payloads included', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const rows = random.selection(n)
      const m = rows.length
      const bytes = random.many(n, () => random.below(256))
      const words = random.many(n, () => random.u32())
      const longs = random.many(n, () => BigInt.asIntN(64, (BigInt(random.u32()) << 32n) | BigInt(random.u32())))
      const sel = lab.u32(rows)
      const out1 = lab.output('bytes', m, 1)
      lab.call('take1', lab.u8(bytes), sel, m, out1)
      expect(lab.readU8(out1, m)).toEqual(rows.map(row => bytes[row]))
      const out4 = lab.output('bytes', m * 4, 4)
      lab.call('take4', lab.u32(words), sel, m, out4)
      expect(lab.readU32(out4, m)).toEqual(rows.map(row => words[row]))
      const out8 = lab.output('bytes', m * 8, 8)
      lab.call('take8', lab.i64(longs), sel, m, out8)
      expect(lab.readI64(out8, m)).toEqual(rows.map(row => longs[row]))
    })
  })

  it('bits are packed again', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const rows = random.selection(n)
      const values = random.bits(n)
      const out = lab.bitsOutput(rows.length)
      lab.call('takeBits', lab.bits(values), lab.u32(rows), rows.length, out)
      expect(lab.readBits(out, rows.length)).toEqual(rows.map(row => values[row]))
    })
  })
})
