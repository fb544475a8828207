import { describe, expect, it } from 'vitest'
import { Differential, forManyRuns } from './differential.ts'

const lab = new Differential()

describe('masks', () => {
  it('and, or and not work row by row, in place too', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = random.bits(n)
      const right = random.bits(n)
      const a = lab.mask(left)
      const b = lab.mask(right)
      const out = lab.output('bytes', n, 1)
      lab.call('andMask', a, b, n, out)
      expect(lab.readMask(out, n)).toEqual(left.map((x, i) => x && right[i]!))
      lab.call('orMask', a, b, n, out)
      expect(lab.readMask(out, n)).toEqual(left.map((x, i) => x || right[i]!))
      lab.call('notMask', a, n, out)
      expect(lab.readMask(out, n)).toEqual(left.map(x => !x))
      lab.writable('bytes', a, n)
      lab.call('andMask', a, b, n, a)
      expect(lab.readMask(a, n)).toEqual(left.map((x, i) => x && right[i]!))
    })
  })

  it('a mask meets a bitmap: rows that are set and valid, rows that are set or null', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const set = random.bits(n)
      const valid = random.bits(n)
      const a = lab.mask(set)
      const bits = lab.bits(valid)
      const out = random.chance(0.3) ? lab.writable('bytes', a, n) : lab.output('bytes', n, 1)
      if (random.chance(0.5)) {
        lab.call('andMaskBits', a, bits, n, out)
        expect(lab.readMask(out, n)).toEqual(set.map((x, i) => x && valid[i]!))
      } else {
        lab.call('orMaskNotBits', a, bits, n, out)
        expect(lab.readMask(out, n)).toEqual(set.map((x, i) => x || !valid[i]!))
      }
    }, 120)
  })

  it('bits become a mask', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = random.bits(n)
      const bits = lab.bits(values)
      const mask = lab.output('bytes', n, 1)
      lab.call('maskFromBits', bits, n, mask)
      expect(lab.readMask(mask, n)).toEqual(values)
    })
  })

  it('selectMask lists the positions of the ones, ascending', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = random.bits(n)
      const a = lab.mask(values)
      const sel = lab.output('selection', n * 4, 4)
      const expected = values.flatMap((value, i) => (value ? [i] : []))
      expect(lab.call('selectMask', a, n, sel)).toBe(expected.length)
      expect(lab.readU32(sel, expected.length)).toEqual(expected)
    }, 120)
  })

  it('selectMask gets every pattern of sixteen rows right', () => {
    lab.begin(5)
    const a = lab.u8(new Array(16).fill(0))
    const sel = lab.room(16 * 4, 4)
    const { memory, kernels } = lab.wasm
    for (let pattern = 0; pattern < 65_536; pattern++) {
      let sum = 0
      let count = 0
      for (let row = 0; row < 16; row++) {
        const bit = (pattern >> row) & 1
        memory.u8[a + row] = bit
        if (bit === 1) sum = sum * 17 + row
        count += bit
      }
      if (kernels.selectMask(a, 16, sel) !== count) expect.fail(`pattern ${pattern} has ${count} rows`)
      let found = 0
      for (let j = 0; j < count; j++) found = found * 17 + memory.u32[(sel >>> 2) + j]!
      if (found !== sum) expect.fail(`pattern ${pattern} gives other rows`)
    }
  })

  it('refineSelection keeps the selected rows whose mask is set, in place too', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = random.bits(n)
      const selected = random.selection(n)
      const a = lab.mask(values)
      const sel = lab.u32(selected)
      const out = random.chance(0.5)
        ? lab.writable('selection', sel, selected.length * 4)
        : lab.output('selection', selected.length * 4, 4)
      const expected = selected.filter(row => values[row]!)
      expect(lab.call('refineSelection', a, sel, selected.length, out)).toBe(expected.length)
      expect(lab.readU32(out, expected.length)).toEqual(expected)
    }, 120)
  })
})
