import { SLICE_ENTRY_BYTES, SLICE_RECORDS, SLICE_TEMPLATE, SLICE_TOUCHED } from '../../assembly/abi.ts'
import { kernelGroup, ROWS } from '../harness/kernel-suite.ts'

const KEYS = 1_000
const RECORD_BYTES = 40

kernelGroup('slice', layout => {
  const ids = layout.i32(ROWS, () => Math.floor(layout.random() * KEYS))
  const { address, count } = layout.selection(ROWS)
  const template = layout.f64(RECORD_BYTES / 8, () => 0)
  const entry = layout.room(SLICE_ENTRY_BYTES)
  const records = layout.room(KEYS * RECORD_BYTES)
  const touched = layout.room((KEYS + 1) * 4)
  layout.memory.u32[(entry + SLICE_RECORDS) >>> 2] = records
  layout.memory.u32[(entry + SLICE_TOUCHED) >>> 2] = touched
  layout.memory.u32[(entry + SLICE_TEMPLATE) >>> 2] = template
  const addresses = layout.room(ROWS * 4)
  const results = [[addresses, count * 4]] as const
  return [
    {
      name: 'resolveOneSlice',
      call: k => k.resolveOneSlice(entry, ids, 0, 0, ROWS, RECORD_BYTES, addresses),
      results: [
        [addresses, ROWS * 4],
        [records, KEYS * RECORD_BYTES],
      ],
    },
    {
      name: 'resolveOneSlice, selected',
      call: k => k.resolveOneSlice(entry, ids, address, 0, count, RECORD_BYTES, addresses),
      results,
      rows: count,
    },
    {
      name: 'recordAddresses',
      call: k => k.recordAddresses(records, ids, ROWS, RECORD_BYTES, addresses),
      results,
    },
  ]
})
