import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import { checkpointUnsupported, messageOf, stageFailed } from '../../../errors.ts'
import type { CheckedDefinition } from '../../../expression/aggregate-definition.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** An aggregate of a user's that can take values out again. */
export class UserAggregate implements RunningAggregate {
  readonly #definition: CheckedDefinition
  readonly #valuesOf: (value: unknown) => readonly unknown[]
  #kept: unknown

  constructor(definition: CheckedDefinition, valuesOf: (value: unknown) => readonly unknown[]) {
    this.#definition = definition
    this.#valuesOf = valuesOf
    this.#kept = definition.create()
  }

  add(value: unknown): void {
    this.#kept = this.#definition.add(this.#kept, ...this.#valuesOf(value))
  }

  remove(value: unknown): void {
    this.#kept = this.#definition.remove!(this.#kept, ...this.#valuesOf(value))
  }

  value(): unknown {
    return this.#definition.result(this.#kept)
  }

  snapshot(writer: StateWriter): void {
    try {
      writer.value(this.#kept)
    } catch (cause) {
      const { name } = this.#definition
      throw checkpointUnsupported(`the aggregate ${name}: ${(cause as Error).message}`, { at: name, cause })
    }
  }

  restore(reader: StateReader): void {
    this.#kept = reader.value()
  }
}

/** The same definition; what it throws says which one threw. */
export function namedFailures(definition: CheckedDefinition): CheckedDefinition {
  const { name, remove } = definition
  const named =
    <A extends readonly unknown[], R>(run: (...args: A) => R) =>
    (...args: A): R => {
      try {
        return run(...args)
      } catch (cause) {
        throw stageFailed(`the aggregate ${name} failed: ${messageOf(cause)}`, { at: name, cause })
      }
    }
  return {
    ...definition,
    create: named(() => definition.create()),
    add: named((kept, ...values) => definition.add(kept, ...values)),
    ...(remove && { remove: named(remove) }),
    result: named(kept => definition.result(kept)),
  }
}
