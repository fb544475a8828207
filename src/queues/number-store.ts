import { MEMBER_VALUE } from '../../assembly/abi.ts'
import { eventInvalid, show } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { RingPort } from './ring-port.ts'
import type { ColumnArrays, SharedStore } from './shared-store.ts'

/** Numbers checked at once. */
const STAGED = 1_024

/** Numbers in a shared ring of one `f64` column. */
export class SharedNumberStore implements SharedStore<number, number> {
  readonly #port: RingPort
  readonly #value: number

  constructor(port: RingPort) {
    this.#port = port
    this.#value = (port.member + MEMBER_VALUE) >>> 3
  }

  get popped(): number {
    return this.#port.engine.memory.f64[this.#value]!
  }

  push(event: number, isForced: boolean): number {
    return this.#port.pushNumber(checked(event), isForced)
  }

  pop(): number {
    return this.#port.popNumber()
  }

  pushSome(events: readonly number[] | Float64Array, from: number): number {
    return this.#pushValues(events instanceof Float64Array ? events.subarray(from) : numbersOf(events, from))
  }

  #pushValues(values: Float64Array): number {
    const claimed = this.#port.claim(values.length)
    if (claimed <= 0) return claimed
    const first = (this.#port.ring.values[0]! >>> 3) + this.#port.claimedSlot
    this.#port.engine.memory.f64.set(values.subarray(0, claimed), first)
    return this.#port.publish()
  }

  popSome(max: number, into: number[]): number {
    const taken = this.#port.take(max)
    if (taken <= 0) return taken
    const { f64 } = this.#port.engine.memory
    const first = (this.#port.ring.values[0]! >>> 3) + this.#port.takenSlot
    for (let i = 0; i < taken; i++) into.push(f64[first + i]!)
    this.#port.release()
    return taken
  }

  columnPusher(block: ColumnBlock): (from: number) => number {
    const value = block?.value
    if (value instanceof Float64Array) return from => (from < value.length ? this.#pushValues(value.subarray(from)) : 0)
    throw eventInvalid(`a queue of numbers takes { value: Float64Array }, not ${show(value)}`, { value, at: 'value' })
  }

  popColumns(into: ColumnArrays, max: number): number {
    const value = into?.value
    if (!(value instanceof Float64Array))
      throw eventInvalid(`a queue of numbers is read into { value: Float64Array }, not ${show(value)}`, {
        value,
        at: 'value',
      })
    const taken = this.#port.take(Math.min(max, value.length))
    if (taken <= 0) return taken
    const first = (this.#port.ring.values[0]! >>> 3) + this.#port.takenSlot
    value.set(this.#port.engine.memory.f64.subarray(first, first + taken))
    this.#port.release()
    return taken
  }
}

function checked(event: unknown): number {
  if (typeof event === 'number') return event
  throw eventInvalid(`this queue takes numbers, not ${show(event)}`, { value: event })
}

/** The next numbers of an array, up to the first that is none; checked before a slot is claimed. */
function numbersOf(events: readonly number[], from: number): Float64Array {
  const values = new Float64Array(Math.min(STAGED, events.length - from))
  values[0] = checked(events[from])
  let count = 1
  for (; count < values.length; count++) {
    const event: unknown = events[from + count]
    if (typeof event !== 'number') break
    values[count] = event
  }
  return values.subarray(0, count)
}
