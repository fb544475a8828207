import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes read at a time. */
const READ_BYTES = 65_536
const NEWLINE = 10

/**
 * What is in a file and what is appended to it, without end, as `tail -F` reads it. A file that became shorter is read
 * from its start again; one that was replaced by another of its name is read to its end, and then the other.
 */
export class FollowedFile implements AsyncIterator<Uint8Array> {
  readonly #path: string | URL
  readonly #pollMs: number
  readonly #stop = new AbortController()
  #file: FileHandle | undefined
  #position = 0
  /** The last byte that was read; a file that ends without a line end gets one. */
  #last = NEWLINE

  constructor(path: string | URL, pollMs: number) {
    this.#path = path
    this.#pollMs = pollMs
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      this.#file ??= await open(this.#path)
      while (!this.#stop.signal.aborted) {
        const bytes = (await this.#read()) ?? (await this.#startOver())
        if (bytes) return { done: false, value: bytes }
        await sleep(this.#pollMs, undefined, { signal: this.#stop.signal }).catch(() => {})
      }
      await this.#close()
      return { done: true, value: undefined }
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#stop.abort()
    return { done: true, value: undefined }
  }

  async #read(): Promise<Uint8Array | undefined> {
    const buffer = new Uint8Array(READ_BYTES)
    const { bytesRead } = await this.#file!.read(buffer, 0, READ_BYTES, this.#position)
    if (bytesRead === 0) return undefined
    this.#position += bytesRead
    this.#last = buffer[bytesRead - 1]!
    return buffer.subarray(0, bytesRead)
  }

  /** At the end of the file: whether to read on from the start of what now has its name. */
  async #startOver(): Promise<Uint8Array | undefined> {
    const [here, there] = await Promise.all([this.#file!.stat(), stat(this.#path).catch(() => undefined)])
    if (there === undefined) return undefined
    const isOther = there.ino !== here.ino || there.dev !== here.dev
    if (!isOther && there.size >= this.#position) return undefined
    if (isOther) {
      // Rows may have come between the last read and the change of names.
      const rest = await this.#read()
      if (rest) return rest
      await this.#close()
      this.#file = await open(this.#path)
    }
    this.#position = 0
    if (this.#last === NEWLINE) return undefined
    this.#last = NEWLINE
    return Uint8Array.of(NEWLINE)
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
