import { type EventfluxError, eventInvalid, show } from '../errors.ts'
import { type DataType, type StoredTypeName, storedName } from '../schema/data-type.ts'
import type { ColumnField } from './column-buffers.ts'
import { inherited } from './inherited.ts'

/** What a value must be to enter a column, in words. */
const EXPECTED: Readonly<Record<StoredTypeName, string>> = {
  f64: 'a number',
  f32: 'a number',
  i32: 'an integer from -2147483648 to 2147483647',
  u32: 'an integer from 0 to 4294967295',
  i64: 'a bigint from -2^63 to 2^63 - 1',
  bool: 'true or false',
  timestamp: 'milliseconds since the Unix epoch, a safe integer',
  utf8: 'a string',
}

/**
 * Why the last row was refused. Writers note it here for nothing but two stores; the error is made when it is asked for,
 * so that a flood of bad events costs no stack traces.
 */
export class RowFault {
  readonly #fields: readonly ColumnField[]
  readonly #maxStringLength: number
  #kind: 'event' | 'nested' | 'value' | 'thrown' = 'event'
  #field = 0
  #row = -1
  #value: unknown
  #fatal: unknown

  constructor(fields: readonly ColumnField[], maxStringLength: number) {
    this.#fields = fields
    this.#maxStringLength = maxStringLength
  }

  /** The event is no object. Always false, for `return`. */
  event(event: unknown): false {
    this.#kind = 'event'
    this.#value = event
    return false
  }

  /** The event came while another one was being written. */
  nested(event: unknown): false {
    this.#kind = 'nested'
    this.#value = event
    return false
  }

  /** A value doesn't fit its field; `row` is its position in a column given, -1 in an event. */
  value(field: number, value: unknown, row = -1): false {
    this.#kind = 'value'
    this.#field = field
    this.#row = row
    this.#value = value === inherited(this.#fields[field]!.name) ? undefined : value
    return false
  }

  /** Reading threw. An error noted as fatal is thrown on. */
  thrown(field: number, error: unknown, row = -1): false {
    if (this.isFatal(error)) throw error
    this.#kind = 'thrown'
    this.#field = field
    this.#row = row
    this.#value = error
    return false
  }

  /** Reading a field of an event threw: finds out which. */
  thrownBy(event: Readonly<Record<string, unknown>>, error: unknown): false {
    return this.thrown(error === this.#fatal ? -1 : throwingField(this.#fields, event), error)
  }

  /** An error that isn't the event's fault and ends the job; the caller throws it next. */
  fatal(error: unknown): void {
    this.#fatal = error
  }

  isFatal(error: unknown): boolean {
    return error !== undefined && error === this.#fatal
  }

  /** The refusal noted last, as an `EVENT_INVALID`. */
  error(): EventfluxError {
    const value = this.#value
    if (this.#kind === 'event') {
      return eventInvalid(`an event is an object with the fields of the schema, not ${show(value)}`, { value })
    }
    if (this.#kind === 'nested') {
      return eventInvalid('a getter of an event pushed another event: push it after the first', { value })
    }
    const field = this.#fields[this.#field]
    if (this.#kind === 'thrown') {
      const at = field === undefined ? undefined : this.#path(field)
      const what = at === undefined ? 'reading the event' : `reading ${at}`
      const details = at === undefined ? { cause: value } : { cause: value, at }
      return eventInvalid(`${what} threw ${value instanceof Error ? show(value.message) : show(value)}`, details)
    }
    const expected = this.#expected(field!.type)
    const given = typeof value === 'string' ? `${show(value)} (length ${value.length})` : show(value)
    const at = this.#path(field!)
    if (value === undefined) return eventInvalid(`${at} is missing; it takes ${expected}`, { value, at })
    return eventInvalid(`${at} takes ${expected}, not ${given}`, { value, at })
  }

  #path(field: ColumnField): string {
    return this.#row < 0 ? field.name : `${field.name}[${this.#row}]`
  }

  #expected(type: DataType): string {
    const limit = type.name === 'utf8' ? ` of at most ${this.#maxStringLength} UTF-16 units` : ''
    return `${EXPECTED[storedName(type)]}${limit}${type.isNullable ? ' or null' : ''}`
  }
}

function throwingField(fields: readonly ColumnField[], event: Readonly<Record<string, unknown>>): number {
  return fields.findIndex(field => {
    try {
      void event[field.name]
      return false
    } catch {
      return true
    }
  })
}
