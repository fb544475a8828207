import { constants } from 'node:fs'
import type * as promises from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sink } from '../connector/sink.ts'
import { show, sinkFailed } from '../errors.ts'

/** What the file asks of a file system. */
export type CommittedFileCalls = Pick<typeof promises, 'open' | 'readdir' | 'rename' | 'unlink'>

const COPIED_BYTES = 1_048_576
const PENDING = '.pending'

/** The bytes of a transaction: where in the file they belong. */
interface Prepared {
  readonly offset: number
  readonly length: number
}

/**
 * A file whose bytes come in transactions. Those of the transaction at hand go to `NAME.pending`; prepared, that is
 * `NAME.ID.pending`, safe on the disk; committed, they stand in the file, from an offset on that was settled when they were
 * prepared. So a commit can be repeated, wherever it was cut short.
 */
export class CommittedFile implements Sink<Uint8Array> {
  readonly name: string
  readonly #path: string
  readonly #append: boolean
  readonly #encode: (bytes: Uint8Array) => Promise<Uint8Array>
  readonly #files: CommittedFileCalls
  /** Everything that has been asked for so far. */
  #last: Promise<unknown> = Promise.resolve()
  /** Where the transaction at hand begins; undefined until something is to be written or has been committed. */
  #offset: number | undefined
  #length = 0
  #pending: FileHandle | undefined

  constructor(
    path: string | URL,
    options: { name: string; append: boolean; encode: (bytes: Uint8Array) => Promise<Uint8Array> },
    files: CommittedFileCalls,
  ) {
    this.#path = typeof path === 'string' ? path : fileURLToPath(path)
    this.name = options.name
    this.#append = options.append
    this.#encode = options.encode
    this.#files = files
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const encoded = await this.#encode(bytes)
      this.#pending ??= await this.#placed(this.#files.open(this.#pathOf(PENDING), 'w'))
      // At its place: what is given again, because not all of it was written, must not stand behind what was.
      await writtenAt(this.#pending, encoded, this.#length)
      this.#length += encoded.length
    })
  }

  prepare(id: number): Promise<Prepared> {
    return this.#inTurn(async () => {
      const offset = (this.#offset ??= await this.#begin())
      const length = this.#length
      if (this.#pending !== undefined) {
        await this.#pending.datasync()
        await this.#pending.close()
        this.#pending = undefined
        await this.#files.rename(this.#pathOf(PENDING), this.#pathOf(`.${id}${PENDING}`))
        await this.#syncDirectory()
      }
      this.#offset = offset + length
      this.#length = 0
      return { offset, length }
    })
  }

  commit(id: number, prepared: unknown): Promise<void> {
    return this.#inTurn(async () => {
      const { offset, length } = checked(prepared)
      const end = offset + length
      this.#offset = Math.max(this.#offset ?? 0, end)
      const from = this.#pathOf(`.${id}${PENDING}`)
      const file = await this.#open()
      try {
        await this.#copy(from, file, offset, length)
        const { size } = await file.stat()
        if (size < end)
          throw sinkFailed(
            `the file ${this.#path} has ${size} bytes of ${end}, and the rows that were prepared for it are gone`,
            { at: this.name, value: size },
          )
        await file.datasync()
      } finally {
        await file.close()
      }
      await this.#remove(from)
    })
  }

  /** Throws away what was written, prepared and committed behind a checkpoint, whose transactions are committed again. */
  abort(id: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#offset !== undefined) await this.#cutOff(this.#offset)
      await this.#remove(this.#pathOf(PENDING))
      await this.#removePrepared(id)
    })
  }

  flush(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#pending?.datasync()
    })
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#pending === undefined) return
      await this.#pending.close()
      await this.#remove(this.#pathOf(PENDING))
    })
  }

  /** Where the first transaction of a file begins that none was committed to. */
  async #begin(): Promise<number> {
    await this.#removePrepared(0)
    if (!this.#append) await this.#cutOff(0)
    const file = await this.#open()
    try {
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  }

  /** Leaves the first bytes of the file. */
  async #cutOff(bytes: number): Promise<void> {
    const file = await this.#open()
    try {
      if ((await file.stat()).size > bytes) await file.truncate(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  #open(): Promise<FileHandle> {
    return this.#files.open(this.#path, constants.O_RDWR | constants.O_CREAT)
  }

  /** Removes the transactions behind a checkpoint. */
  async #removePrepared(id: number): Promise<void> {
    const directory = dirname(this.#path)
    const own = `${basename(this.#path)}.`
    for (const entry of await this.#placed(this.#files.readdir(directory))) {
      const of = entry.startsWith(own) && entry.endsWith(PENDING) ? entry.slice(own.length, -PENDING.length) : ''
      if (/^\d+$/.test(of) && Number(of) > id) await this.#remove(join(directory, entry))
    }
  }

  /** @throws EventfluxError `SINK_FAILED` where there is no directory to put anything in. */
  async #placed<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
      throw sinkFailed(`the file ${this.#path} can't be written: there is no directory ${dirname(this.#path)}`, {
        at: this.name,
        cause,
      })
    }
  }

  async #syncDirectory(): Promise<void> {
    const directory = await this.#files.open(dirname(this.#path))
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }

  /** Copies the bytes of a prepared transaction to where they belong, as far as they are (still) there. */
  async #copy(from: string, to: FileHandle, offset: number, length: number): Promise<void> {
    if (length === 0) return
    const source = await orIfMissing(this.#files.open(from, 'r'))
    if (source === undefined) return
    try {
      const buffer = new Uint8Array(Math.min(COPIED_BYTES, length))
      for (let at = 0; at < length; ) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, length - at), at)
        if (bytesRead === 0) return
        await writtenAt(to, buffer.subarray(0, bytesRead), offset + at)
        at += bytesRead
      }
    } finally {
      await source.close()
    }
  }

  async #remove(path: string): Promise<void> {
    await orIfMissing(this.#files.unlink(path))
  }

  #pathOf(suffix: string): string {
    return this.#path + suffix
  }

  /** One thing after the other; what follows one that failed is done all the same. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action)
    this.#last = turn.catch(() => {})
    return turn
  }
}

async function orIfMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes all of `bytes`, however little of them the system takes at once. */
async function writtenAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let put = 0; put < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, put, bytes.length - put, position + put)
    put += bytesWritten
  }
}

/** @throws EventfluxError `SINK_FAILED` for what this sink never prepared. */
function checked(prepared: unknown): Prepared {
  const { offset, length } = (prepared ?? {}) as Partial<Prepared>
  const isSize = (bytes: unknown): bytes is number => Number.isSafeInteger(bytes) && (bytes as number) >= 0
  if (!isSize(offset) || !isSize(length))
    throw sinkFailed(`${show(prepared)} is nothing a file has prepared`, { value: prepared })
  return { offset, length }
}
