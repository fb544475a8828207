import { describe, expect, it } from 'vitest'
import { Differential, forManyRuns } from './differential.ts'

const lab = new Differential()

describe('filling a column', () => {
  it('every row gets the value, in every element type', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const same = <T>(value: T): T[] => new Array(n).fill(value)

      const byte = random.below(2)
      const out1 = lab.output('bytes', n, 1)
      lab.call('fill1', out1, n, byte)
      expect(lab.readU8(out1, n)).toEqual(same(byte))

      const code = random.i32()
      const outI32 = lab.output('bytes', n * 4, 4)
      lab.call('fillI32', outI32, n, code)
      expect(lab.readI32(outI32, n)).toEqual(same(code))

      const wide = random.f64()
      const outF64 = lab.output('f64', n * 8, 8)
      lab.call('fillF64', outF64, n, wide)
      expect(lab.readF64(outF64, n)).toEqual(same(wide))

      const narrow = random.f32()
      const outF32 = lab.output('f32', n * 4, 4)
      lab.call('fillF32', outF32, n, narrow)
      expect(lab.readF32(outF32, n)).toEqual(same(narrow))

      const long = random.i64()
      const outI64 = lab.output('bytes', n * 8, 8)
      lab.call('fillI64', outI64, n, long)
      expect(lab.readI64(outI64, n)).toEqual(same(long))
    })
  })
})
