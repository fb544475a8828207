import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { RowsTrigger } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import { IdCells } from '../id-cells.ts'
import type { KeyIds } from '../key-ids.ts'
import type { RunningTrigger } from './running-trigger.ts'

/** Fires with every n-th row of a key. */
export class RunningRowsTrigger implements RunningTrigger {
  readonly kernels = ['countToFire']
  readonly inTypeScript = undefined
  readonly isPerRow = false
  readonly wakeAt = Number.POSITIVE_INFINITY
  readonly dueAt = Number.POSITIVE_INFINITY
  readonly firesAt = Number.POSITIVE_INFINITY
  readonly action = 'fire'
  readonly #k: KernelExports
  readonly #rows: number
  readonly #counts: IdCells

  constructor(kernels: KernelExports, arena: Arena, { rows }: RowsTrigger) {
    this.#k = kernels
    this.#rows = rows
    this.#counts = new IdCells(arena, 8)
  }

  reserve(idLimit: number): void {
    this.#counts.reserve(idLimit)
  }

  rowsNext(): void {}

  next({ ids, selection }: BatchRows, from: number, to: number): number {
    return this.#k.countToFire(ids, selection, from, to, this.#counts.address, this.#rows)
  }

  takeDue(): undefined {}

  takeDueByClock(): undefined {}

  purged(id: number): void {
    this.#counts.set(id, 0)
  }

  markIds(): void {}

  snapshot(writer: StateWriter): void {
    this.#counts.snapshot(writer)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    this.#counts.restore(reader, keys)
  }

  close(): void {
    this.#counts.close()
  }
}
