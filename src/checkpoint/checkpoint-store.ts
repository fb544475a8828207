import { checkpointConflict, optionInvalid, show } from '../errors.ts'

/**
 * Where checkpoints are kept: bytes under ids that only grow. All a store has to know of a checkpoint.
 *
 * Two that write to one store can't both go on: `put` takes an id only while no other as high is there.
 *
 * @example
 * ```ts
 * const store: CheckpointStore = memoryStore()
 * await store.put(1, encodeCheckpoint([{ name: 'total', bytes: Uint8Array.of(42) }]))
 * await store.list() // [1]
 * ```
 */
export interface CheckpointStore {
  /** What it is, for errors and logs. */
  readonly name: string
  /** The ids that are there, in ascending order. */
  list(): Promise<readonly number[]>
  /** The bytes of a checkpoint, as they were put; undefined: there is none of that id. */
  get(id: number): Promise<Uint8Array | undefined>
  /**
   * Resolves once the bytes are durable and whole. Whenever it is cut off, what was there before stays as it was, and
   * `list` names the new one only if it is there whole.
   *
   * @throws EventfluxError `CHECKPOINT_CONFLICT` when there is a checkpoint of this or a higher id.
   */
  put(id: number, bytes: Uint8Array): Promise<void>
  /** Takes a checkpoint away; one that isn't there is no error. */
  delete(id: number): Promise<void>
}

/** @throws EventfluxError `CHECKPOINT_CONFLICT` when a checkpoint of this or a higher id is there. */
export function refuseOlder(store: string, id: number, ids: readonly number[]): void {
  const newest = ids.at(-1) ?? 0
  if (newest >= id)
    throw checkpointConflict(
      `checkpoint ${id} is not newer than ${newest}, which is in the store "${store}" already: another job writes there`,
      { value: id, at: store },
    )
}

/** @throws EventfluxError `OPTION_INVALID` for what lacks one of a store's functions. */
export function checkStore(store: unknown): void {
  const given = (store ?? {}) as Record<string, unknown>
  if (['list', 'get', 'put', 'delete'].every(method => typeof given[method] === 'function')) return
  throw optionInvalid(`a store of checkpoints has list, get, put and delete; ${show(store)} is none`, {
    value: store,
    at: 'store',
  })
}
