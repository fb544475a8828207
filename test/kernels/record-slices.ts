import { SLICE_COUNT, SLICE_ENTRY_BYTES, SLICE_RECORDS, SLICE_TEMPLATE, SLICE_TOUCHED } from '../../assembly/abi.ts'
import type { EnginePair } from './engine-pair.ts'

/** `count` slice entries in a row, each with room for `ids` records like `template`. Returns their address. */
export function putSlices(pair: EnginePair, count: number, ids: number, template: readonly number[]): number {
  const records = Float64Array.from(Array<readonly number[]>(ids).fill(template).flat())
  const words = new Uint32Array((count * SLICE_ENTRY_BYTES) / 4)
  for (let slice = 0; slice < count; slice++) {
    const at = (slice * SLICE_ENTRY_BYTES) / 4
    words[at + SLICE_RECORDS / 4] = pair.put(records)
    words[at + SLICE_TOUCHED / 4] = pair.room((ids + 1) * 4)
    words[at + SLICE_TEMPLATE / 4] = pair.put(Float64Array.from(template))
  }
  return pair.put(words)
}

/** Address of a slice's records, and the ids seen in it in order of appearance. */
export function sliceAt(pair: EnginePair, entry: number): { records: number; touched: number[] } {
  const at = (field: number): number => pair.u32(entry + field, 1)[0]!
  return { records: at(SLICE_RECORDS), touched: pair.u32(at(SLICE_TOUCHED), at(SLICE_COUNT)) }
}
