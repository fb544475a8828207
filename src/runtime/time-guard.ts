import { type EventfluxError, eventInvalid } from '../errors.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RowRing } from '../memory/row-ring.ts'
import type { FutureLimit } from '../plan/future-limits.ts'
import type { Clock } from '../time/clock.ts'
import { formatDuration } from '../time/duration.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** Keeps rows out whose time is too far ahead of the clock: one of them would lead the watermark past all others. */
export class TimeGuard {
  readonly #ring: RowRing
  readonly #memory: LinearMemory
  readonly #kernels: Pick<KernelExports, 'scanTimeAtLeast'>
  readonly #clock: Clock
  readonly #limits: readonly (FutureLimit & { readonly index: number })[]

  constructor(parts: {
    readonly ring: RowRing
    readonly memory: LinearMemory
    readonly kernels: Pick<KernelExports, 'scanTimeAtLeast'>
    readonly clock: Clock
    readonly limits: readonly FutureLimit[]
  }) {
    const { ring } = parts
    this.#ring = ring
    this.#memory = parts.memory
    this.#kernels = parts.kernels
    this.#clock = parts.clock
    this.#limits = parts.limits.map(limit => ({
      ...limit,
      index: ring.fields.findIndex(({ name }) => name === limit.column),
    }))
  }

  /** How many of `count` rows written from `row` on come before the first that is too far ahead. */
  fitting(row: number, count: number): number {
    let rows = count
    for (const { index, maxFutureSkewMs } of this.#limits) {
      const bound = Math.floor(this.#clock.now()) + maxFutureSkewMs + 1
      rows = this.#kernels.scanTimeAtLeast(this.#ring.columns.values[index]! + row * 8, 0, rows, bound)
    }
    return rows
  }

  /** Why a written row doesn't fit. */
  error(row: number): EventfluxError {
    const nowMs = Math.floor(this.#clock.now())
    const timeOf = (index: number): number => this.#memory.f64[(this.#ring.columns.values[index]! >>> 3) + row]!
    const { column, index, maxFutureSkewMs } =
      this.#limits.find(limit => timeOf(limit.index) > nowMs + limit.maxFutureSkewMs) ?? this.#limits[0]!
    const value = timeOf(index)
    return eventInvalid(
      `${column} is ${formatDuration(Math.max(0, value - nowMs))} ahead of the clock; it may be ${formatDuration(maxFutureSkewMs)}`,
      { value, at: column },
    )
  }
}
