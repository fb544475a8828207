import { describe, expect, it } from 'vitest'
import { bitmapBytes, Differential, forManyRuns } from './differential.ts'

const lab = new Differential()

describe('bitmaps', () => {
  it('and and or work bit by bit, in place too, and leave spare bits 0', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = random.bits(n)
      const right = random.bits(n)
      const a = lab.bits(left)
      const b = lab.bits(right)
      const out = random.chance(0.3) ? lab.writable('bytes', a, bitmapBytes(n)) : lab.bitsOutput(n)
      const and = random.chance(0.5)
      lab.call(and ? 'andBits' : 'orBits', a, b, n, out)
      expect(lab.readBits(out, n)).toEqual(left.map((x, i) => (and ? x && right[i]! : x || right[i]!)))
    }, 120)
  })

  it('fillBits sets or clears n bits', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const bit = random.below(2)
      const out = lab.bitsOutput(n)
      lab.call('fillBits', out, n, bit)
      expect(lab.readBits(out, n)).toEqual(new Array(n).fill(bit === 1))
    })
  })

  it('shiftBits brings any bit position to the front', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const from = random.below(40)
      const values = random.bits(from + n)
      const src = lab.bits(values)
      const out = lab.bitsOutput(n)
      lab.call('shiftBits', src, from, n, out)
      expect(lab.readBits(out, n)).toEqual(values.slice(from))
    }, 200)
  })

  it('shiftBits reads nothing beyond the last wanted bit, even at the very end of the memory', () => {
    const { memory, kernels } = lab.wasm
    for (let from = 0; from < 16; from++) {
      for (let n = 1; n <= 150; n++) {
        lab.begin(n)
        const src = memory.byteLength - bitmapBytes(from + n)
        const out = lab.room(bitmapBytes(n), 1)
        kernels.shiftBits(src, from, n, out)
        const expected = Array.from({ length: n }, (_, i) => {
          const position = from + i
          return ((memory.u8[src + (position >> 3)]! >> (position & 7)) & 1) === 1
        })
        expect(lab.readBits(out, n)).toEqual(expected)
      }
    }
  })
})
