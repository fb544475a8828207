import {
  KEYS_FREE,
  KEYS_HEADER_BYTES,
  KEYS_ID_CAPACITY,
  KEYS_KEYS,
  KEYS_MASK,
  KEYS_SLOT_BYTES,
  KEYS_SLOTS,
  KEYS_WORDS,
} from '../../assembly/abi.ts'
import { kernelGroup, type Layout, ROWS } from '../harness/kernel-suite.ts'

const CAPACITY = 1_024

/** An empty key table: layout in assembly/abi.ts. */
function keyTable(layout: Layout, words: number): number {
  const slots = CAPACITY * 2
  const table = layout.room(KEYS_HEADER_BYTES)
  const parts = [
    [KEYS_SLOTS, slots * KEYS_SLOT_BYTES],
    [KEYS_KEYS, CAPACITY * words * 4],
    [KEYS_FREE, CAPACITY * 4],
  ] as const
  const set = (field: number, value: number) => {
    layout.memory.u32[(table + field) >>> 2] = value
  }
  set(KEYS_MASK, slots - 1)
  set(KEYS_ID_CAPACITY, CAPACITY)
  for (const [field, bytes] of parts) set(field, layout.room(bytes))
  set(KEYS_WORDS, words)
  return table
}

kernelGroup('key', layout => {
  const keys = Array.from({ length: 1_000 }, () => (layout.random() * 2 ** 32) | 0)
  const a = layout.i32(ROWS, () => keys[Math.floor(layout.random() * 1_000)]!)
  const wide = layout.f64(ROWS, () => keys[Math.floor(layout.random() * 1_000)]! / 8)
  const { address, count } = layout.selection(ROWS)
  const range = layout.room(8)
  const oneWord = keyTable(layout, 1)
  const twoWords = keyTable(layout, 2)
  const packed = layout.room(ROWS * 8)
  const ids = layout.room(ROWS * 4)
  const idResults = [[ids, ROWS * 4]] as const
  return [
    { name: 'rangeI32', call: k => k.rangeI32(a, 0, ROWS, range), results: [[range, 8]] },
    { name: 'findOrInsertKeys4', call: k => k.findOrInsertKeys4(oneWord, a, 0, 0, ROWS, ids), results: idResults },
    {
      name: 'findOrInsertKeys4, selected',
      call: k => k.findOrInsertKeys4(oneWord, a, address, 0, count, ids),
      results: idResults,
      rows: count,
    },
    {
      name: 'packKeyF64',
      call: k => k.packKeyF64(wide, 0, 0, ROWS, packed, 2, 0),
      results: [[packed, ROWS * 8]],
    },
    {
      name: 'findOrInsertKeys, two words',
      call: k => k.findOrInsertKeys(twoWords, packed, 0, 0, ROWS, ids),
      results: idResults,
    },
  ]
})
