import { checkpointFailed, checkpointInvalid, EventfluxError, messageOf, optionInvalid, show } from '../errors.ts'
import type { Section, StoredSection } from './checkpoint-format.ts'
import type { CheckpointMeta } from './checkpoint-meta.ts'
import { type CheckpointStore, checkStore } from './checkpoint-store.ts'
import { gzip } from './gzip.ts'
import { type CheckpointContent, readCheckpoint, readFirst, wholeSections } from './read-checkpoint.ts'
import { inTurns } from './steps.ts'
import { writingSteps } from './write-checkpoint.ts'

/** How checkpoints are kept. */
export interface ArchiveOptions {
  /** Where they are kept. */
  readonly store: CheckpointStore
  /**
   * How many of the newest can be restored; older ones are deleted once a newer one is durable, unless one that is kept
   * consists of changes to them. Default 3.
   */
  readonly retain?: number
  /**
   * Every how many checkpoints one is whole; those between hold what has changed since the one before, which takes as much
   * memory as the last one has bytes. Default 1: all are whole.
   */
  readonly fullEvery?: number
  /** Whether they are compressed (gzip), where the runtime can. Default false. */
  readonly compress?: boolean
}

/** A checkpoint that has become durable. */
export interface SavedCheckpoint {
  readonly id: number
  /** When it was taken, in milliseconds since the epoch. */
  readonly createdMs: number
  /** The checkpoint it holds changes to; 0: it is whole. */
  readonly base: number
  /** The checkpoint itself, as the store has it. */
  readonly bytes: Uint8Array
}

/** A checkpoint that could not be read, and was passed over for an older one. */
export interface SkippedCheckpoint {
  readonly id: number
  readonly error: EventfluxError
}

/** A checkpoint as it was found. */
export interface LoadedCheckpoint extends CheckpointContent {
  readonly sections: readonly Section[]
  /** Newer ones that are damaged, the newest first. */
  readonly skipped: readonly SkippedCheckpoint[]
}

/** Which checkpoint is taken. */
export interface LoadOptions {
  /** Default: the newest. */
  readonly id?: number
  /** Whether an older one will do where a newer one is damaged. Default: that is an error. */
  readonly fallBack?: boolean
  /** Most bytes a compressed checkpoint may unpack to. Default 1 GiB. */
  readonly maxBytes?: number
}

/** Checkpoints in a store: their numbers, which of them are kept, and which one is read. */
export class CheckpointArchive {
  readonly #store: CheckpointStore
  readonly #retain: number
  readonly #fullEvery: number
  readonly #compress: boolean
  #newest: number | undefined
  /** The last one that was saved, where the next may hold changes to it. */
  #last: { readonly id: number; readonly sections: readonly Section[]; readonly sinceFull: number } | undefined
  /** What each holds changes to, where that is known. */
  readonly #bases = new Map<number, number>()

  /** @throws EventfluxError `OPTION_INVALID` */
  constructor({ store, retain = 3, fullEvery = 1, compress = false }: ArchiveOptions) {
    for (const [name, value] of Object.entries({ retain, fullEvery }))
      if (!(Number.isSafeInteger(value) && value >= 1))
        throw optionInvalid(`${name} is a number of checkpoints of at least 1, not ${show(value)}`, { value, at: name })
    checkStore(store)
    this.#store = store
    this.#retain = retain
    this.#fullEvery = fullEvery
    this.#compress = compress
  }

  /** Looks at what is there: ids go on from the newest, and from `least`. Once, before the first `nextId`. */
  async open(least = 0): Promise<void> {
    this.#newest ??= Math.max(least, (await this.#asked('list', () => this.#store.list())).at(-1) ?? 0)
  }

  /** The id of the next checkpoint. No id is given twice: a checkpoint that fails leaves a gap. */
  nextId(): number {
    this.#newest! += 1
    return this.#newest!
  }

