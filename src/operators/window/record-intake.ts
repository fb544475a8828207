import type { KernelExports } from '../../wasm/exports.ts'
import type { BatchRows } from './batch-rows.ts'
import type { KeyedRecords } from './keyed-records.ts'
import type { RecordLayout } from './record-layout.ts'

/** Takes stretches of rows into the records of their keys. */
export class RecordIntake {
  readonly kernels = ['resolveOneSlice']
  readonly #kernels: KernelExports
  readonly #recordBytes: number
  readonly #rows: BatchRows

  constructor(kernels: KernelExports, layout: RecordLayout, rows: BatchRows) {
    this.#kernels = kernels
    this.#recordBytes = layout.recordBytes
    this.#rows = rows
  }

  /** Takes the rows from the cursor to before `to` into records, which have room for their keys; the cursor stays. */
  take({ entry }: KeyedRecords, to: number): void {
    const k = this.#kernels
    const rows = this.#rows
    const from = rows.cursor
    rows.startStretch()
    const addresses = rows.addressOf(from)
    if (rows.ids === 0) k.resolveOneSliceGlobal(entry, from, to, this.#recordBytes, addresses)
    else k.resolveOneSlice(entry, rows.ids, rows.selection, from, to, this.#recordBytes, addresses)
    rows.accumulateTo(to)
  }
}
