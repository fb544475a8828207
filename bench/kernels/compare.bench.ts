import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

kernelGroup('compare', layout => {
  const a = layout.f64(ROWS, () => layout.random())
  const b = layout.f64(ROWS, () => layout.random())
  const whole = layout.f64(ROWS, () => Math.floor(layout.random() * 64))
  const list = layout.f64(8, i => i * 7)
  const out = layout.room(ROWS)
  const results = [[out, ROWS]] as const
  return [
    { name: 'gtF64ColConst', call: k => k.gtF64ColConst(a, 0.25, ROWS, out), results },
    { name: 'ltF64ColCol', call: k => k.ltF64ColCol(a, b, ROWS, out), results },
    { name: 'inF64', call: k => k.inF64(whole, ROWS, list, 8, out), results },
  ]
})
