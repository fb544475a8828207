import { type CheckpointStore, refuseOlder } from './checkpoint-store.ts'

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
