import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import type { KeyIds } from '../key-ids.ts'
import { ChangeMarks, readIds, writeIds } from './change-marks.ts'

/** The keys that have changed since they were last taken. */
export class ChangedKeys {
  readonly #marks: ChangeMarks
  #ids: number[] = []

  /** @param list Room for the positions of a batch. */
  constructor(kernels: KernelExports, arena: Arena, list: number) {
    this.#marks = new ChangeMarks(kernels, arena, list)
  }

  get count(): number {
    return this.#ids.length
  }

  reserve(idLimit: number): void {
    this.#marks.reserve(idLimit)
  }

  add(rows: BatchRows, from: number, to: number): void {
    for (let i = 0, count = this.#marks.mark(rows, from, to); i < count; i++)
      this.#ids.push(rows.idAt(this.#marks.positionAt(i)))
  }

  /** The changed keys in the order in which they changed; none has from then on. */
  take(): readonly number[] {
    const ids = this.#ids
    for (const id of ids) this.#marks.clear(id)
    this.#ids = []
    return ids
  }

  snapshot(writer: StateWriter): void {
    writeIds(writer, this.#ids)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    for (const id of readIds(reader, keys)) {
      this.#ids.push(id)
      this.#marks.set(id)
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
