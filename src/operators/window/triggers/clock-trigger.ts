import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { Arena } from '../../../memory/arena.ts'
import type { IntervalTrigger } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { BatchRows } from '../batch-rows.ts'
import type { KeyIds } from '../key-ids.ts'
import { ChangedKeys, nextMultiple } from './changed-keys.ts'
import type { DueKeys, RunningTrigger } from './running-trigger.ts'

/** Fires the keys that have changed when the job's clock reaches the next multiple of an interval. */
export class RunningClockTrigger implements RunningTrigger {
  readonly kernels = ['listChanged']
  readonly inTypeScript = undefined
  readonly isPerRow = false
  readonly dueAt = Number.POSITIVE_INFINITY
  readonly firesAt = Number.POSITIVE_INFINITY
  readonly action = 'continue'
  wakeAt = Number.POSITIVE_INFINITY
  readonly #everyMs: number
  readonly #now: () => number
  readonly #changed: ChangedKeys

  constructor(
    kernels: KernelExports,
    arena: Arena,
    { everyMs }: IntervalTrigger,
    { list, now }: { list: number; now: () => number },
  ) {
    this.#everyMs = everyMs
    this.#now = now
    this.#changed = new ChangedKeys(kernels, arena, list)
  }

  reserve(idLimit: number): void {
    this.#changed.reserve(idLimit)
  }

  rowsNext(): void {}

  next(rows: BatchRows, from: number, to: number): number {
    this.#changed.add(rows, from, to)
    if (this.wakeAt === Number.POSITIVE_INFINITY) this.wakeAt = nextMultiple(this.#everyMs, this.#now())
    return to
  }

  takeDue(): undefined {}

  takeDueByClock(nowMs: number): DueKeys | undefined {
    const { wakeAt } = this
    if (nowMs < wakeAt) return
    this.wakeAt = Number.POSITIVE_INFINITY
    return { atMs: wakeAt, ids: this.#changed.take(), action: 'fire' }
  }

  purged(): void {}

  markIds(): void {}

  snapshot(writer: StateWriter): void {
    writer.f64(this.wakeAt)
    this.#changed.snapshot(writer)
  }

  restore(reader: StateReader, keys: KeyIds): void {
    this.wakeAt = Math.min(this.wakeAt, reader.instant(Number.POSITIVE_INFINITY))
    this.#changed.restore(reader, keys)
  }

  close(): void {
    this.#changed.close()
  }
}
