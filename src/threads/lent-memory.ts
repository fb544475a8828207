import type { SharedColumns } from '../memory/lendable-columns.ts'
import { LinearMemory } from '../memory/linear-memory.ts'
import { instantiateKernelsSync } from '../wasm/instantiate.ts'
import type { WorkerPool } from './worker-pool.ts'

const PAGE_BYTES = 65_536

/** Memory of one job that its workers can read. */
export class LentMemory {
  readonly #pool: WorkerPool
  /** The kernels for memory that is shared. */
  readonly #compiled: WebAssembly.Module | undefined
  #count = 0

  constructor(pool: WorkerPool) {
    this.#pool = pool
    this.#compiled = pool.workers[0]!.shape.kernels
  }

  /** undefined: it can't be had. */
  share(bytes: number): SharedColumns | undefined {
    if (this.#compiled === undefined) return undefined
    const pages = Math.ceil(bytes / PAGE_BYTES)
    let shared: WebAssembly.Memory
    try {
      shared = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    } catch {
      // The system may not give so much at once: then rows are copied.
      return undefined
    }
    const number = this.#count++
    this.#pool.share(number, shared)
    return {
      number,
      memory: new LinearMemory({ over: shared }),
      kernels: instantiateKernelsSync(this.#compiled, shared),
    }
  }
}
