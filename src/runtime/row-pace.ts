import { optionInvalid, show } from '../errors.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Schema } from '../schema/schema.ts'
import type { EventDrivenClock } from '../time/event-driven-clock.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** Paces the work on rows by a clock they move themselves: the rows of one time, and before them what is due by then. */
export class RowPace {
  readonly #clock: EventDrivenClock
  readonly #memory: LinearMemory
  readonly #kernels: Pick<KernelExports, 'scanTimeAtLeast'>
  readonly #column: number

  /** @throws EventfluxError `OPTION_INVALID` when the clock's column is no time of the source. */
  constructor(
    clock: EventDrivenClock,
    source: Schema,
    memory: LinearMemory,
    kernels: Pick<KernelExports, 'scanTimeAtLeast'>,
  ) {
    const type = source.field(clock.column)?.type
    if (type?.name !== 'timestamp' || type.isNullable)
      throw optionInvalid(
        `An event-driven clock goes by a timestamp() of the source that is never null; ${show(clock.column)} isn't one`,
        { value: clock.column, at: 'clock' },
      )
    this.#clock = clock
    this.#memory = memory
    this.#kernels = kernels
    this.#column = source.fields.findIndex(({ name }) => name === clock.column)
  }

  /** Moves the clock on towards the first of some rows. How many of them stand at its time: 0, something else comes first. */
  rowsNow({ columns, length }: RecordBatch): number {
    const times = columns[this.#column]!.values
    if (!this.#clock.stepTowards(this.#memory.f64[times >>> 3]!)) return 0
    return this.#kernels.scanTimeAtLeast(times, 0, length, this.#clock.now() + 1)
  }
}
