import type { Section } from '../checkpoint/checkpoint-format.ts'
import type { ElsewhereStates } from '../operators/chain.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Collects what workers keep as of the barriers of checkpoints, each when it has come to one. */
export class WorkerStates {
  readonly #workers: number
  readonly #open = new Map<number, Collected>()

  constructor(pool: WorkerPool) {
    this.#workers = pool.workers.length
    pool.onState = (worker, { id, sections, pauseNs }) => {
      const collected = this.#of(id)
      collected.parts[worker] = sections
      collected.pauseNs = Math.max(collected.pauseNs, pauseNs)
      if (++collected.count === this.#workers) collected.resolve(collected)
    }
  }

  /** What all of them keep. Never, when one of them is lost before. */
  async at(id: number): Promise<ElsewhereStates> {
    const { parts, pauseNs } = await this.#of(id).all
    this.#open.delete(id)
    return { parts, pauseNs }
  }

  #of(id: number): Collected {
    const known = this.#open.get(id)
    if (known !== undefined) return known
    let resolve: Collected['resolve'] = () => {}
    const all = new Promise<Collected>(done => {
      resolve = done
    })
    const collected: Collected = { parts: [], count: 0, pauseNs: 0, all, resolve }
    this.#open.set(id, collected)
    return collected
  }
}

interface Collected {
  readonly parts: (readonly Section[])[]
  count: number
  pauseNs: number
  readonly all: Promise<Collected>
  readonly resolve: (collected: Collected) => void
}
