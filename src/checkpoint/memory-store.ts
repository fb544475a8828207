import { checkpointConflict } from '../errors.ts'
import type { CheckpointStore } from './checkpoint-store.ts'

/**
 * Keeps checkpoints in memory: for tests, and for jobs that are to be moved within a process. They end with it.
 *
 * @example
 * ```ts
 * const store = memoryStore()
 * const job = await highs.run({ checkpoint: { store, everyMs: 1_000 } })
 * ```
 */
export function memoryStore(): CheckpointStore {
  const checkpoints = new Map<number, Uint8Array>()
  const list = (): number[] => [...checkpoints.keys()].sort((a, b) => a - b)
  return {
    name: 'memory',
    list: async () => list(),
    get: async id => checkpoints.get(id)?.slice(),
    async put(id, bytes) {
      refuseOlder('memory', id, list())
      checkpoints.set(id, bytes.slice())
    },
    async delete(id) {
      checkpoints.delete(id)
    },
  }
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
