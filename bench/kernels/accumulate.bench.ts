import { COUNT_BYTES, EXTREME_BYTES, MOMENTS_BYTES, RECORD_FIELDS, SUM_F64_BYTES } from '../../assembly/abi.ts'
import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

const KEYS = 1_000
const SUM = RECORD_FIELDS
const MIN = SUM + SUM_F64_BYTES
const MAX = MIN + EXTREME_BYTES
const COUNT = MAX + EXTREME_BYTES
const MOMENTS = COUNT + COUNT_BYTES
const RECORD_BYTES = MOMENTS + MOMENTS_BYTES

kernelGroup('accumulate', layout => {
  const a = layout.f64(ROWS, () => layout.random() * 100)
  const validity = layout.bytes(ROWS / 8, () => Math.floor(layout.random() * 256))
  const { address: sel, count } = layout.selection(ROWS)
  const fields = RECORD_BYTES / 8
  const records = layout.f64(KEYS * fields, i => (i % fields === MIN / 8 || i % fields === MAX / 8 ? Number.NaN : 0))
  const addr = layout.i32(ROWS, () => records + Math.floor(layout.random() * KEYS) * RECORD_BYTES)
  const one = layout.i32(ROWS, () => records)
  const results = [[records, KEYS * RECORD_BYTES]] as const
  return [
    { name: 'accumulateSumF64', call: k => k.accumulateSumF64(addr, 0, 0, ROWS, a, 0, SUM), results },
    { name: 'accumulateMinF64', call: k => k.accumulateMinF64(addr, 0, 0, ROWS, a, 0, MIN), results },
    {
      name: 'accumulateSumMinMaxF64',
      call: k => k.accumulateSumMinMaxF64(addr, 0, 0, ROWS, a, 0, SUM, MIN),
      results,
    },
    {
      name: 'accumulateSumMinMaxF64, selected',
      call: k => k.accumulateSumMinMaxF64(addr, sel, 0, count, a, 0, SUM, MIN),
      results,
      rows: count,
    },
    {
      name: 'accumulateSumMinMaxF64, one record',
      call: k => k.accumulateSumMinMaxF64(one, 0, 0, ROWS, a, 0, SUM, MIN),
      results,
    },
    { name: 'accumulateCountValid', call: k => k.accumulateCountValid(addr, 0, 0, ROWS, validity, COUNT), results },
    { name: 'accumulateMomentsF64', call: k => k.accumulateMomentsF64(addr, 0, 0, ROWS, a, 0, MOMENTS), results },
    {
      name: 'accumulateMaxF64, one record',
      call: k => k.accumulateMaxF64(one, 0, 0, ROWS, a, 0, MAX),
      results,
    },
    {
      name: 'accumulateArgF64, one record',
      call: k => k.accumulateArgF64(one, 0, 0, ROWS, a, 0, a, 1, 1, 1, MOMENTS),
      results,
    },
  ]
})
