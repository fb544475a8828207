import { backpressure, type EventfluxError, optionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import type { Clock } from '../time/clock.ts'
import type { Source, SourceIntake, SourceMetadata } from './source.ts'

/** Starts listening; the returned function stops. */
export type Subscribe<E> = (listener: {
  readonly event: (event: E) => void
  readonly end: () => void
  readonly fail: (cause: unknown) => void
  /** Input that is no event: counted and routed by the error policy of the source. */
  readonly reject: (error: EventfluxError) => void
  /** The clock of the job. */
  readonly clock: Clock
}) => () => void

/**
 * Something that calls back whenever it likes and can't be slowed down. While a push waits for room, what arrives is
 * kept, at most `maxWaiting` events; what arrives beyond that is refused and counted, never silently lost.
 */
export class ListenerSource<E> implements Source<E> {
  readonly metadata: SourceMetadata
  readonly #subscribe: Subscribe<E>
  readonly #maxWaiting: number

  constructor(options: { name: string; kind: string; maxWaiting?: number | undefined; subscribe: Subscribe<E> }) {
    const { name, kind, maxWaiting = 1024 } = options
    if (!Number.isSafeInteger(maxWaiting) || maxWaiting < 0) {
      throw optionInvalid(
        `maxWaiting of source "${name}" is ${show(maxWaiting)} and must be an integer of at least 0`,
        {
          value: maxWaiting,
          at: name,
        },
      )
    }
    this.metadata = { name, kind, replayable: false, bounded: false }
    this.#subscribe = options.subscribe
    this.#maxWaiting = maxWaiting
  }

  run(intake: SourceIntake<E>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const waiting: E[] = []
      let isPushing = false
      let isEnding = false
      let isFinished = false
      let unsubscribe: (() => void) | undefined

      const finish = (error?: { readonly cause: unknown }): void => {
        if (isFinished) return
        isFinished = true
        intake.signal.removeEventListener('abort', stop)
        let failure = error
        try {
          unsubscribe?.()
        } catch (cause) {
          failure ??= { cause }
        }
        if (failure) reject(failure.cause)
        else resolve()
      }
      const stop = (): void => finish()
      const fail = (cause: unknown): void => finish({ cause })

      const afterPush = async (first: Promise<unknown>): Promise<void> => {
        isPushing = true
        await first
        while (waiting.length > 0 && !isFinished) await intake.pushMany(waiting.splice(0))
        isPushing = false
        if (isEnding) finish()
      }
      // Who calls back is not the one to hear what is wrong with an event.
      const guarded = (hand: () => void): void => {
        try {
          hand()
        } catch (cause) {
          fail(cause)
        }
      }
      const event = (value: E): void => {
        if (isEnding || isFinished) return
        if (isPushing && waiting.length < this.#maxWaiting) waiting.push(value)
        else if (isPushing) refuse(this.#overrun(value))
        else
          guarded(() => {
            const outcome = intake.push(value)
            if (outcome !== true && 'then' in outcome) afterPush(outcome).catch(fail)
          })
      }
      const refuse = (error: EventfluxError): void => guarded(() => intake.reject(error))
      const end = (): void => {
        isEnding = true
        if (!isPushing) finish()
      }

      if (intake.signal.aborted) {
        finish()
        return
      }
      intake.signal.addEventListener('abort', stop, { once: true })
      unsubscribe = this.#subscribe({ event, end, fail, reject: refuse, clock: intake.clock })
      if (isFinished) unsubscribe()
    })
  }

  #overrun(value: E): EventfluxError {
    const { name } = this.metadata
    return backpressure(
      `source "${name}" can't be slowed down and ${this.#maxWaiting} of its events wait already: use a dropping strategy, a larger bufferSize or maxWaiting`,
      { value, at: name },
    )
  }
}

/** Where events can be listened to: DOM nodes, WebSocket, EventSource, BroadcastChannel, AbortSignal, … */
type Listenable = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>

/**
 * The events of an EventTarget as a source that runs until it is stopped, or until an event of type `endOn` arrives.
 *
 * @param map makes the event that enters the pipeline, synchronously; undefined drops it. Default: the DOM event itself.
 * @example
 * const ticks = fromEventTarget(socket, 'message', (m: MessageEvent<string>) => JSON.parse(m.data), { endOn: 'close' })
 */
export function fromEventTarget<Dom = Event, E = Dom>(
  target: Listenable,
  type: string,
  map?: (event: Dom) => E | undefined,
  options: { readonly name?: string; readonly maxWaiting?: number; readonly endOn?: string } = {},
): Source<E> {
  checkOptions<typeof options>('fromEventTarget', options, { name: true, maxWaiting: true, endOn: true })
  return new ListenerSource<E>({
    name: options.name ?? type,
    kind: 'eventTarget',
    maxWaiting: options.maxWaiting,
    subscribe({ event, end, fail }) {
      const listener = (given: Dom): void => {
        let mapped: E | undefined
        try {
          mapped = map ? map(given) : (given as unknown as E)
        } catch (cause) {
          fail(cause)
          return
        }
        if (mapped !== undefined) event(mapped)
      }
      target.addEventListener(type, listener as unknown as EventListener)
      if (options.endOn) target.addEventListener(options.endOn, end)
      return () => {
        target.removeEventListener(type, listener as unknown as EventListener)
        if (options.endOn) target.removeEventListener(options.endOn, end)
      }
    },
  })
}
