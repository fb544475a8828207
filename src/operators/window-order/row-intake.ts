import type { RecordBatch } from '../../memory/record-batch.ts'

/** How the rows of batches find the windows they are ordered in. */
export interface RowIntake {
  /** Rows no window took because they came too late, and that went nowhere else. */
  readonly lateRows: number
  readonly kernels: readonly string[]
  /** Whether rows of the batch are left. */
  readonly isPending: boolean
  /** Starts on a batch whose first row meets `watermark`. */
  begin(batch: RecordBatch, watermark: number): void
  /** Takes in some of the rows that are left, and returns how far these lead the watermark. */
  take(watermark: number): number
  /** Sends on the rows that came too late. false: where they go is full. */
  sendLate(): boolean
}
