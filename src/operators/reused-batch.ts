import type { RecordBatch, Vector, WatermarkTrack } from '../memory/record-batch.ts'

/** A batch an operator sets anew for each one it sends, so that no object is made per batch. */
export class ReusedBatch implements RecordBatch {
  length = 0
  columns: readonly Vector[] = []
  selection = 0
  selectedCount = 0
  origin = 0
  watermarks: WatermarkTrack | undefined = undefined
  faults: ReadonlyMap<number, Error> | undefined = undefined

  /** Takes everything over from another batch. */
  assign(batch: RecordBatch): void {
    this.length = batch.length
    this.columns = batch.columns
    this.selection = batch.selection
    this.selectedCount = batch.selectedCount
    this.origin = batch.origin
    this.watermarks = batch.watermarks
    this.faults = batch.faults
  }
}
