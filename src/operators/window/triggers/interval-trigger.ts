import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { IntervalTrigger } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import { DueQueue } from '../../due-queue.ts'
import type { BatchRows } from '../batch-rows.ts'
import { IdCells } from '../id-cells.ts'
import type { KeyIds } from '../key-ids.ts'
import { ChangeMarks, readIds, writeIds } from './change-marks.ts'
import { nextMultiple } from './changed-keys.ts'
import type { DueKeys, RunningTrigger } from './running-trigger.ts'

/** Before there is any watermark: the first one says which multiple is the next. */
const UNKNOWN = -Number.MAX_VALUE

/**
 * Fires the keys that have changed when the watermark reaches the next multiple of an interval: of a key that hasn't fired
 * yet, the first one behind the row it began with. That hangs on the key's own rows and the watermarks they met: replicas
 * that see other keys agree on it.
 */
export class RunningIntervalTrigger implements RunningTrigger {
  readonly kernels = ['listChanged']
  readonly inTypeScript = undefined
  readonly isPerRow = false
  readonly wakeAt = Number.POSITIVE_INFINITY
  readonly action = 'continue'
  /** The next multiple the watermark reaches. */
  dueAt = UNKNOWN
  readonly #everyMs: number
  readonly #marks: ChangeMarks
  /** Of each key that holds rows, 1 once it has fired. */
  readonly #fired: IdCells
  /** The keys that have changed, in the order in which they did, by the multiple at which they fire. */
  readonly #waiting = new Map<number, number[]>()
  readonly #due = new DueQueue<readonly number[]>()

  constructor(kernels: KernelExports, arena: Arena, { everyMs }: IntervalTrigger, list: number) {
    this.#everyMs = everyMs
    this.#marks = new ChangeMarks(kernels, arena, list)
    this.#fired = new IdCells(arena, 8)
  }

  get firesAt(): number {
    return this.#due.first?.at ?? Number.POSITIVE_INFINITY
  }

  reserve(idLimit: number): void {
    this.#marks.reserve(idLimit)
    this.#fired.reserve(idLimit)
  }

  rowsNext(): void {}

  next(rows: BatchRows, from: number, to: number): number {
    for (let i = 0, count = this.#marks.mark(rows, from, to); i < count; i++) {
      const position = this.#marks.positionAt(i)
      const id = rows.idAt(position)
      // Rows are taken in up to the next multiple: the watermark they met is below it.
      const isNext = this.#fired.get(id) === 1 && this.dueAt !== UNKNOWN
      this.#wait(id, isNext ? this.dueAt : Math.max(this.dueAt, nextMultiple(this.#everyMs, rows.timeAt(position))))
    }
    return to
  }

  takeDue(watermark: number): DueKeys | undefined {
    if (watermark < this.dueAt) return
    const { first } = this.#due
    if (first === undefined || watermark < first.at) {
      this.dueAt = nextMultiple(this.#everyMs, watermark)
      return
    }
    const { at: atMs, value: ids } = first
    this.#due.shift()
    this.#waiting.delete(atMs)
    for (const id of ids) {
      this.#marks.clear(id)
      this.#fired.set(id, 1)
    }
    return { atMs, ids, action: 'fire' }
  }

  takeDueByClock(): undefined {}

  purged(id: number): void {
    this.#fired.set(id, 0)
  }

  markIds(): void {}

  snapshot(writer: StateWriter): void {
    writer.u32(this.#waiting.size)
    for (const [atMs, ids] of this.#waiting) {
      writer.f64(atMs)
      writeIds(writer, ids)
    }
    this.#fired.snapshot(writer)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    for (let left = reader.count(12); left > 0; left--) {
      const atMs = reader.finite()
      for (const id of readIds(reader, keys)) {
        this.#marks.set(id)
        this.#wait(id, atMs)
      }
    }
    this.#fired.restore(reader, keys)
    this.dueAt = UNKNOWN
  }

  close(): void {
    this.#marks.close()
    this.#fired.close()
  }

  #wait(id: number, atMs: number): void {
    const waiting = this.#waiting.get(atMs)
    if (waiting !== undefined) {
      waiting.push(id)
      return
    }
    const ids = [id]
    this.#waiting.set(atMs, ids)
    this.#due.add(atMs, 0, ids)
  }
}
