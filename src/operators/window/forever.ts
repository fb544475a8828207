import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { TypeName } from '../../schema/data-type.ts'
import type { FinishTarget } from './finish.ts'
import type { KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'

/**
 * The least or greatest value of every key in all windows that came out so far, by key id. The ids in it must not be
 * given to other keys: see `markIds`.
 */
export class Forever {
  readonly #memory: LinearMemory
  readonly #isInteger: boolean
  readonly #greatest: boolean
  readonly #values: (number | bigint | undefined)[] = []

  constructor(memory: LinearMemory, type: TypeName, greatest: boolean) {
    this.#memory = memory
    this.#isInteger = type === 'i64'
    this.#greatest = greatest
  }

  /** Takes in the values of a window, one for each id of the list at `ids` (0: the one key), and puts out what is known. */
  fold(ids: number, count: number, { values, validity }: FinishTarget): void {
    const { u8, u32, f64, i64 } = this.#memory
    for (let j = 0; j < count; j++) {
      const id = ids === 0 ? 0 : u32[(ids >>> 2) + j]!
      const byte = validity + (j >>> 3)
      const bit = 1 << (j & 7)
      const at = (values >>> 3) + j
      if (validity === 0 || (u8[byte]! & bit) !== 0) this.#take(id, this.#isInteger ? i64[at]! : f64[at]!)
      const known = this.#values[id]
      if (known === undefined) continue
      if (this.#isInteger) i64[at] = known as bigint
      else f64[at] = known as number
      if (validity !== 0) u8[byte]! |= bit
    }
  }

  /** Marks the ids it holds a value of. */
  readonly markIds: IdMarker = mark => {
    this.#values.forEach((value, id) => {
      if (value !== undefined) mark(id)
    })
  }

  snapshot(writer: StateWriter): void {
    let count = 0
    this.markIds(() => count++)
    writer.u32(count)
    this.#values.forEach((value, id) => {
      if (value === undefined) return
      writer.u32(id)
      if (this.#isInteger) writer.i64(value as bigint)
      else writer.f64(value as number)
    })
  }

  restore(reader: StateReader, keys: KeyIds): void {
    for (let left = reader.count(12); left > 0; left--) {
      const id = keys.of(reader.index(keys.limit - 1))
      const value = this.#isInteger ? reader.i64() : reader.f64()
      if (id >= 0) this.#values[id] = value
    }
  }

  #take(id: number, value: number | bigint): void {
    const known = this.#values[id]
    if (known === undefined || Number.isNaN(known)) this.#values[id] = value
    else if (typeof value === 'number' && typeof known === 'number') {
      // -0 < +0, and NaN is passed over.
      if (!Number.isNaN(value)) this.#values[id] = this.#greatest ? Math.max(known, value) : Math.min(known, value)
    } else if (this.#greatest ? value > known : value < known) this.#values[id] = value
  }
}
