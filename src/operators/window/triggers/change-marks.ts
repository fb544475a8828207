import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import { IdCells } from '../id-cells.ts'
import type { KeyIds } from '../key-ids.ts'

/** Which keys have changed, and with which rows of a batch they did. */
export class ChangeMarks {
  readonly #k: KernelExports
  readonly #arena: Arena
  readonly #marks: IdCells
  readonly #list: number

  /** @param list Room for the positions of a batch. */
  constructor(kernels: KernelExports, arena: Arena, list: number) {
    this.#k = kernels
    this.#arena = arena
    this.#marks = new IdCells(arena, 8)
    this.#list = list
  }

  reserve(idLimit: number): void {
    this.#marks.reserve(idLimit)
  }

  /** Marks the keys of the rows from `from` to before `to`; returns how many hadn't been marked. */
  mark({ ids, selection }: BatchRows, from: number, to: number): number {
    return this.#k.listChanged(ids, selection, from, to, this.#marks.address, this.#list)
  }

  /** The row with which the i-th of those keys was marked, as a position. */
  positionAt(i: number): number {
    return this.#arena.memory.u32[(this.#list >>> 2) + i]!
  }

  set(id: number): void {
    this.#marks.reserve(id + 1)
    this.#marks.set(id, 1)
  }

  clear(id: number): void {
    this.#marks.set(id, 0)
  }

  close(): void {
    this.#marks.close()
  }
}

export function writeIds(writer: StateWriter, ids: readonly number[]): void {
  writer.u32(ids.length)
  writer.words(Uint32Array.from(ids), 0, ids.length)
}

/** What they are called here; of a part of a state, those that are in it. */
export function readIds(reader: StateReader, keys: KeyIds): readonly number[] {
  const ids: number[] = []
  for (let left = reader.count(4); left > 0; left--) {
    const id = keys.of(reader.index(keys.limit - 1))
    if (id >= 0) ids.push(id)
  }
  return ids
}
