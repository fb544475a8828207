import type { IntakeResult, SourceIntake } from '../connector/source.ts'
import type { EventfluxError } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { Schema } from '../schema/schema.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { blockRows } from './block-rows.ts'

/** An intake that keeps what it gets, can make every push wait, and notes a source that doesn't wait. */
export class TestIntake<E = unknown> implements SourceIntake<E> {
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
    return this.#take(() => blockRows(columns) as E[])
  }

  reject(error: EventfluxError): void {
    this.rejected.push(error)
  }

  #take(events: () => readonly E[]): IntakeResult | Promise<IntakeResult> {
    this.pushes++
    if (this.#isWaiting) this.overruns++
    if (!this.#pause) {
      for (const event of events()) this.events.push(event)
      return this.#result(this.events.length)
    }
    this.#isWaiting = true
    return this.#pause().then(() => {
      // Read late on purpose: what was handed over must not have changed meanwhile.
      for (const event of events()) this.events.push(event)
      this.#isWaiting = false
      return this.#result(this.events.length)
    })
  }
}
