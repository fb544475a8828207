import { type CheckpointStore, refuseOlder } from '../checkpoint/checkpoint-store.ts'
import { checkpointInvalid } from '../errors.ts'

const VERSION = 1
/** The object store: bytes under ids. */
const CHECKPOINTS = 'checkpoints'

/**
 * Keeps checkpoints in IndexedDB, in pages and workers. A checkpoint is looked for and put in one transaction, so of two
 * tabs that write at once one fails; it is on the disk when the job is told (`durability: 'strict'`).
 *
 * The browser may clear it when space runs out, unless `navigator.storage.persist()` was granted.
 *
 * @param name One for each job; the database is called `eventflux/NAME`.
 * @example
 * const store = indexedDbStore('trades')
 * const job = await highs.run({ checkpoint: { store, everyMs: 10_000 }, restore: 'latest' })
 */
export function indexedDbStore(name: string): CheckpointStore {
  return new IndexedDbStore(`eventflux/${name}`)
}

class IndexedDbStore implements CheckpointStore {
  readonly name: string
  #database: Promise<IDBDatabase> | undefined

  constructor(name: string) {
    this.name = name
  }

  async list(): Promise<readonly number[]> {
    return idsIn(await this.#checkpoints('readonly'))
  }

  async get(id: number): Promise<Uint8Array | undefined> {
    const found: unknown = await answer((await this.#checkpoints('readonly')).get(id))
    if (found === undefined || found instanceof Uint8Array) return found
    throw checkpointInvalid(`what stands under ${id} in the database "${this.name}" is no checkpoint`, { value: id })
  }

  async put(id: number, bytes: Uint8Array): Promise<void> {
    const checkpoints = await this.#checkpoints('readwrite')
    refuseOlder(this.name, id, await idsIn(checkpoints))
    // A view would be stored with all of the buffer it is of.
    checkpoints.put(bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice(), id)
    await end(checkpoints.transaction)
  }

  async delete(id: number): Promise<void> {
    const checkpoints = await this.#checkpoints('readwrite')
    checkpoints.delete(id)
    await end(checkpoints.transaction)
  }

  /** The checkpoints, in a transaction of their own: it lasts as long as one request follows the other. */
  async #checkpoints(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.#database ??= this.#open()
    const database = await this.#database
    return database.transaction(CHECKPOINTS, mode, { durability: 'strict' }).objectStore(CHECKPOINTS)
  }

  async #open(): Promise<IDBDatabase> {
    const forget = (): void => {
      this.#database = undefined
    }
    try {
      const opening = indexedDB.open(this.name, VERSION)
      opening.onupgradeneeded = () => opening.result.createObjectStore(CHECKPOINTS)
      const database = await answer(opening)
      database.onclose = forget
      // Somebody wants to delete it.
      database.onversionchange = () => {
        forget()
        database.close()
      }
      return database
    } catch (error) {
      forget()
      throw error
    }
  }
}

const idsIn = async (checkpoints: IDBObjectStore): Promise<number[]> =>
  (await answer(checkpoints.getAllKeys())).filter(key => typeof key === 'number')

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Resolves when what a transaction did is durable. */
const end = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
