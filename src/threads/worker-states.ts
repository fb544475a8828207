import type { Section } from '../checkpoint/checkpoint-format.ts'
import type { ElsewhereStates } from '../operators/chain.ts'
import type { WorkerPool } from './worker-pool.ts'

/** What workers keep as of a barrier, what each had counted, and where its clock stood. */
export interface StatesOfWorkers extends ElsewhereStates {
  readonly counts: readonly Float64Array[]
  readonly clocks: readonly number[]
}

/** Collects what workers keep as of the barriers of checkpoints, each when it has come to one. */
export class WorkerStates {
  readonly #workers: number
  readonly #open = new Map<number, Collected>()

  constructor(pool: WorkerPool) {
    this.#workers = pool.workers.length
    pool.onState = (worker, { id, sections, counts, nowMs, pauseNs }) => {
      const collected = this.#of(id)
      if (collected.isWhole || collected.parts[worker] !== undefined) return
      collected.parts[worker] = sections
      collected.counts[worker] = pool.workers[worker]!.cells.totalOf(counts)
      collected.clocks[worker] = nowMs
      collected.pauseNs = Math.max(collected.pauseNs, pauseNs)
      if (++collected.count < this.#workers) return
      collected.isWhole = true
      collected.resolve(collected)
    }
  }

  /** What all of them keep. Never, when one of them is lost before, and not started anew. */
  at(id: number): Promise<StatesOfWorkers> {
    return this.#of(id).all
  }

  /**
   * All of them have come to a barrier: whoever wants what they keep as of it has asked. Until then it is kept, also when some
   * are at the next one already.
   */
  aligned(id: number): void {
    this.#of(id).isAligned = true
  }

  /** All workers do once more what they did behind the last barrier that all of them came to. */
  restart(): void {
    for (const collected of this.#open.values()) {
      if (collected.isWhole) continue
      collected.parts.length = 0
      collected.counts.length = 0
      collected.clocks.length = 0
      collected.count = 0
    }
  }

  #of(id: number): Collected {
    const known = this.#open.get(id)
    if (known !== undefined) return known
    for (const [other, { isWhole, isAligned }] of this.#open) if (isWhole && isAligned) this.#open.delete(other)
    let resolve: Collected['resolve'] = () => {}
    const all = new Promise<Collected>(done => {
      resolve = done
    })
    const collected: Collected = {
      parts: [],
      counts: [],
      clocks: [],
      count: 0,
      pauseNs: 0,
      isWhole: false,
      isAligned: false,
      all,
      resolve,
    }
    this.#open.set(id, collected)
    return collected
  }
}

interface Collected extends StatesOfWorkers {
  readonly parts: (readonly Section[])[]
  readonly counts: Float64Array[]
  readonly clocks: number[]
  count: number
  pauseNs: number
  isWhole: boolean
  isAligned: boolean
  readonly all: Promise<Collected>
  readonly resolve: (collected: Collected) => void
}
