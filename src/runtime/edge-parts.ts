import type { Arena } from '../memory/arena.ts'
import type { ColumnField } from '../memory/column-buffers.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import type { FutureLimit } from '../plan/future-limits.ts'
import type { Clock } from '../time/clock.ts'
import type { KernelExports } from '../wasm/exports.ts'
import type { GrowthWarning } from './admission/admission-store.ts'
import type { InvalidEvents } from './invalid-events.ts'
import type { OutputOrder } from './output-order.ts'

/** Who works on the rows behind the edge. */
export interface EdgeConsumer {
  /**
   * Rows were published. Returns how many more may come one by one before it wants to be told again: until then, or until
   * rows are taken out, it has nothing to do for them.
   */
  rowsArrived(): number
  /** The edge is full: works on its rows at once, if that is possible now. */
  makeRoom(): void
  /** The edge took more memory. */
  grew(warning: GrowthWarning): void
  /** Something no single event is to blame for: a bound on state was reached, or a strategy ends the job. */
  failed(error: unknown): void
}

/** What an edge is made of. */
export interface SourceEdgeOptions {
  readonly arena: Arena
  readonly kernels: KernelExports
  readonly fields: readonly ColumnField[]
  readonly dictionaries: readonly (Dictionary | undefined)[]
  /** Names of columns no step reads. */
  readonly unread: ReadonlySet<string>
  readonly config: ResolvedConfig
  readonly clock: Clock
  /** Most rows written in one piece. */
  readonly maxBatch: number
  /** Takes events that don't fit the schema: throws, or returns and the event is dropped. */
  readonly invalid: InvalidEvents
  readonly consumer: EdgeConsumer
  /** Sources of the job: each is an input, and what is pushed is one more. */
  readonly sources: number
  /** Whether rows move the clock of the stream. */
  readonly movesClock: boolean
  /** Told when what comes in hangs on more than one input. */
  readonly order: OutputOrder
  /** How far ahead of the clock times may be. */
  readonly limits: readonly FutureLimit[]
  readonly random?: () => number
}
