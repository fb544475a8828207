import { expectArgument, has } from '../options.ts'
import type { StateReader } from './state-reader.ts'
import { StateWriter } from './state-writer.ts'

/**
 * Whoever keeps something from one batch to the next, and can put it into bytes and take it back. The operators of the
 * library implement it, and so does a hand-made one.
 *
 * `snapshot` is asked between two batches, changes nothing, and writes what a fresh instance of the same making needs to
 * go on as this one would. `restore` is asked once, of a fresh instance, before its first row, and reads in the order
 * and by the names `snapshot` wrote; it takes bytes for hostile and checks what they say before it goes by it.
 *
 * @example
 * class Counter implements Stateful {
 *   count = 0
 *   snapshot(writer: StateWriter): void {
 *     writer.f64(this.count)
 *   }
 *   restore(reader: StateReader): void {
 *     this.count = reader.f64()
 *   }
 *   sizeBytes(): number {
 *     return sizeOfState(this)
 *   }
 * }
 */
export interface Stateful {
  /** @throws EventfluxError `CHECKPOINT_BUSY` in the middle of a batch, `CHECKPOINT_UNSUPPORTED` for what has no bytes. */
  snapshot(writer: StateWriter): void
  /** @throws EventfluxError `CHECKPOINT_INVALID` for bytes that are no state, `CHECKPOINT_MISMATCH` for another's. */
  restore(reader: StateReader): void
  /** Bytes `snapshot` would write. May walk the state: not for every row. */
  sizeBytes(): number
}

/**
 * Bytes a snapshot takes, found by writing it nowhere.
 *
 * @example
 * const bytes = sizeOfState({ snapshot: writer => writer.text('abc') }) // 8: kind and length, then three letters
 */
export function sizeOfState(state: Pick<Stateful, 'snapshot'>): number {
  expectArgument('sizeOfState', state, has('snapshot'), 'something with snapshot(writer)')
  const writer = StateWriter.measuring()
  state.snapshot(writer)
  return writer.length
}

/**
 * The state of something, as bytes of exactly the length they need.
 *
 * @example
 * const bytes = bytesOfState({ snapshot: writer => writer.f64(42) }) // 8 bytes
 */
export function bytesOfState(state: Pick<Stateful, 'snapshot'>): Uint8Array {
  expectArgument('bytesOfState', state, has('snapshot'), 'something with snapshot(writer)')
  const writer = new StateWriter(sizeOfState(state))
  state.snapshot(writer)
  return writer.finish()
}
