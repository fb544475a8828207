import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import { IdCells } from '../id-cells.ts'

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

  restore(reader: StateReader, idLimit: number): void {
    for (let left = reader.count(4); left > 0; left--) {
      const id = reader.index(idLimit - 1)
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
