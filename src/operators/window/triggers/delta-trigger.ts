import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { DeltaTrigger } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import { IdCells } from '../id-cells.ts'
import type { KeyIds } from '../key-ids.ts'
import type { IdMarker } from '../key-index.ts'
import type { RunningTrigger } from './running-trigger.ts'

/** Fires when a value is far enough from where it was. */
export class RunningDeltaTrigger implements RunningTrigger {
  readonly kernels = ['deltaToFire']
  readonly inTypeScript = undefined
  readonly isPerRow = false
  readonly wakeAt = Number.POSITIVE_INFINITY
  readonly dueAt = Number.POSITIVE_INFINITY
  readonly firesAt = Number.POSITIVE_INFINITY
  readonly action = 'fire'
  readonly #k: KernelExports
  readonly #column: number
  readonly #threshold: number
  readonly #references: IdCells
  #idLimit = 0

  /** @param column Of f64 values, in the batch. */
  constructor(kernels: KernelExports, arena: Arena, { threshold }: DeltaTrigger, column: number) {
    this.#k = kernels
    this.#column = column
    this.#threshold = threshold
    this.#references = new IdCells(arena, 16)
  }

  reserve(idLimit: number): void {
    this.#idLimit = Math.max(this.#idLimit, idLimit)
    this.#references.reserve(idLimit)
  }

  rowsNext(): void {}

  next({ ids, selection, columns }: BatchRows, from: number, to: number): number {
    const { values, validity } = columns[this.#column]!
    const references = this.#references.address
    return this.#k.deltaToFire(values, validity, ids, selection, from, to, references, this.#threshold)
  }

  takeDue(): undefined {}

  takeDueByClock(): undefined {}

  purged(): void {}

  readonly markIds: IdMarker = mark => {
    for (let id = 0; id < this.#idLimit; id++) if (this.#references.get(id) !== 0) mark(id)
  }

  snapshot(writer: StateWriter): void {
    this.#references.snapshot(writer)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    this.#references.restore(reader, keys)
  }

  close(): void {
    this.#references.close()
  }
}
