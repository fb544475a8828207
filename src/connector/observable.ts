import { optionInvalid, show } from '../errors.ts'
import { checkOptions, expectArgument, isAsyncIterable } from '../options.ts'
import { ListenerSource } from './listener-source.ts'
import type { Source } from './source.ts'
import { toSource } from './to-source.ts'

/** What an observable tells, in the shape all libraries share. */
export interface ObservableObserver<T> {
  next?(value: T): void
  error?(cause: unknown): void
  complete?(): void
}

/** An observable of RxJS, most, xstream, zen-observable, …, or what turns into one by `Symbol.observable`. */
export interface ObservableLike<T> {
  subscribe(observer: Required<ObservableObserver<T>>): unknown
}

/** Under which name libraries look for an observable: the proposed symbol where somebody defined it, and a string. */
const keys = (): PropertyKey[] => {
  const { observable } = Symbol as { readonly observable?: symbol }
  return observable === undefined ? ['@@observable'] : [observable, '@@observable']
}

/**
 * What an observable emits as a source that ends when it completes; its error fails the source. It can't be slowed down:
 * while a push waits for room, at most `maxWaiting` events are kept, and what comes beyond is refused and counted.
 *
 * @throws EventfluxError `OPTION_INVALID` when `input` is none.
 * @example
 * import { Subject } from 'rxjs'
 * const prices = new Subject<{ time: number; symbol: string; price: number }>()
 * const job = await highs.run({ source: fromObservable(prices) })
 */
export function fromObservable<E>(
  input: ObservableLike<E>,
  options: { readonly name?: string; readonly maxWaiting?: number } = {},
): Source<E> {
  checkOptions<typeof options>('fromObservable', options, { name: true, maxWaiting: true })
  const observable = observableOf(input)
  return toSource(
    new ListenerSource<E>({
      name: options.name ?? 'observable',
      kind: 'observable',
      maxWaiting: options.maxWaiting,
      subscribe({ event, end, fail }) {
        const subscription = observable.subscribe({ next: event, error: fail, complete: end })
        return () => {
          if (typeof subscription === 'function') subscription()
          else (subscription as { unsubscribe?(): void } | undefined)?.unsubscribe?.()
        }
      },
    }),
  )
}

function observableOf<E>(input: ObservableLike<E>): ObservableLike<E> {
  const given = input as ObservableLike<E> & Record<PropertyKey, (() => ObservableLike<E>) | undefined>
  for (const key of keys()) {
    if (typeof given?.[key] === 'function') return given[key]()
  }
  if (typeof given?.subscribe === 'function') return given
  throw optionInvalid(`${show(input)} is no observable: it has no subscribe()`, { value: input })
}

/** An observable that every library takes: `from(toObservable(job))`. */
export interface RowObservable<R> {
  /** Starts reading; the returned object stops. */
  subscribe(observer: ObservableObserver<R> | ((row: R) => void)): { unsubscribe(): void }
  /** Itself. Under `Symbol.observable` too, where that is defined. */
  '@@observable'(): RowObservable<R>
}

/**
 * The rows of a job as an observable. It begins to read when somebody subscribes, once; while nobody does, the job waits
 * when its `readAhead` is full. What makes the job fail is its error.
 *
 * @example
 * const { unsubscribe } = toObservable(job).subscribe({ next: row => console.log(row.symbol, row.high), error: console.error })
 */
export function toObservable<R>(rows: AsyncIterable<R>): RowObservable<R> {
  expectArgument('toObservable', rows, isAsyncIterable, 'a job, or what else is read by for await')
  let isTaken = false
  const observable: RowObservable<R> = {
    subscribe(observer) {
      if (isTaken) throw optionInvalid('the rows of a job are read once: share() the observable among its subscribers')
      isTaken = true
      return subscribe(rows, typeof observer === 'function' ? { next: observer } : observer)
    },
    '@@observable': () => observable,
  }
  for (const key of keys()) Object.defineProperty(observable, key, { value: () => observable })
  return observable
}

/** Has libraries that look for an observable find one in `rows`: always the same, since rows are read once. */
export function becomesObservable<R>(rows: AsyncIterable<R>): void {
  let observable: RowObservable<R> | undefined
  const value = (): RowObservable<R> => (observable ??= toObservable(rows))
  for (const key of keys()) Object.defineProperty(rows, key, { value })
}

function subscribe<R>(rows: AsyncIterable<R>, observer: ObservableObserver<R>): { unsubscribe(): void } {
  const iterator = rows[Symbol.asyncIterator]()
  let isOpen = true
  const read = async (): Promise<void> => {
    try {
      for (let next = await iterator.next(); isOpen; next = await iterator.next()) {
        if (next.done) {
          isOpen = false
          observer.complete?.()
          return
        }
        observer.next?.(next.value)
      }
    } catch (cause) {
      if (!isOpen) return
      isOpen = false
      observer.error?.(cause)
    }
  }
  void read()
  return {
    unsubscribe() {
      if (!isOpen) return
      isOpen = false
      void iterator.return?.()
    },
  }
}
