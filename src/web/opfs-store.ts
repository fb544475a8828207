import { type CheckpointStore, refuseOlder } from '../checkpoint/checkpoint-store.ts'

/** A file as dedicated workers write it: in place, and on the disk after `flush`. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number
  truncate(bytes: number): void
  flush(): void
  close(): void
}

/** The id, and how many bytes it has when it is whole. */
const NAME = /^checkpoint-(\d{1,16})-(\d{1,16})\.efckp$/

interface Found {
  readonly id: number
  readonly name: string
  readonly isWhole: boolean
}

/**
 * Keeps checkpoints in the origin's private file system (OPFS), in pages and workers, a file each. One is there when its file is
 * as long as its name says; tabs take turns by a Web Lock, so of two that write at once one fails. In a dedicated worker it
 * is on the disk when the job is told, elsewhere when the browser writes files.
 *
 * The browser may clear it when space runs out, unless `navigator.storage.persist()` was granted.
 *
 * @param directory One for each job, in the folder `eventflux` of the origin. Made when it isn't there.
 * @example
 * const store = opfsStore('trades')
 * const job = await highs.run({ checkpoint: { store, everyMs: 10_000 }, restore: 'latest' })
 */
export function opfsStore(directory: string): CheckpointStore {
  return new OpfsStore(directory)
}

class OpfsStore implements CheckpointStore {
  readonly name: string
  readonly #path: readonly [string, string]

  constructor(directory: string) {
    this.name = `eventflux/${directory}`
    this.#path = ['eventflux', encodeURIComponent(directory)]
  }

  list(): Promise<readonly number[]> {
    return this.#locked('shared', async directory => wholeIds(await filesIn(directory)))
  }

  get(id: number): Promise<Uint8Array | undefined> {
    return this.#locked('shared', async directory => {
      const found = (await filesIn(directory)).find(file => file.id === id && file.isWhole)
      if (found === undefined) return undefined
      const file = await (await directory.getFileHandle(found.name)).getFile()
      return new Uint8Array(await file.arrayBuffer())
    })
  }

  put(id: number, bytes: Uint8Array): Promise<void> {
    return this.#locked('exclusive', async directory => {
      const files = await filesIn(directory)
      refuseOlder(this.name, id, wholeIds(files))
      // Of writers that died.
      for (const { name, isWhole } of files) if (!isWhole) await directory.removeEntry(name)
      const name = `checkpoint-${id}-${bytes.length}.efckp`
      try {
        await writeTo(await directory.getFileHandle(name, { create: true }), bytes)
      } catch (error) {
        await directory.removeEntry(name).catch(() => {})
        throw error
      }
    })
  }

  delete(id: number): Promise<void> {
    return this.#locked('exclusive', async directory => {
      for (const { name } of (await filesIn(directory)).filter(file => file.id === id))
        await directory.removeEntry(name)
    })
  }

  /** Acts while no other tab writes, or none does anything; the lock of a page that is gone is free. */
  async #locked<T>(mode: LockMode, act: (directory: FileSystemDirectoryHandle) => Promise<T>): Promise<Awaited<T>> {
    return await navigator.locks.request(`opfs:${this.name}`, { mode }, async () => {
      let directory = await navigator.storage.getDirectory()
      for (const name of this.#path) directory = await directory.getDirectoryHandle(name, { create: true })
      return act(directory)
    })
  }
}

async function filesIn(directory: FileSystemDirectoryHandle): Promise<Found[]> {
  const found: Found[] = []
  for await (const [name, handle] of directory.entries()) {
    const [, id, length] = NAME.exec(name) ?? []
    if (id === undefined || handle.kind !== 'file') continue
    const { size } = await (handle as FileSystemFileHandle).getFile()
    found.push({ id: Number(id), name, isWhole: size === Number(length) })
  }
  return found
}

const wholeIds = (files: readonly Found[]): number[] =>
  files
    .filter(({ isWhole }) => isWhole)
    .map(({ id }) => id)
    .sort((a, b) => a - b)

async function writeTo(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  if ('createSyncAccessHandle' in handle) {
    const file = await (handle.createSyncAccessHandle as () => Promise<SyncAccessHandle>)()
    try {
      file.truncate(0)
      const written = file.write(bytes, { at: 0 })
      if (written < bytes.length) throw new Error(`${written} of ${bytes.length} bytes could be written`)
      file.flush()
    } finally {
      file.close()
    }
    return
  }
  const stream = await handle.createWritable()
  try {
    await stream.write(bytes as Uint8Array<ArrayBuffer>)
  } catch (error) {
    await stream.abort().catch(() => {})
    throw error
  }
  // The file has its bytes with this, all at once.
  await stream.close()
}