  /**
   * One at a time.
   *
   * @param isWhole Whether it must stand by itself.
   * @throws EventfluxError `CHECKPOINT_FAILED`, `CHECKPOINT_CONFLICT`, `CHECKPOINT_UNSUPPORTED`
   */
  async save(
    meta: Omit<CheckpointMeta, 'base'>,
    sections: readonly Section[],
    isWhole = false,
  ): Promise<SavedCheckpoint> {
    const { id, createdMs } = meta
    const last = isWhole || (this.#last?.sinceFull ?? this.#fullEvery) + 1 >= this.#fullEvery ? undefined : this.#last
    const base = last?.id ?? 0
    const plain = await inTurns(writingSteps({ ...meta, base }, sections, last?.sections))
    const bytes = this.#compress ? await gzip(plain) : plain
    await this.#asked('put', () => this.#store.put(id, bytes))
    this.#bases.set(id, base)
    if (this.#fullEvery > 1) this.#last = { id, sections, sinceFull: last === undefined ? 0 : last.sinceFull + 1 }
    return { id, createdMs, base, bytes }
  }

  /**
   * Deletes what nothing that is kept needs, and gives the id of the oldest that is left. What the store fails on is passed
   * on; it doesn't matter to what is there.
   */
  async prune(): Promise<number | undefined> {
    const ids = await this.#asked('list', () => this.#store.list())
    const needed = ids.length > this.#retain ? await this.#wholeBelow(ids[ids.length - this.#retain]!) : 0
    for (const id of ids) {
      if (id >= needed) return id
      await this.#asked('delete', () => this.#store.delete(id))
      this.#bases.delete(id)
    }
    return undefined
  }

  /**
   * The newest checkpoint whose every check passes; undefined when there is none at all.
   *
   * @throws EventfluxError `CHECKPOINT_INVALID` for a damaged one that may not be passed over, or when all of them are.
   */
  async load({ id, fallBack = false, maxBytes }: LoadOptions = {}): Promise<LoadedCheckpoint | undefined> {
    const ids = await this.#asked('list', () => this.#store.list())
    const wanted = ids.filter(each => id === undefined || each === id).reverse()
    if (id !== undefined && wanted.length === 0)
      throw checkpointFailed(`there is no checkpoint ${id} in the store "${this.#store.name}"`, { value: id })
    const skipped: SkippedCheckpoint[] = []
    for (const each of wanted) {
      try {
        return { ...(await this.#read(each, maxBytes)), skipped }
      } catch (error) {
        if (!(error instanceof EventfluxError && error.code === 'CHECKPOINT_INVALID')) throw error
        if (!fallBack) throw error
        skipped.push({ id: each, error })
      }
    }
    if (skipped.length > 0) throw skipped[0]!.error
    return undefined
  }

  /** A checkpoint with those it holds changes to, the newest first, made whole. */
  async #read(id: number, maxBytes: number | undefined): Promise<Omit<LoadedCheckpoint, 'skipped'>> {
    const newest = await this.#readOne(id, maxBytes)
    const chain = [newest]
    while (chain.at(-1)!.meta.base !== 0) chain.push(await this.#readOne(chain.at(-1)!.meta.base, maxBytes))
    let sections: readonly Section[] = []
    while (chain.length > 0) sections = wholeSections(chain.pop()!, sections)
    return { ...newest, sections }
  }

  async #readOne(id: number, maxBytes: number | undefined): Promise<CheckpointContent<StoredSection>> {
    const content = await readCheckpoint(await this.#bytesOf(id), maxBytes)
    if (content.meta.id !== id)
      throw checkpointInvalid(`what the store "${this.#store.name}" has as checkpoint ${id} is ${content.meta.id}`)
    return content
  }

  async #bytesOf(id: number): Promise<Uint8Array> {
    const bytes = await this.#asked('get', () => this.#store.get(id))
    if (bytes !== undefined) return bytes
    throw checkpointInvalid(`the store "${this.#store.name}" doesn't have the checkpoint ${id}`, { value: id })
  }

  /** The whole checkpoint that one holds changes to, or is; 0 when that can't be told: nothing is deleted then. */
  async #wholeBelow(id: number): Promise<number> {
    for (let at = id; ; ) {
      if (!this.#bases.has(at)) {
        try {
          this.#bases.set(at, (await readFirst(await this.#bytesOf(at))).base)
        } catch (error) {
          if (error instanceof EventfluxError && error.code === 'CHECKPOINT_INVALID') return 0
          throw error
        }
      }
      const base = this.#bases.get(at)!
      if (base === 0) return at
      at = base
    }
  }

  async #asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      if (cause instanceof EventfluxError) throw cause
      const { name } = this.#store
      throw checkpointFailed(`the store "${name}" failed to ${what}: ${messageOf(cause)}`, { at: name, cause })
    }
  }
}
