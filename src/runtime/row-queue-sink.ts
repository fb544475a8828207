import type { Sink } from '../connector/sink.ts'

/**
 * Where rows wait for `for await (const row of job)`: at most `limit` of them, then the job waits for the reader.
 */
export class RowQueueSink<R> implements Sink<R>, AsyncIterableIterator<R> {
  readonly name = 'iterator'
  readonly #limit: number
  #rows: R[] = []
  #at = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wakeWriter: (() => void) | undefined
  #wakeReader: (() => void)[] = []
  #left: (() => Promise<void>) | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  write(row: R): void | Promise<void> {
    if (this.#ended) return
    this.#rows.push(row)
    for (const wake of this.#wakeReader.splice(0)) wake()
    if (this.#rows.length - this.#at < this.#limit) return
    return new Promise(resolve => {
      this.#wakeWriter = resolve
    })
  }

  /** No rows follow; readers get the rest, then the end (or the failure). */
  end(failure?: { readonly error: unknown }): void {
    this.#ended = true
    this.#failure = failure
    for (const wake of this.#wakeReader.splice(0)) wake()
  }

  async next(): Promise<IteratorResult<R, undefined>> {
    for (;;) {
      if (this.#at < this.#rows.length) return { done: false, value: this.#take() }
      if (this.#failure) throw this.#failure.error
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>(resolve => this.#wakeReader.push(resolve))
    }
  }

  /** Has `left` done when the reader leaves, and the reader wait for it. */
  whenLeft(left: () => Promise<void>): void {
    this.#left = left
  }

  /** The reader has seen enough: later rows are let go, so that the job doesn't wait for a reader that is gone. */
  async return(): Promise<IteratorResult<R, undefined>> {
    this.#ended = true
    this.#rows = []
    this.#at = 0
    this.#releaseWriter()
    await this.#left?.()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<R> {
    return this
  }

  #take(): R {
    const row = this.#rows[this.#at++]!
    if (this.#at === this.#rows.length) {
      this.#rows = []
      this.#at = 0
    }
    if (this.#rows.length - this.#at < this.#limit) this.#releaseWriter()
    return row
  }

  #releaseWriter(): void {
    const wake = this.#wakeWriter
    this.#wakeWriter = undefined
    wake?.()
  }
}
