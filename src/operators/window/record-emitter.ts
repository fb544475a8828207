import type { Dictionary } from '../../memory/dictionary.ts'

/** Turns the records of keys into batches of results, and can stop between two. */
export interface RecordEmitter {
  readonly rowsOut: number
  /** Starts on `count` records that stand in an array, by their ids. Nothing else may be pending. */
  begin(startMs: number, endMs: number, records: number, ids: number, count: number, isRetraction: boolean): void
  /** Emits until everything is out (true) or downstream is full (false: call again after it resumed). */
  emit(): boolean
  /** Marks the codes of the batch last written: it may still be on its way. */
  markCodes(dictionary: Dictionary, memory: Uint32Array, mark: (code: number) => void): void
}
