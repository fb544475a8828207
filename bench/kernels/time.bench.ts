import { SLICE_ENTRY_BYTES } from '../../assembly/abi.ts'
import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

const START_MS = 1_700_000_000_000

kernelGroup('time', layout => {
  const time = layout.f64(ROWS, i => START_MS + i)
  const { address, count } = layout.selection(ROWS)
  const range = layout.room(16)
  const onTime = layout.room(ROWS * 4)
  const late = layout.room(ROWS * 4)
  const slices = layout.room(ROWS * 4)
  const marks = layout.room(8 * SLICE_ENTRY_BYTES)
  const first = START_MS / 1_000
  return [
    { name: 'normaliseTimes', call: k => k.normaliseTimes(time, ROWS), results: [[time, ROWS * 8]] },
    { name: 'scanTimeAtLeast', call: k => k.scanTimeAtLeast(time, 0, ROWS, START_MS + ROWS), results: [] },
    { name: 'rangeF64', call: k => k.rangeF64(time, 0, 0, ROWS, range), results: [[range, 16]] },
    {
      name: 'rangeF64, selected',
      call: k => k.rangeF64(time, address, 0, count, range),
      results: [[range, 16]],
      rows: count,
    },
    {
      name: 'splitLate',
      call: k => k.splitLate(time, 0, 0, ROWS, START_MS + 1_000, onTime, late),
      results: [
        [onTime, (ROWS - 1_000) * 4],
        [late, 1_000 * 4],
      ],
    },
    {
      name: 'sliceIndex',
      call: k => k.sliceIndex(time, 0, 0, ROWS, 1_000, 0, first, slices, marks),
      results: [[slices, ROWS * 4]],
    },
  ]
})
