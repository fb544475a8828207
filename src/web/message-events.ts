import type { Subscribe } from '../connector/listener-source.ts'
import { decodeFailed, messageOf, show } from '../errors.ts'

/** What the messages of a connection become. */
export interface MessageOptions<E> {
  /** The name in errors and metrics. */
  readonly name?: string
  /**
   * Makes the event (or events) that enter the pipeline of a message's data; undefined drops it. Default: text is read as
   * JSON, anything else is taken as it is; an array is many events. What it throws makes the message a rejected input, by
   * policy `errors.source`.
   */
  readonly map?: (data: unknown) => E | readonly E[] | undefined
  /** Events kept while a push waits for room; beyond that they are refused and counted. Default 1,024. */
  readonly maxWaiting?: number
}

/** Hands the events of a message on; one that can't be read is rejected, and the connection goes on. */
export function messageReader<E>(
  { map = readJson<E> }: MessageOptions<E>,
  name: string,
  { event, reject }: Pick<Parameters<Subscribe<E>>[0], 'event' | 'reject'>,
): (message: { readonly data?: unknown }) => void {
  return ({ data }) => {
    let made: E | readonly E[] | undefined
    try {
      made = map(data)
    } catch (cause) {
      reject(
        decodeFailed(`a message of "${name}" can't be read: ${messageOf(cause)}`, {
          at: name,
          value: show(data),
          cause,
        }),
      )
      return
    }
    if (Array.isArray(made)) for (const one of made as readonly E[]) event(one)
    else if (made !== undefined) event(made as E)
  }
}

function readJson<E>(data: unknown): E | readonly E[] {
  return typeof data === 'string' ? JSON.parse(data) : (data as E)
}
