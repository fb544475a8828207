import { checkpointConflict, checkpointInvalid } from '../errors.ts'
import { expectArgument, has } from '../options.ts'
import { type CheckpointStore, refuseOlder } from './checkpoint-store.ts'
import { crc32c } from './crc-32c.ts'
import { StateReader } from './state-reader.ts'
import { StateWriter } from './state-writer.ts'

/** What a key-value service must do to keep checkpoints. All calls reject when the service fails. */
export interface KeyValueClient {
  get(key: string): Promise<Uint8Array | undefined>
  /** Resolves once the value is as durable as the service makes anything. */
  put(key: string, value: Uint8Array): Promise<void>
  /** A key that isn't there is no error. */
  delete(key: string): Promise<void>
  /** The keys that begin with `prefix`, in any order. */
  list(prefix: string): Promise<readonly string[]>
  /**
   * Sets a key in one step, if its value is still `expected` (undefined: if it isn't there), byte by byte. False: it isn't,
   * and nothing was changed.
   */
  compareAndSet(key: string, expected: Uint8Array | undefined, value: Uint8Array): Promise<boolean>
}

/** How a key-value service is used. */
export interface KeyValueStoreOptions {
  /** What all keys begin with; one for each job. Default `'eventflux/'`. */
  readonly prefix?: string
}

/** A checkpoint as the list of them names it. */
interface Entry {
  readonly id: number
  /** Where its bytes are: a key nobody else writes to. */
  readonly key: string
}

/** The list as it was read, and its bytes, to be compared. */
interface Head {
  readonly bytes: Uint8Array | undefined
  readonly entries: readonly Entry[]
}

/**
 * Keeps checkpoints in a key-value service. The bytes of each go under a key of their own; there it is once the list of
 * all, which is one value, names it. That list changes by compare-and-set: of two jobs that write at once one fails.
 *
 * @example
 * ```ts
 * const values = new Map<string, Uint8Array>()
 * const store = keyValueStore({
 *   get: async key => values.get(key),
 *   put: async (key, value) => void values.set(key, value),
 *   delete: async key => void values.delete(key),
 *   list: async prefix => [...values.keys()].filter(key => key.startsWith(prefix)),
 *   compareAndSet: async (key, expected, value) => {
 *     const is = values.get(key)
 *     if (String(is) !== String(expected)) return false
 *     values.set(key, value)
 *     return true
 *   },
 * })
 * ```
 */
export function keyValueStore(client: KeyValueClient, options: KeyValueStoreOptions = {}): CheckpointStore {
  expectArgument('keyValueStore', client, has('get', 'put', 'compareAndSet'), 'the client of a key-value store')
  return new KeyValueStore(client, options.prefix ?? 'eventflux/')
}

class KeyValueStore implements CheckpointStore {
  readonly name: string
  readonly #client: KeyValueClient
  readonly #head: string
  readonly #bytes: string

  constructor(client: KeyValueClient, prefix: string) {
    this.name = prefix
    this.#client = client
    this.#head = `${prefix}checkpoints`
    this.#bytes = `${prefix}checkpoint/`
  }

  async list(): Promise<readonly number[]> {
    return (await this.#read()).entries.map(({ id }) => id)
  }

  async get(id: number): Promise<Uint8Array | undefined> {
    const entry = (await this.#read()).entries.find(each => each.id === id)
    return entry && (await this.#client.get(entry.key))
  }

  async put(id: number, bytes: Uint8Array): Promise<void> {
    const head = await this.#read()
    refuseOlder(
      this.name,
      id,
      head.entries.map(each => each.id),
    )
    const key = `${this.#bytes}${id}-${crypto.randomUUID()}`
    await this.#client.put(key, bytes)
    if (await this.#client.compareAndSet(this.#head, head.bytes, encodeHead([...head.entries, { id, key }]))) return
    await this.#client.delete(key)
    throw checkpointConflict(`another job has put a checkpoint into "${this.name}" while ${id} was on its way`, {
      value: id,
      at: this.name,
    })
  }

  async delete(id: number): Promise<void> {
    const head = await this.#read()
    const entries = head.entries.filter(each => each.id !== id)
    if (entries.length < head.entries.length) {
      // Whoever was faster has put a newer one: it is for that job to delete.
      if (!(await this.#client.compareAndSet(this.#head, head.bytes, encodeHead(entries)))) return
    }
    await this.#sweep(entries)
  }

  /** Deletes bytes nobody names: those of deleted checkpoints, and those whose writers died before they named them. */
  async #sweep(entries: readonly Entry[]): Promise<void> {
    const named = new Set(entries.map(({ key }) => key))
    const newest = entries.at(-1)?.id ?? 0
    for (const key of await this.#client.list(this.#bytes)) {
      // What is newer may be on its way.
      if (!named.has(key) && Number.parseInt(key.slice(this.#bytes.length), 10) <= newest)
        await this.#client.delete(key)
    }
  }

  async #read(): Promise<Head> {
    const bytes = await this.#client.get(this.#head)
    return { bytes, entries: bytes === undefined ? [] : decodeHead(bytes) }
  }
}

function encodeHead(entries: readonly Entry[]): Uint8Array {
  const writer = new StateWriter()
  for (const { id, key } of entries) {
    writer.f64(id)
    writer.text(key)
  }
  const list = writer.finish()
  const head = new StateWriter(list.length + 4)
  head.u32(crc32c(list))
  head.bytes(list)
  return head.finish()
}

/** @throws EventfluxError `CHECKPOINT_INVALID` */
function decodeHead(bytes: Uint8Array): readonly Entry[] {
  const reader = new StateReader(bytes, 'the list of checkpoints')
  const crc = reader.u32()
  if (crc32c(bytes.subarray(4)) !== crc) throw checkpointInvalid('the list of checkpoints is damaged')
  const entries: Entry[] = []
  while (reader.remaining > 0) entries.push({ id: reader.amount(), key: reader.text() })
  return entries
}
