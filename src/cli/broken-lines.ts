import { createWriteStream, type WriteStream } from 'node:fs'
import type { ErrorPolicy, EventfluxError, FailedRow } from 'eventflux'

/** What happens to lines that can't be read, and how many there were. */
export class BrokenLines {
  readonly policy: ErrorPolicy
  count = 0
  /** What the first of them was. */
  first: string | undefined
  readonly #file: WriteStream | undefined
  #failure: Error | undefined

  /**
   * @param how `'fail'`, `'skip'`, or the file that takes them.
   * @param goesOn whether an earlier run has begun that file.
   */
  constructor(how: string, goesOn: boolean) {
    if (how === 'fail') {
      this.policy = 'fail'
      return
    }
    if (how !== 'skip') {
      this.#file = createWriteStream(how, { flags: goesOn ? 'a' : 'w' })
      this.#file.on('error', error => {
        this.#failure = error
      })
    }
    this.policy = { kind: 'deadLetter', sink: failed => this.#take(failed) }
  }

  /** Resolves when all of them are in the file. */
  async close(): Promise<void> {
    const file = this.#file
    if (file && !this.#failure)
      await new Promise<void>(resolve => void file.end(resolve).once('error', () => resolve()))
    if (this.#failure) throw this.#failure
  }

  #take({ cause }: FailedRow): void | Promise<void> {
    if (this.#failure) throw this.#failure
    const { message, at, value } = cause as EventfluxError
    this.count++
    this.first ??= message
    if (this.#file?.write(`${JSON.stringify({ at, error: message, text: value })}\n`) === false)
      return new Promise(resolve => void this.#file!.once('drain', resolve).once('error', () => resolve()))
  }
}
