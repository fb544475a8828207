import {
  RECORD_ROWS,
  SLICE_COUNT,
  SLICE_ENTRY_BYTES,
  SLICE_RECORDS,
  SLICE_TEMPLATE,
  SLICE_TOUCHED,
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { rowAt } from './rows.ts'

type SliceKernels = Pick<
  KernelExports,
  | 'resolveOneSlice'
  | 'resolveSlices'
  | 'resolveOneSliceGlobal'
  | 'resolveSlicesGlobal'
  | 'recordAddresses'
  | 'resolveCombine'
  | 'gatherRecords'
  | 'resolveRecords'
  | 'clearSlice'
>

/** Twins of assembly/slice.ts. */
export function sliceKernels(memory: LinearMemory): SliceKernels {
  /** The record of an id in a slice, listed if it wasn't in use, with `rows` more rows. */
  const resolve = (entry: number, id: number, rows: number, recordBytes: number): number => {
    const { u32, f64 } = memory
    const record = u32[(entry + SLICE_RECORDS) >>> 2]! + id * recordBytes
    if (f64[(record + RECORD_ROWS) >>> 3] === 0) {
      const count = u32[(entry + SLICE_COUNT) >>> 2]!
      u32[(u32[(entry + SLICE_TOUCHED) >>> 2]! >>> 2) + count] = id
      u32[(entry + SLICE_COUNT) >>> 2] = count + 1
    }
    f64[(record + RECORD_ROWS) >>> 3]! += rows
    return record
  }

  return {
    resolveOneSlice(entry, ids, sel, from, m, recordBytes, addr) {
      const { u32 } = memory
      for (let j = from; j < m; j++) {
        const id = u32[(ids >>> 2) + rowAt(u32, sel, j)]!
        u32[(addr >>> 2) + j - from] = resolve(entry, id, 1, recordBytes)
      }
      u32[(u32[(entry + SLICE_TOUCHED) >>> 2]! >>> 2) + u32[(entry + SLICE_COUNT) >>> 2]!] = 0
    },

    resolveSlices(entries, slices, ids, sel, from, m, recordBytes, addr) {
      const { u32 } = memory
      for (let j = from; j < m; j++) {
        const entry = entries + u32[(slices >>> 2) + j - from]! * SLICE_ENTRY_BYTES
        const id = u32[(ids >>> 2) + rowAt(u32, sel, j)]!
        u32[(addr >>> 2) + j - from] = resolve(entry, id, 1, recordBytes)
      }
    },

    resolveOneSliceGlobal(entry, from, m, recordBytes, addr) {
      if (m <= from) return
      const record = resolve(entry, 0, m - from, recordBytes)
      memory.u32.fill(record, addr >>> 2, (addr >>> 2) + m - from)
    },

    resolveSlicesGlobal(entries, slices, from, m, recordBytes, addr) {
      const { u32 } = memory
      for (let j = from; j < m; j++) {
        const entry = entries + u32[(slices >>> 2) + j - from]! * SLICE_ENTRY_BYTES
        u32[(addr >>> 2) + j - from] = resolve(entry, 0, 1, recordBytes)
      }
    },

    recordAddresses(records, ids, m, recordBytes, out) {
      const { u32 } = memory
      for (let j = 0; j < m; j++) u32[(out >>> 2) + j] = records + u32[(ids >>> 2) + j]! * recordBytes
    },

    resolveCombine(source, destination, from, m, recordBytes, src, dst) {
      const { u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const id = u32[(u32[(source + SLICE_TOUCHED) >>> 2]! >>> 2) + j]!
        const taken = u32[(source + SLICE_RECORDS) >>> 2]! + id * recordBytes
        const rows = f64[(taken + RECORD_ROWS) >>> 3]!
        u32[(src >>> 2) + j - from] = taken
        u32[(dst >>> 2) + j - from] = resolve(destination, id, rows, recordBytes)
      }
    },

    gatherRecords(addr, m, recordBytes, out) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) {
        const record = u32[(addr >>> 2) + j]!
        u8.copyWithin(out + j * recordBytes, record, record + recordBytes)
      }
    },

    resolveRecords(entry, ids, taken, m, recordBytes, src, dst) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const id = ids === 0 ? 0 : u32[(ids >>> 2) + j]!
        const source = taken + j * recordBytes
        u32[(src >>> 2) + j] = source
        u32[(dst >>> 2) + j] = resolve(entry, id, f64[(source + RECORD_ROWS) >>> 3]!, recordBytes)
      }
    },

    clearSlice(entry, recordBytes) {
      const { u8, u32 } = memory
      const template = u32[(entry + SLICE_TEMPLATE) >>> 2]!
      const touched = u32[(entry + SLICE_TOUCHED) >>> 2]! >>> 2
      const count = u32[(entry + SLICE_COUNT) >>> 2]!
      for (let i = 0; i < count; i++) {
        const record = u32[(entry + SLICE_RECORDS) >>> 2]! + u32[touched + i]! * recordBytes
        u8.copyWithin(record, template, template + recordBytes)
      }
      u32[(entry + SLICE_COUNT) >>> 2] = 0
    },
  }
}
