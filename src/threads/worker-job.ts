import type { Section } from '../checkpoint/checkpoint-format.ts'
import type { RestoreTolerance } from '../checkpoint/named-state.ts'
import type { Shard } from '../operators/rows-of-shard.ts'
import type { EventTimeColumn } from '../operators/time-of-rows.ts'
import type { NormalisedLinkStrategy } from '../plan/link-options.ts'
import type { FieldSpec, LogicalNode } from '../plan/logical-node.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { RingPlace } from './frame-ring.ts'
import type { SentError } from './sent-error.ts'

/** What a worker is told to do: all of it can be sent to another thread. */
export interface WorkerJob {
  /** The columns of its rows, its steps, and the event time of the rows where a step before has set it. */
  readonly source: readonly FieldSpec[]
  readonly nodes: readonly LogicalNode[]
  readonly time: EventTimeColumn | undefined
  /** Which rows it works on, where it is one of several replicas. */
  readonly partition: (Partitioning & { readonly shard: Shard }) | undefined
  /** The step that is a window of which it does the first half, over the batches it is dealt; and the texts it may have kept elsewhere. */
  readonly half: { readonly step: number; readonly mostTexts: number } | undefined
  readonly engine: 'wasm' | 'js'
  /** The kernels, compiled. */
  readonly module: WebAssembly.Module | undefined
  readonly maxBatch: number
  readonly maxKeys: number
  readonly maxMemory: number
  /** Inputs rows come in by; 0: one. */
  readonly inputs: number
  /** By stage: whether a row it fails on is left out. */
  readonly skips: readonly string[]
  /** Where its rows come from; the consumer it is there, of so many. */
  readonly input: SharedArrayBuffer
  readonly consumer: number
  readonly consumers: number
  /** Its memory, where its input is a part of that, and where: rows are worked on in their frames then. */
  readonly within: { readonly memory: WebAssembly.Memory; readonly place: RingPlace } | undefined
  /** The way to the thread that runs the job; and to the worker of the next stage, where there is one. */
  readonly output: SharedArrayBuffer
  readonly next: SharedArrayBuffer | undefined
  /** How that way is bounded, where that is by rows. */
  readonly link: WorkerLink | undefined
  /** The input of the worker before it, where the way from there is bounded by rows: that one may wait there for room. */
  readonly before: SharedArrayBuffer | undefined
  /** Whether its results are put in order with those of others: it says of each the end of its window, and how far it is. */
  readonly isOrdered: boolean
  readonly nowMs: number
  /** Whether it reads the clock for every frame. */
  readonly isTimed: boolean
}

/** A link between two stages that holds so many rows. */
export interface WorkerLink {
  /** The stages. */
  readonly from: string
  readonly to: string
  readonly bufferSize: number
  readonly strategy: NormalisedLinkStrategy
}

/** What a worker is sent behind its job: a state to go on from, once at most; that it shall begin; memory that rows are lent in. */
export type WorkerOrder =
  | WorkerRestore
  | { readonly kind: 'begin' }
  | { readonly kind: 'share'; readonly number: number; readonly memory: WebAssembly.Memory }

/** What a worker goes on from. */
export interface WorkerRestore {
  readonly kind: 'restore'
  /** What each of those kept who did the work then. */
  readonly parts: readonly (readonly Section[])[]
  /** Whether it was spread otherwise then: the worker takes the keys of its own. */
  readonly isSpreadOtherwise: boolean
  readonly tolerance: RestoreTolerance
}

/** What a worker needs of its thread. */
export interface WorkerPort {
  /** Lets other things happen, if they have waited for long: before the thread is blocked for want of rows, and while it is busy. */
  letGo(): Promise<void>
  /** What it is told next. */
  next(): Promise<WorkerOrder>
}

/** What a worker says: it is ready, or restored; there is something to look at; what it keeps; or it can't go on. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly shape: WorkerShape }
  | { readonly kind: 'restored' }
  | { readonly kind: 'call' }
  | WorkerState
  | { readonly kind: 'failed'; readonly error: SentError }

/** What a worker keeps as of the barrier of a checkpoint. */
export interface WorkerState {
  readonly kind: 'state'
  readonly id: number
  readonly sections: readonly Section[]
  /** What it has counted so far: see worker-cells.ts. */
  readonly counts: Float64Array
  /** Where its clock stood. */
  readonly nowMs: number
  /** How long it took to put that into bytes. */
  readonly pauseNs: number
}

/** What a replica of the plan looks like: the same in all workers. */
export interface WorkerShape {
  /** The ends of the chain: result rows, or keys with records, and the side branches by name. */
  readonly streams: readonly {
    readonly branch: string | undefined
    readonly fields: readonly FieldSpec[]
    readonly recordBytes?: number
  }[]
  /** Its operators in data order, with the number of the step each belongs to. */
  readonly operators: readonly { readonly name: string; readonly step: number; readonly notes: readonly string[] }[]
  readonly windows: number
  readonly eventTimes: number
  /** Links to a next stage that are bounded by rows: one or none. */
  readonly links: number
  /** The stages with an error policy. */
  readonly stages: readonly string[]
  /** The kernels it has compiled for its memory, where its input is a part of that. */
  readonly kernels: WebAssembly.Module | undefined
  /** Where its counts stand: see worker-cells.ts. */
  readonly cells: SharedArrayBuffer
  /** Where its times stand: see worker-times.ts. */
  readonly times: SharedArrayBuffer
}
