import { optionInvalid, show } from '../../errors.ts'

/** A ring of events. `undefined` is no event: it means that there is none. */
export interface EventStore<In, Out> {
  readonly capacity: number
  readonly length: number
  /** False: it is full, and nothing was stored. @throws EventfluxError `EVENT_INVALID` for what it can't store. */
  push(event: In): boolean
  /** Takes the oldest event out; nothing of it stays behind. */
  pop(): Out | undefined
  /** The oldest event, which stays. */
  peek(): Out | undefined
  /** Drops the `n` oldest, `n` ≤ length. */
  drop(n: number): void
  /** Bytes its slots take at a capacity. */
  bytesFor(capacity: number): number
  /**
   * Changes the capacity: to at most the double, or to any when it is empty. Events stay as they are.
   *
   * @throws EventfluxError `STATE_FULL` when memory is limited and doesn't allow it; nothing changed.
   */
  resize(capacity: number): void
}

/** Largest capacity: 2^24 events. */
export const MAX_CAPACITY = 2 ** 24

/** @throws EventfluxError `OPTION_INVALID` unless it is an integer from 1 to 2^24. */
export function checkCapacity(capacity: number): number {
  if (Number.isInteger(capacity) && capacity >= 1 && capacity <= MAX_CAPACITY) return capacity
  throw optionInvalid(`a capacity is an integer from 1 to ${MAX_CAPACITY}, not ${show(capacity)}`, {
    value: capacity,
    at: 'capacity',
  })
}

/** Slots of a ring that keeps `capacity` events: a power of two, so that a position is a masked cursor. */
export const slotsFor = (capacity: number): number => 2 ** (32 - Math.clz32(capacity - 1))
