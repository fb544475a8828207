import type { FieldSpec, LogicalPlan } from '../plan/logical-node.ts'
import type { Partitioning } from '../plan/shard-plan.ts'

/** What a worker is told to do: all of it can be sent to another thread. */
export interface WorkerJob {
  readonly plan: LogicalPlan
  readonly partitioning: Partitioning
  readonly shard: { readonly index: number; readonly count: number }
  readonly engine: 'wasm' | 'js'
  /** The kernels, compiled. */
  readonly module: WebAssembly.Module | undefined
  readonly maxBatch: number
  readonly maxKeys: number
  readonly maxMemory: number
  /** Whether the steps behind go by the watermark of the results. */
  readonly tellsWatermark: boolean
  /** Inputs rows come in by; 0: one. */
  readonly inputs: number
  /** By stage: whether a row it fails on is left out. */
  readonly skips: readonly string[]
  /** Where its rows come from (it is the consumer of the number of its shard), and where its results go. */
  readonly input: SharedArrayBuffer
  readonly output: SharedArrayBuffer
  readonly nowMs: number
}

/** What a worker says: it is ready, there is something to look at, or it can't go on. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly shape: WorkerShape }
  | { readonly kind: 'call' }
  | { readonly kind: 'failed'; readonly error: SentError }

/** What a replica of the plan looks like: the same in all workers. */
export interface WorkerShape {
  /** The ends of the chain: result rows, and the side branches by name. */
  readonly streams: readonly { readonly branch: string | undefined; readonly fields: readonly FieldSpec[] }[]
  /** Its operators in data order, with the number of the step each belongs to. */
  readonly operators: readonly { readonly name: string; readonly step: number; readonly notes: readonly string[] }[]
  readonly windows: number
  readonly eventTimes: number
  /** The stages with an error policy. */
  readonly stages: readonly string[]
  /** Where its counts stand: see worker-cells.ts. */
  readonly cells: SharedArrayBuffer
}

/** An error on its way between threads. */
export interface SentError {
  readonly code: string | undefined
  readonly message: string
  readonly at: string | undefined
  readonly stack: string | undefined
}
