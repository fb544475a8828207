import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

kernelGroup('mask', layout => {
  const a = layout.bytes(ROWS, () => +(layout.random() > 0.25))
  const b = layout.bytes(ROWS, () => +(layout.random() > 0.5))
  const bits = layout.bytes(ROWS / 8, () => Math.floor(layout.random() * 256))
  const { address, count } = layout.selection(ROWS)
  const out = layout.room(ROWS)
  const selected = layout.room(ROWS * 4)
  return [
    { name: 'andMask', call: k => k.andMask(a, b, ROWS, out), results: [[out, ROWS]] },
    { name: 'andMaskBits', call: k => k.andMaskBits(a, bits, ROWS, out), results: [[out, ROWS]] },
    { name: 'selectMask', call: k => k.selectMask(a, ROWS, selected), results: [[selected, 4 * 1_024]] },
    {
      name: 'refineSelection',
      call: k => k.refineSelection(b, address, count, selected),
      results: [[selected, 4 * 1_024]],
      rows: count,
    },
  ]
})
