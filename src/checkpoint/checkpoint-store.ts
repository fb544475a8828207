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
   * Resolves once the bytes are durable and whole; until then nobody sees any of it. A failed attempt leaves nothing that
   * `list` names, and what was there before as it was.
   *
   * @throws EventfluxError `CHECKPOINT_CONFLICT` when there is a checkpoint of this or a higher id.
   */
  put(id: number, bytes: Uint8Array): Promise<void>
  /** Takes a checkpoint away; one that isn't there is no error. */
  delete(id: number): Promise<void>
}
