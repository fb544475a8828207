import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

const RECORD_BYTES = 40

kernelGroup('finish', layout => {
  const records = layout.f64((ROWS * RECORD_BYTES) / 8, () => layout.random() * 100)
  const addr = layout.i32(ROWS, i => records + i * RECORD_BYTES)
  const out = layout.room(ROWS * 8)
  const results = [[out, ROWS * 8]] as const
  return [
    { name: 'takeField8', call: k => k.takeField8(addr, ROWS, 8, out), results },
    { name: 'finishSumF64', call: k => k.finishSumF64(addr, ROWS, 8, out), results },
    { name: 'finishAvgF64', call: k => k.finishAvgF64(addr, ROWS, 8, 0, out), results },
    { name: 'fillF64', call: k => k.fillF64(out, ROWS, 1.5), results },
  ]
})
