import type { EngineChoice } from '../kernels/engine.ts'
import type { SharedRingKind } from '../memory/shared-ring.ts'
import type { AsyncWaitOptions } from '../memory/wait-cell.ts'
import type { LedgerSnapshot } from '../metrics/ledger.ts'
import type { SharedStrategy } from './shared-queue-handle.ts'

/** How a shared queue is made. */
export interface SharedEventQueueOptions {
  /** Events it can hold: 1 … 2^24, kept exactly. */
  readonly capacity: number
  /** `'spsc'`: one thread pushes and one pops, each in a fixed number of steps. Default `'mpmc'`: any number of either. */
  readonly kind?: SharedRingKind
  /** What `push` does when it is full; default `'block'`. */
  readonly backpressure?: SharedStrategy
  /** Threads that can be attached at once: 1 … 1,024; default 16. */
  readonly members?: number
  /** Default `'auto'`. */
  readonly engine?: EngineChoice
}

/** How long a push or a pop waits. */
export type SharedWaitOptions = Pick<AsyncWaitOptions, 'timeoutMs' | 'signal'>

/** A shared queue's numbers, of all threads together. Counters of threads at work are a moment old. */
export interface SharedEventQueueStats extends LedgerSnapshot {
  readonly capacity: number
}
