import type { IntakeResult, SourceIntake } from '../connector/source.ts'
import type { EventfluxError } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'

/** One intake for several that push at the same time: while one waits for room, the others wait for it. */
export class IntakeTurnstile<E> implements SourceIntake<E> {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly schema?: Schema
  readonly #intake: SourceIntake<E>
  /** The last push that had to wait; undefined when there is none. */
  #last: Promise<unknown> | undefined

  constructor(intake: SourceIntake<E>) {
    this.#intake = intake
    this.signal = intake.signal
    this.clock = intake.clock
    if (intake.schema) this.schema = intake.schema
  }

  push(event: E): IntakeResult | Promise<IntakeResult> {
    return this.#pass(() => this.#intake.push(event))
  }

  pushMany(events: readonly E[]): IntakeResult | Promise<IntakeResult> {
    return this.#pass(() => this.#intake.pushMany(events))
  }

  pushColumns(columns: ColumnBlock): IntakeResult | Promise<IntakeResult> {
    return this.#pass(() => this.#intake.pushColumns(columns))
  }

  reject(error: EventfluxError): void | Promise<void> {
    return this.#intake.reject(error)
  }

  #pass(push: () => IntakeResult | Promise<IntakeResult>): IntakeResult | Promise<IntakeResult> {
    const outcome = this.#last === undefined ? push() : this.#last.then(push, push)
    if (outcome === true || !('then' in outcome)) return outcome
    this.#last = outcome
    const done = (): void => {
      if (this.#last === outcome) this.#last = undefined
    }
    outcome.then(done, done)
    return outcome
  }
}
