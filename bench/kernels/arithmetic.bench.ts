import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

kernelGroup('arithmetic', layout => {
  const a = layout.f64(ROWS, () => layout.random() * 1_000 - 500)
  const b = layout.f64(ROWS, () => layout.random() * 1_000 + 1)
  const time = layout.f64(ROWS, i => 1_700_000_000_000 + i * 13)
  const out = layout.room(ROWS * 8)
  const results = [[out, ROWS * 8]] as const
  return [
    { name: 'addF64ColCol', call: k => k.addF64ColCol(a, b, ROWS, out), results },
    { name: 'mulF64ColConst', call: k => k.mulF64ColConst(a, 1.08, ROWS, out), results },
    { name: 'mulAddF64ColConstCol', call: k => k.mulAddF64ColConstCol(a, 1.08, b, ROWS, out), results },
    { name: 'divF64ColCol', call: k => k.divF64ColCol(a, b, ROWS, out), results },
    { name: 'modF64ColConst', call: k => k.modF64ColConst(time, 7, ROWS, out), results },
    { name: 'modF64ColCol', call: k => k.modF64ColCol(time, b, ROWS, out), results },
    { name: 'floorDivF64ColConst', call: k => k.floorDivF64ColConst(time, 1_000, ROWS, out), results },
    { name: 'maxF64ColCol', call: k => k.maxF64ColCol(a, b, ROWS, out), results },
    { name: 'roundF64', call: k => k.roundF64(a, ROWS, out), results },
    { name: 'sqrtF64', call: k => k.sqrtF64(b, ROWS, out), results },
  ]
})
