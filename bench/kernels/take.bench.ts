import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

kernelGroup('take', layout => {
  const a = layout.f64(ROWS, () => layout.random())
  const b = layout.f64(ROWS, () => layout.random())
  const codes = layout.i32(ROWS, () => Math.floor(layout.random() * 1_000))
  const table = layout.i32(1_000, i => i * 31)
  const mask = layout.bytes(ROWS, () => +(layout.random() > 0.5))
  const { address, count } = layout.selection(ROWS)
  // Positions that are their own codes: in place, the kernels find the same again at every call.
  const own = layout.i32(1_000, i => i)
  const positions = layout.i32(ROWS, () => 1 + Math.floor(layout.random() * 999))
  const out = layout.room(ROWS * 8)
  return [
    { name: 'take8', call: k => k.take8(a, address, count, out), results: [[out, count * 8]], rows: count },
    { name: 'take4', call: k => k.take4(codes, address, count, out), results: [[out, count * 4]], rows: count },
    { name: 'choose8', call: k => k.choose8(mask, a, b, ROWS, out), results: [[out, ROWS * 8]] },
    { name: 'lookup4', call: k => k.lookup4(table, codes, ROWS, out), results: [[out, ROWS * 4]] },
    {
      name: 'translateCodes',
      call: k => k.translateCodes(positions, ROWS, own, 1_000),
      results: [[positions, ROWS * 4]],
    },
    {
      name: 'shiftCodes',
      call: k => k.shiftCodes(positions, ROWS, 1_000, 0),
      results: [[positions, ROWS * 4]],
    },
  ]
})
