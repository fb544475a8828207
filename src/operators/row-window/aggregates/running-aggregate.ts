/**
 * An aggregate over rows that come and go. Values are never null: rows without one are passed over. `seq` numbers the
 * rows. Law: after `remove` of what was added everything is as if it had never been added, to the last bit.
 */
export interface RunningAggregate {
  add(value: unknown, seq: number): void
  remove(value: unknown, seq: number): void
  /** null where there is none. */
  value(): unknown
}
