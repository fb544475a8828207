import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'

/**
 * An aggregate over rows that come and go. Values are never null: rows without one are passed over. `seq` numbers the
 * rows. Law: after `remove` of what was added everything is as if it had never been added, to the last bit.
 */
export interface RunningAggregate {
  add(value: unknown, seq: number): void
  remove(value: unknown, seq: number): void
  /** null where there is none. */
  value(): unknown
  /** Writes what it keeps; `codec` is for the values it is given. */
  snapshot(writer: StateWriter, codec: ValueCodec): void
  /** Takes over in a new aggregate what another of its kind kept. */
  restore(reader: StateReader, codec: ValueCodec): void
}
