/**
 * The one error class of the library and one maker per code.
 *
 * Expected conditions (a full queue, a late row, a closed edge) are return values and counters. An `EventfluxError` is
 * misuse, or a fault that ends a job: its `code` is stable, its message names the offending value and says what to do.
 */
export type EventfluxErrorCode =
  | 'SCHEMA_INVALID'
  | 'EXPRESSION_INVALID'
  | 'PLAN_INVALID'
  | 'OPTION_INVALID'
  | 'EVENT_INVALID'
  | 'DECODE_FAILED'
  | 'STATE_FULL'
  | 'OVERFLOW'
  | 'BACKPRESSURE'
  | 'CLOSED'
  | 'DOUBLE_RELEASE'
  | 'SOURCE_FAILED'
  | 'STAGE_FAILED'
  | 'SINK_FAILED'
  | 'ENGINE_UNAVAILABLE'
  | 'TIMEOUT'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISMATCH'
  | 'CHECKPOINT_UNSUPPORTED'
  | 'CHECKPOINT_BUSY'
  | 'CHECKPOINT_CONFLICT'
  | 'CHECKPOINT_FAILED'
  | 'HARNESS_FAILED'

interface ErrorDetails {
  /** The value that was refused, as it was given. */
  readonly value?: unknown
  /** Where: a field path, a stage name, a line number. */
  readonly at?: string
  readonly cause?: unknown
}

/**
 * What the library throws, and what ends a job. Tell errors apart by `code`.
 *
 * @example
 * ```ts
 * try {
 *   await job.drain()
 * } catch (error) {
 *   if (error instanceof EventfluxError && error.code === 'SINK_FAILED') console.error(error.at, error.cause)
 * }
 * ```
 */
export class EventfluxError extends Error {
  override readonly name: string = 'EventfluxError'
  readonly code: EventfluxErrorCode
  readonly value: unknown
  readonly at: string | undefined
  /** What failed while a job was being closed because of this error. */
  readonly suppressed: unknown[] = []

  constructor(code: EventfluxErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.value = details.value
    this.at = details.at
  }
}

/** Shows a refused value in a message: short, on one line, never throwing. */
export function show(value: unknown): string {
  let text: string
  try {
    if (typeof value === 'string') text = JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
    else if (typeof value === 'bigint') text = `${value}n`
    else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`
    else if (value instanceof Date) text = 'a Date (its getTime() is the number)'
    else if (typeof value === 'object' && value !== null)
      text = Array.isArray(value) ? `an array of ${value.length}` : 'an object'
    else text = String(value)
  } catch {
    text = typeof value
  }
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** What an error says that others threw, or what they threw instead of one. Never throws, whatever that is. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return show(thrown)
  }
}

const maker =
  (code: EventfluxErrorCode) =>
  (message: string, details?: ErrorDetails): EventfluxError =>
    new EventfluxError(code, message, details)

/** A schema that can't be built: a forbidden or duplicate field name, too many fields, an unknown type. */
export const schemaInvalid = maker('SCHEMA_INVALID')
/** An expression whose operand types don't fit, or that names a column the input doesn't have. */
export const expressionInvalid = maker('EXPRESSION_INVALID')
/** A plan that can't run: an aggregate without a window, a window without event time, state without a bound. */
export const planInvalid = maker('PLAN_INVALID')
/** An option out of its range. */
export const optionInvalid = maker('OPTION_INVALID')
/** One event that doesn't fit the schema. */
export const eventInvalid = maker('EVENT_INVALID')
/** Bytes that aren't the announced format; `at` carries the line. */
export const decodeFailed = maker('DECODE_FAILED')
/** A bound on state (`maxMemory`, `maxKeys`) was reached. */
export const stateFull = maker('STATE_FULL')
/** A checked integer operation left its range. */
export const overflow = maker('OVERFLOW')
/** The `error` strategy met a full edge. */
export const backpressure = maker('BACKPRESSURE')
/** Something was used after it was closed. */
export const closed = maker('CLOSED')
/** A pool handle was released twice. */
export const doubleRelease = maker('DOUBLE_RELEASE')
/** A source failed; `cause` is its own error. */
export const sourceFailed = maker('SOURCE_FAILED')
/** A user function of a stage threw; `at` names the stage. */
export const stageFailed = maker('STAGE_FAILED')
/** A sink failed for good; `cause` is its own error. */
export const sinkFailed = maker('SINK_FAILED')
/** The asked-for engine can't run here. */
export const engineUnavailable = maker('ENGINE_UNAVAILABLE')
/** Something did not end in its time. */
export const timedOut = maker('TIMEOUT')
/** Bytes that are no state: cut short, too long, or not what the format says. */
export const checkpointInvalid = maker('CHECKPOINT_INVALID')
/** The state of something else: another plan, other columns, other aggregates, lower bounds. */
export const checkpointMismatch = maker('CHECKPOINT_MISMATCH')
/** A value that can't be kept in a state, or a state too large for its format. */
export const checkpointUnsupported = maker('CHECKPOINT_UNSUPPORTED')
/** A snapshot was asked for in the middle of a batch. */
export const checkpointBusy = maker('CHECKPOINT_BUSY')
/** Another writer has put a checkpoint where this one belongs. */
export const checkpointConflict = maker('CHECKPOINT_CONFLICT')
/** A checkpoint could not be made durable or read; `cause` is the store's own error. */
export const checkpointFailed = maker('CHECKPOINT_FAILED')
/** A pipeline under test gave other results where none may differ. */
export const harnessFailed = maker('HARNESS_FAILED')
