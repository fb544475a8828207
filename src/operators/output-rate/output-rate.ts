import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec } from '../row-window/row-window.ts'

/** A rule that says which rows come out, and when. */
export interface OutputRate {
  /** Takes a row, and adds to `out` what comes out for it. */
  take(row: HeldRow, out: HeldRow[]): void
  /** The clock is at the end of a stretch. */
  tick(out: HeldRow[]): void
  /** The input is over: what was held back comes out. */
  end(out: HeldRow[]): void
  /** Whether the end of this stretch has anything to give. */
  readonly waits: boolean
  /** Rows held. */
  readonly size: number
  /** What bounds it. */
  readonly bound: string
  snapshot(writer: StateWriter, rows: RowCodec): void
  /** Takes over in a new rule what another of its making held. */
  restore(reader: StateReader, rows: RowCodec): void
}
