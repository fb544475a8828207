import { randomUUID } from 'node:crypto'
import * as promises from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type CheckpointStore, refuseOlder } from '../checkpoint/checkpoint-store.ts'
import { checkpointConflict } from '../errors.ts'
import { expectArgument, isText } from '../options.ts'

/** What the store asks of a file system. */
export type FileCalls = Pick<typeof promises, 'link' | 'mkdir' | 'open' | 'readFile' | 'readdir' | 'rename' | 'unlink'>

const NAME = /^checkpoint-(\d{1,16})\.efckp$/
/** What is written of a checkpoint, by one writer. */
const UNFINISHED = /^\.checkpoint-\d{1,16}\.[\da-f-]{36}\.unfinished$/
/** What file systems without a second name for a file say. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/**
 * Keeps checkpoints in a directory, a file each. A checkpoint is written under another name, made durable (fsync), given
 * its name, and the directory made durable, before anyone is told of it: whatever happens in between, the one before it is
 * there and whole. Of two jobs that write to a directory one ends (`CHECKPOINT_CONFLICT`);
 * on file systems without hard links both may, where they write at the same moment.
 *
 * @param directory Made when it isn't there.
 *
 * @example
 * ```ts
 * const store = fileStore('/var/lib/trades/checkpoints')
 * const job = await highs.run({ checkpoint: { store, everyMs: 10_000 }, restore: 'latest' })
 * ```
 */
export function fileStore(directory: string): CheckpointStore {
  expectArgument('fileStore', directory, isText, 'the path of a directory')
  return new CheckpointFiles(directory, promises)
}

/** A store over file system calls, which tests have fail. */
export class CheckpointFiles implements CheckpointStore {
  readonly name: string
  readonly #files: FileCalls

  constructor(directory: string, files: FileCalls) {
    this.name = resolve(directory)
    this.#files = files
  }

  async list(): Promise<readonly number[]> {
    return idsIn(await this.#names())
  }

  async get(id: number): Promise<Uint8Array | undefined> {
    return await orIfMissing(undefined, this.#files.readFile(this.#path(id)))
  }

  async put(id: number, bytes: Uint8Array): Promise<void> {
    await this.#files.mkdir(this.name, { recursive: true })
    const names = await this.#names()
    const ids = idsIn(names)
    refuseOlder(this.name, id, ids)
    // Those of the dead, and of another writer, which finds out by it.
    for (const name of unfinishedIn(names)) await this.#remove(join(this.name, name))
    const unfinished = join(this.name, `.checkpoint-${id}.${randomUUID()}.unfinished`)
    try {
      await this.#write(unfinished, bytes)
      await this.#name(unfinished, id)
    } catch (error) {
      await this.#remove(unfinished).catch(() => {})
      throw error
    }
    await this.#syncDirectory()
  }

  async delete(id: number): Promise<void> {
    await this.#remove(this.#path(id))
  }

  /** Gives a file the name of a checkpoint, unless another writer has one of that name: a rename would take its place. */
  async #name(unfinished: string, id: number): Promise<void> {
    try {
      await this.#files.link(unfinished, this.#path(id))
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException
      if (NO_LINKS.includes(code)) return this.#rename(unfinished, id)
      throw this.#lost(id, cause)
    }
    await this.#remove(unfinished)
  }

  /**
   * The same where a file can't have a second name: who has written all of a checkpoint removes what others have, and
   * only then renames. Of two, the one that looks later sees what the other wrote or renamed. So it has removed it, and
   * that one renames nothing, or it finds the name taken.
   */
  async #rename(unfinished: string, id: number): Promise<void> {
    for (const name of unfinishedIn(await this.#names()))
      if (name !== basename(unfinished)) await this.#remove(join(this.name, name))
    refuseOlder(this.name, id, await this.list())
    try {
      await this.#files.rename(unfinished, this.#path(id))
    } catch (cause) {
      throw this.#lost(id, cause)
    }
  }

  /** What it means that a name could not be given. */
  #lost(id: number, cause: unknown): unknown {
    const { code = '' } = cause as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'ENOENT') return cause
    return checkpointConflict(`another job writes to "${this.name}", and was faster with checkpoint ${id}`, {
      value: id,
      at: this.name,
      cause,
    })
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#files.open(path, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** Names are durable once their directory is. Windows can't open one, and makes names durable by itself. */
  async #syncDirectory(): Promise<void> {
    if (process.platform === 'win32') return
    const directory = await this.#files.open(this.name, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }

  #names(): Promise<readonly string[]> {
    return orIfMissing([], this.#files.readdir(this.name))
  }

  async #remove(path: string): Promise<void> {
    await orIfMissing(undefined, this.#files.unlink(path))
  }

  #path(id: number): string {
    return join(this.name, `checkpoint-${String(id).padStart(12, '0')}.efckp`)
  }
}

function idsIn(names: readonly string[]): number[] {
  const ids = names.flatMap(name => {
    const id = Number(NAME.exec(name)?.[1])
    return Number.isSafeInteger(id) && id >= 1 ? [id] : []
  })
  return ids.sort((a, b) => a - b)
}

/** What has been begun and not been given its name. */
const unfinishedIn = (names: readonly string[]): readonly string[] => names.filter(name => UNFINISHED.test(name))

async function orIfMissing<T, U>(otherwise: U, call: Promise<T>): Promise<T | U> {
  try {
    return await call
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw error
  }
}
