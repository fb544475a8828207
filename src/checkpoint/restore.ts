import { checkpointFailed, checkpointInvalid, checkpointMismatch, optionInvalid, show } from '../errors.ts'
import {
  CheckpointArchive,
  type LoadedCheckpoint,
  type LoadOptions,
  type SkippedCheckpoint,
} from './checkpoint-archive.ts'
import { type Section, VERSION } from './checkpoint-format.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { RestoreTolerance } from './named-state.ts'
import { type CheckpointContent, readCheckpoint, wholeSections } from './read-checkpoint.ts'

/** A checkpoint of another version or plan, as a migration gets it. */
export interface MigratedCheckpoint {
  /** The version it was written in. */
  readonly version: { readonly major: number; readonly minor: number }
  /** What it is of, by name: the fingerprints of plan and schema, the engine. */
  readonly labels: Readonly<Record<string, string>>
  /** The sections by their names. */
  readonly sections: ReadonlyMap<string, Uint8Array>
}

/** What is restored, and what may be different from what it was taken of. */
export interface RestoreOptions extends LoadOptions, RestoreTolerance {
  /** A store, or the bytes of one checkpoint. Default: the store checkpoints go to. */
  readonly from?: CheckpointStore | Uint8Array
  /** What happens when there is no checkpoint: `'start'` (the default) begins anew. */
  readonly ifNone?: 'start' | 'fail'
  /**
   * Makes sections of today out of those of the checkpoint, by name; asked before anything is restored. Without it a
   * checkpoint of another major version is refused.
   */
  readonly migrate?: (checkpoint: MigratedCheckpoint) => ReadonlyMap<string, Uint8Array>
}

/** What was restored. */
export interface RestoredCheckpoint {
  readonly id: number
  /** When it was taken, in milliseconds since the epoch. */
  readonly createdMs: number
  /** Newer checkpoints that are damaged, the newest first; empty unless `fallBack` allowed that. */
  readonly skipped: readonly SkippedCheckpoint[]
}

/**
 * The checkpoint to be restored, in sections of today; undefined: there is none, and that is no error.
 *
 * @throws EventfluxError `CHECKPOINT_FAILED`, `CHECKPOINT_INVALID`, `CHECKPOINT_MISMATCH`, `OPTION_INVALID`.
 */
export async function loadCheckpoint(options: RestoreOptions): Promise<LoadedCheckpoint | undefined> {
  const { from, ifNone = 'start', migrate } = options
  if (from === undefined)
    throw optionInvalid('there is nothing to restore from: name a store, here or for checkpoints', { at: 'restore' })
  const loaded =
    from instanceof Uint8Array
      ? { ...(await readWhole(from, options.maxBytes)), skipped: [] }
      : await new CheckpointArchive({ store: from }).load(options)
  if (loaded === undefined) {
    if (ifNone === 'start') return undefined
    throw checkpointFailed(`there is no checkpoint in the store ${show((from as CheckpointStore).name)}`)
  }
  const { version, meta } = loaded
  if (migrate !== undefined) {
    const sections = new Map(loaded.sections.map(({ name, bytes }) => [name, bytes]))
    return { ...loaded, sections: sectionsIn(migrate({ version, labels: meta.labels, sections })) }
  }
  if (version.major !== VERSION.major)
    throw checkpointMismatch(
      `the checkpoint is of version ${version.major}.${version.minor}, and this is version ${VERSION.major}.${VERSION.minor}: pass migrate`,
      { value: version.major },
    )
  return loaded
}

/** @throws EventfluxError `CHECKPOINT_INVALID` for one that holds changes to another. */
async function readWhole(bytes: Uint8Array, maxBytes: number | undefined): Promise<CheckpointContent> {
  const content = await readCheckpoint(bytes, maxBytes)
  const { id, base } = content.meta
  if (base === 0) return { ...content, sections: wholeSections(content, []) }
  throw checkpointInvalid(`checkpoint ${id} holds changes to ${base}: restore it from the store that has both`)
}

/** The sections a migration gives. @throws EventfluxError `OPTION_INVALID` for what are none. */
function sectionsIn(given: unknown): Section[] {
  const sections = given instanceof Map ? [...given] : undefined
  if (sections?.every(([name, bytes]) => typeof name === 'string' && bytes instanceof Uint8Array) !== true)
    throw optionInvalid(`migrate gives a Map of names and bytes, not ${show(given)}`, { value: given, at: 'migrate' })
  return sections.map(([name, bytes]) => ({ name, bytes }))
}

/** What `restore` of `run` means in full; undefined: nothing is restored. @throws EventfluxError `OPTION_INVALID` */
export function restoreOptions(
  given: 'latest' | CheckpointStore | Uint8Array | RestoreOptions | undefined,
  store: CheckpointStore | undefined,
): RestoreOptions | undefined {
  if (given === undefined) return undefined
  const own: RestoreOptions = store === undefined ? {} : { from: store }
  if (given === 'latest') return own
  if (typeof given !== 'object' || given === null)
    throw optionInvalid(`restore is 'latest', a store, bytes or options, not ${show(given)}`, { value: given })
  if (given instanceof Uint8Array || 'list' in given) return { from: given }
  return { ...own, ...given }
}
