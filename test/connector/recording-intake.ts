import type { IntakeResult, SourceIntake } from '../../src/connector/source.ts'
import type { EventfluxError } from '../../src/errors.ts'
import type { ColumnBlock, ColumnValues } from '../../src/memory/column-input.ts'
import type { Schema } from '../../src/schema/schema.ts'
import { type Clock, systemClock } from '../../src/time/clock.ts'

/** An intake that keeps what it gets, can make every push wait, and notes a source that doesn't wait. */
export class RecordingIntake<E = unknown> implements SourceIntake<E> {
  readonly events: E[] = []
  readonly rejected: EventfluxError[] = []
  readonly controller = new AbortController()
  readonly signal = this.controller.signal
  readonly clock: Clock
  readonly schema?: Schema
  pushes = 0
  /** Pushes made while an earlier one still waited: a broken contract. */
  overruns = 0
  #isWaiting = false
  readonly #pause: (() => Promise<void>) | undefined
  readonly #result: (accepted: number) => IntakeResult

  constructor(
    options: {
      clock?: Clock
      schema?: Schema
      /** Each push waits for it. */
      pause?: () => Promise<void>
      /** What a push answers, given how many events were taken so far. */
      result?: (accepted: number) => IntakeResult
    } = {},
  ) {
    this.clock = options.clock ?? systemClock
    if (options.schema) this.schema = options.schema
    this.#pause = options.pause
    this.#result = options.result ?? (() => true)
  }

  push(event: E): IntakeResult | Promise<IntakeResult> {
    return this.#take(() => [event])
  }

  pushMany(events: readonly E[]): IntakeResult | Promise<IntakeResult> {
    return this.#take(() => events)
  }

  pushColumns(columns: ColumnBlock): IntakeResult | Promise<IntakeResult> {
    return this.#take(() => rowsOf(columns) as E[])
  }

  reject(error: EventfluxError): void {
    this.rejected.push(error)
  }

  #take(events: () => readonly E[]): IntakeResult | Promise<IntakeResult> {
    this.pushes++
    if (this.#isWaiting) this.overruns++
    if (!this.#pause) {
      this.events.push(...events())
      return this.#result(this.events.length)
    }
    this.#isWaiting = true
    return this.#pause().then(() => {
      // Read late on purpose: what was handed over must not have changed meanwhile.
      this.events.push(...events())
      this.#isWaiting = false
      return this.#result(this.events.length)
    })
  }
}

/** A block as row objects, nulls included. */
export function rowsOf(block: ColumnBlock): Record<string, unknown>[] {
  const columns = Object.entries(block).map(([name, given]) => {
    const isMasked = 'valid' in given
    const values = Array.from((isMasked ? given.values : given) as ArrayLike<unknown> & ColumnValues)
    const valid = isMasked ? given.valid : undefined
    return [name, values.map((value, row) => (valid && !((valid[row >> 3]! >> (row & 7)) & 1) ? null : value))] as const
  })
  const length = columns[0]?.[1].length ?? 0
  return Array.from({ length }, (_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row]])))
}

/** Lets the event loop turn until `isMet`. */
export async function until(isMet: () => boolean): Promise<void> {
  for (let turn = 0; !isMet(); turn++) {
    if (turn > 10_000) throw new Error('it never happened')
    await new Promise(resolve => setImmediate(resolve))
  }
}
