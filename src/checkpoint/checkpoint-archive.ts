import { checkpointFailed, EventfluxError, optionInvalid, show } from '../errors.ts'
import { type DecodedCheckpoint, FORM, type Section, type StoredSection } from './checkpoint-format.ts'
import { type CheckpointMeta, decodeMeta, encodeMeta } from './checkpoint-meta.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { crc32c } from './crc-32c.ts'
import { decodingSteps } from './decode-checkpoint.ts'
import { encodingSteps } from './encode-checkpoint.ts'
import { inTurns, piecesOf, type Steps } from './steps.ts'

/** How checkpoints are kept. */
export interface ArchiveOptions {
  /** Where they are kept. */
  readonly store: CheckpointStore
  /** How many of the newest are kept; older ones are deleted once a newer one is durable. Default 3. */
  readonly retain?: number
}

/** A checkpoint that has become durable. */
export interface SavedCheckpoint {
  readonly id: number
  /** When it was taken, in milliseconds since the epoch. */
  readonly createdMs: number
  /** The checkpoint itself, as the store has it. */
  readonly bytes: Uint8Array
}

/** A checkpoint that could not be read, and was passed over for an older one. */
export interface SkippedCheckpoint {
  readonly id: number
  readonly error: EventfluxError
}

/** A checkpoint as it was found. */
export interface LoadedCheckpoint {
  readonly version: DecodedCheckpoint['version']
  readonly meta: CheckpointMeta
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
}

/** Checkpoints in a store: their numbers, which of them are kept, and which one is read. */
export class CheckpointArchive {
  readonly #store: CheckpointStore
  readonly #retain: number
  #newest: number | undefined

  /** @throws EventfluxError `OPTION_INVALID` */
  constructor({ store, retain = 3 }: ArchiveOptions) {
    if (!(Number.isSafeInteger(retain) && retain >= 1))
      throw optionInvalid(`retain is a number of checkpoints of at least 1, not ${show(retain)}`, {
        value: retain,
        at: 'retain',
      })
    this.#store = store
    this.#retain = retain
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

  /** @throws EventfluxError `CHECKPOINT_FAILED`, `CHECKPOINT_CONFLICT`, `CHECKPOINT_UNSUPPORTED` */
  async save(meta: Omit<CheckpointMeta, 'base'>, sections: readonly Section[]): Promise<SavedCheckpoint> {
    const { id, createdMs } = meta
    const bytes = await inTurns(wholeSteps([encodeMeta({ ...meta, base: 0 }), ...sections]))
    await this.#asked('put', () => this.#store.put(id, bytes))
    return { id, createdMs, bytes }
  }

  /** Deletes what is older than what is kept. What the store fails on is passed on; it doesn't matter to what is there. */
  async prune(): Promise<void> {
    const ids = await this.#asked('list', () => this.#store.list())
    for (const id of ids.slice(0, -this.#retain)) await this.#asked('delete', () => this.#store.delete(id))
  }

  /**
   * The newest checkpoint whose every check passes; undefined when there is none at all.
   *
   * @throws EventfluxError `CHECKPOINT_INVALID` for a damaged one that may not be passed over, or when all of them are.
   */
  async load({ id, fallBack = false }: LoadOptions = {}): Promise<LoadedCheckpoint | undefined> {
    const ids = await this.#asked('list', () => this.#store.list())
    const wanted = ids.filter(each => id === undefined || each === id).reverse()
    if (id !== undefined && wanted.length === 0)
      throw checkpointFailed(`there is no checkpoint ${id} in the store "${this.#store.name}"`, { value: id })
    const skipped: SkippedCheckpoint[] = []
    for (const each of wanted) {
      try {
        return { ...(await this.#read(each)), skipped }
      } catch (error) {
        if (!(error instanceof EventfluxError && error.code === 'CHECKPOINT_INVALID')) throw error
        if (!fallBack) throw error
        skipped.push({ id: each, error })
      }
    }
    if (skipped.length > 0) throw skipped[0]!.error
    return undefined
  }

  async #read(id: number): Promise<Omit<LoadedCheckpoint, 'skipped'>> {
    const bytes = await this.#asked('get', () => this.#store.get(id))
    if (bytes === undefined)
      throw checkpointFailed(`the store "${this.#store.name}" names a checkpoint ${id} and doesn't have it`, {
        value: id,
      })
    return readCheckpoint(bytes)
  }

  async #asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (cause) {
      if (cause instanceof EventfluxError) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      const { name } = this.#store
      throw checkpointFailed(`the store "${name}" failed to ${what}: ${reason}`, { at: name, cause })
    }
  }
}

/** A checkpoint that stands by itself. @throws EventfluxError `CHECKPOINT_INVALID` */
export async function readCheckpoint(bytes: Uint8Array): Promise<Omit<LoadedCheckpoint, 'skipped'>> {
  const { version, sections } = await inTurns(decodingSteps(bytes))
  return { version, meta: decodeMeta(sections), sections: sections.slice(1) }
}

function* wholeSteps(sections: readonly Section[]): Steps<Uint8Array> {
  const stored: StoredSection[] = []
  for (const { name, bytes } of sections) {
    let crc = 0
    for (const piece of piecesOf(bytes)) {
      crc = crc32c(piece, crc)
      yield piece.length
    }
    stored.push({ name, bytes, form: FORM.whole, wholeBytes: bytes.length, wholeCrc: crc })
  }
  return yield* encodingSteps(stored)
}
