import { describe, expect, it } from 'vitest'
import type { WorkerPool } from '../../src/threads/worker-pool.ts'
import { WorkerStates } from '../../src/threads/worker-states.ts'

/** Two workers, and what they send as of a barrier. */
function twoWorkers(): { readonly states: WorkerStates; sends(worker: number, id: number): void } {
  const cells = { totalOf: (counts: Float64Array) => counts }
  const pool = { workers: [{ cells }, { cells }], onState() {} } as unknown as WorkerPool
  const states = new WorkerStates(pool)
  return {
    states,
    sends(worker, id) {
      const sections = [{ name: `${worker} at ${id}`, bytes: new Uint8Array() }]
      pool.onState(worker, { kind: 'state', id, sections, counts: new Float64Array(1), nowMs: 0, pauseNs: 0 })
    },
  }
}
const names = async (states: WorkerStates, id: number): Promise<string[]> =>
  (await states.at(id)).parts.flatMap(sections => sections.map(({ name }) => name))

describe('what workers keep as of barriers', () => {
  it('is there for who asks late, when others are at the next barrier already', async () => {
    const { states, sends } = twoWorkers()
    for (const [worker, id] of [
      [0, 1],
      [1, 1],
      [0, 2],
      [0, 3],
    ] as const)
      sends(worker, id)
    expect(await names(states, 1)).toEqual(['0 at 1', '1 at 1'])
    states.aligned(1)
    sends(1, 2)
    sends(1, 3)
    expect(await names(states, 2)).toEqual(['0 at 2', '1 at 2'])
    states.aligned(2)
    expect(await names(states, 3)).toEqual(['0 at 3', '1 at 3'])
  })

  it('is there for who asks early, also where it comes behind the barrier itself', async () => {
    const { states, sends } = twoWorkers()
    const wanted = names(states, 1)
    states.aligned(1)
    sends(1, 1)
    const next = names(states, 2)
    sends(0, 1)
    sends(0, 2)
    sends(1, 2)
    expect(await wanted).toEqual(['0 at 1', '1 at 1'])
    expect(await next).toEqual(['0 at 2', '1 at 2'])
  })
})
