import { optionInvalid, show } from '../../errors.ts'

/** A ring of a fixed number of events. `undefined` is no event: it means that there is none. */
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
  /** Gives up its memory. */
  close(): void
}

/** Makes the stores of one queue. */
export interface EventStoreMaker<In, Out> {
  /** Bytes a store of this capacity takes. */
  bytesFor(capacity: number): number
  /** @throws EventfluxError `STATE_FULL` when memory is limited and doesn't allow it. */
  make(capacity: number): EventStore<In, Out>
}

/** Largest capacity of one store: 2^24 events. */
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
