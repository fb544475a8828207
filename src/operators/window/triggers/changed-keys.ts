import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import { IdCells } from '../id-cells.ts'
import type { KeyIds } from '../key-ids.ts'

/** The keys that have changed since they were last taken. */
export class ChangedKeys {
  readonly #k: KernelExports
  readonly #arena: Arena
  readonly #marks: IdCells
  readonly #list: number
  #ids: number[] = []

  /** @param list Room for the ids of a batch. */
  constructor(kernels: KernelExports, arena: Arena, list: number) {
    this.#k = kernels
    this.#arena = arena
    this.#marks = new IdCells(arena, 8)
    this.#list = list
  }

  get count(): number {
    return this.#ids.length
  }

  reserve(idLimit: number): void {
    this.#marks.reserve(idLimit)
  }

  add({ ids, selection }: BatchRows, from: number, to: number): void {
    const count = this.#k.listChanged(ids, selection, from, to, this.#marks.address, this.#list)
    const { u32 } = this.#arena.memory
    for (let at = this.#list >>> 2, end = at + count; at < end; at++) this.#ids.push(u32[at]!)
  }

  /** The changed keys in the order in which they changed; none has from then on. */
  take(): readonly number[] {
    const ids = this.#ids
    for (const id of ids) this.#marks.set(id, 0)
    this.#ids = []
    return ids
  }

  snapshot(writer: StateWriter): void {
    writer.u32(this.#ids.length)
    writer.words(Uint32Array.from(this.#ids), 0, this.#ids.length)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    for (let left = reader.count(4); left > 0; left--) {
      const id = keys.of(reader.index(keys.limit - 1))
      if (id < 0) continue
      this.#marks.reserve(id + 1)
      this.#ids.push(id)
      this.#marks.set(id, 1)
    }
  }

  close(): void {
    this.#marks.close()
  }
}

/** The first multiple of an interval after an instant. */
export const nextMultiple = (everyMs: number, afterMs: number): number => (Math.floor(afterMs / everyMs) + 1) * everyMs

/** The later of two ticks, +Infinity being none: of several parts of a state, those without changes stand where they last were. */
export const laterTick = (one: number, other: number): number =>
  one === Number.POSITIVE_INFINITY || other === Number.POSITIVE_INFINITY ? Math.min(one, other) : Math.max(one, other)
