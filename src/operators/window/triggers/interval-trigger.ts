import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { IntervalTrigger } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import type { KeyIds } from '../key-ids.ts'
import { ChangedKeys, nextMultiple } from './changed-keys.ts'
import type { DueKeys, RunningTrigger } from './running-trigger.ts'

/** Before there is any watermark: the first one says which multiple is the next. */
const UNKNOWN = -Number.MAX_VALUE

/**
 * Fires the keys that have changed when the watermark reaches the next multiple of an interval. Which one that is hangs on
 * the watermark alone: replicas that see other rows agree on it.
 */
export class RunningIntervalTrigger implements RunningTrigger {
  readonly kernels = ['listChanged']
  readonly inTypeScript = undefined
  readonly isPerRow = false
  readonly wakeAt = Number.POSITIVE_INFINITY
  readonly action = 'continue'
  dueAt = UNKNOWN
  /** The time of the first row, for an input that ends before it has any watermark. */
  #firstTime = Number.NaN
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
    if (this.#changed.count > 0) return
    const { cursor } = rows
    const met = rows.watermarks.at(cursor)
    if (Number.isNaN(this.#firstTime)) this.#firstTime = rows.timeAt(cursor)
    // Nobody told how far the watermark was meanwhile: nothing was to fire.
    if (Number.isFinite(met)) this.dueAt = nextMultiple(this.#everyMs, met)
  }

  next(rows: BatchRows, from: number, to: number): number {
    this.#changed.add(rows, from, to)
    return to
  }

  takeDue(watermark: number): DueKeys | undefined {
    if (watermark < this.dueAt) return
    const isKnown = this.dueAt !== UNKNOWN
    const dueAt = isKnown ? this.dueAt : nextMultiple(this.#everyMs, this.#firstTime)
    this.dueAt = nextMultiple(this.#everyMs, watermark)
    if (!isKnown && watermark < Number.POSITIVE_INFINITY) return
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
    if (count === 0) this.dueAt = dueAt
    else if (this.#changed.count > count) this.dueAt = Math.min(this.dueAt, dueAt)
  }

  close(): void {
    this.#changed.close()
  }
}
