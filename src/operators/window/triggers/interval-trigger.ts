import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { IntervalTrigger } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import type { KeyIds } from '../key-ids.ts'
import { ChangedKeys, nextMultiple } from './changed-keys.ts'
import type { DueKeys, RunningTrigger } from './running-trigger.ts'

/** Fires the keys that have changed when the watermark reaches the next multiple of an interval. */
export class RunningIntervalTrigger implements RunningTrigger {
  readonly kernels = ['listChanged']
  readonly inTypeScript = undefined
  readonly isPerRow = false
  readonly wakeAt = Number.POSITIVE_INFINITY
  readonly action = 'continue'
  dueAt = Number.POSITIVE_INFINITY
  readonly #everyMs: number
  readonly #changed: ChangedKeys

  constructor(kernels: KernelExports, arena: Arena, { everyMs }: IntervalTrigger, list: number) {
    this.#everyMs = everyMs
    this.#changed = new ChangedKeys(kernels, arena, list)
  }

  get firesAt(): number {
    return this.#changed.count > 0 ? this.dueAt : Number.POSITIVE_INFINITY
  }

  reserve(idLimit: number): void {
    this.#changed.reserve(idLimit)
  }

  rowsNext(rows: BatchRows): void {
    if (this.dueAt !== Number.POSITIVE_INFINITY) return
    const { cursor } = rows
    this.dueAt = nextMultiple(this.#everyMs, Math.max(rows.timeAt(cursor), rows.watermarks.at(cursor)))
  }

  next(rows: BatchRows, from: number, to: number): number {
    this.#changed.add(rows, from, to)
    return to
  }

  takeDue(watermark: number): DueKeys | undefined {
    const { dueAt } = this
    if (watermark < dueAt) return
    this.dueAt = nextMultiple(this.#everyMs, watermark)
    if (this.#changed.count === 0) return
    return { atMs: dueAt, ids: this.#changed.take(), action: 'fire' }
  }

  takeDueByClock(): undefined {}

  purged(): void {}

  markIds(): void {}

  snapshot(writer: StateWriter): void {
    writer.f64(this.dueAt)
    this.#changed.snapshot(writer)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    const dueAt = reader.instant(Number.POSITIVE_INFINITY)
    const { count } = this.#changed
    this.#changed.restore(reader, keys)
    // Where no key has changed, it stands where it last was.
    if (this.dueAt === Number.POSITIVE_INFINITY || count === 0) this.dueAt = dueAt
    else if (this.#changed.count > count) this.dueAt = Math.min(this.dueAt, dueAt)
  }

  close(): void {
    this.#changed.close()
  }
}
