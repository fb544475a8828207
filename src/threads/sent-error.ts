import { EventfluxError, type EventfluxErrorCode, messageOf, stageFailed } from '../errors.ts'

/** Causes of causes that travel along. */
const MOST_CAUSES = 8

/** What was thrown, on its way between threads: all of it that can be sent. */
export type SentError =
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error'
      readonly message: string
      readonly stack: string | undefined
      /** Its name and whatever else it says of itself: a code, a path, the row it is about. */
      readonly says: Readonly<Record<string, unknown>>
      /** Set where it is one of this library. */
      readonly code: EventfluxErrorCode | undefined
      readonly cause: SentError | undefined
    }

/** What can be sent of something that was thrown. Never throws, whatever that is. */
export function sentError(thrown: unknown, causes = MOST_CAUSES): SentError {
  const text: SentError = { kind: 'value', value: messageOf(thrown) }
  try {
    if (!(thrown instanceof Error)) return canBeSent(thrown) ? { kind: 'value', value: thrown } : text
    const says: Record<string, unknown> = { name: thrown.name }
    for (const [key, value] of Object.entries(thrown)) if (canBeSent(value)) says[key] = value
    return {
      kind: 'error',
      message: messageOf(thrown),
      stack: thrown.stack,
      says,
      code: thrown instanceof EventfluxError ? thrown.code : undefined,
      cause: thrown.cause === undefined || causes === 0 ? undefined : sentError(thrown.cause, causes - 1),
    }
  } catch {
    return text
  }
}

/** The error that ends a job because of what another thread sent. */
export function receivedError(sent: SentError, worker: string): EventfluxError {
  const thrown = thrownThere(sent, worker)
  if (thrown instanceof EventfluxError) return thrown
  return stageFailed(`${worker} failed: ${messageOf(thrown)}`, { at: worker, cause: thrown })
}

function thrownThere(sent: SentError, worker: string): unknown {
  if (sent.kind === 'value') return sent.value
  const { message, stack, says, code } = sent
  const cause = sent.cause && thrownThere(sent.cause, worker)
  if (code !== undefined) {
    const at = typeof says.at === 'string' ? says.at : worker
    return Object.assign(new EventfluxError(code, message, { value: says.value, at, cause }), { stack })
  }
  const error = new Error(message, cause === undefined ? undefined : { cause })
  // Defined, not assigned: what is said may be called anything.
  for (const [key, value] of Object.entries({ ...says, stack }))
    Object.defineProperty(error, key, {
      value,
      configurable: true,
      writable: true,
      enumerable: key !== 'name' && key !== 'stack',
    })
  return error
}

function canBeSent(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
