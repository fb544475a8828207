import type { JobMode } from '../../src/runtime/job-mode.ts'
import type { Counted, Expected } from './expected.ts'

/** What the program tells of a run; `began` and `firstResultAt` are of one clock. */
export interface Report extends Expected {
  readonly engine: 'wasm' | 'js'
  readonly fallbackReason?: string
  readonly threads: { readonly usable: boolean; readonly reason?: string }
  /** The same rows, dealt out to two workers where there can be any. */
  readonly dealt: Expected & { readonly mode: { readonly kind: 'thread' | 'shards'; readonly reason?: string } }
  /** Rows of columns that are lent, and how many blocks were read where they stood. */
  readonly lent: {
    readonly mode: JobMode
    readonly rows: readonly Counted[]
    readonly returned: boolean
    readonly inPlace: number
  }
  readonly began: number
  readonly firstResultAt: number
  readonly delivered: number
  /** What came out of an edge that drops its oldest, and the counts. */
  readonly dropped: {
    readonly kept: readonly number[]
    readonly evicted: number
    readonly delivered: number
    readonly accepted: number
  }
  readonly checkpoint: string
  readonly restored?: Expected
  /** Of a page: whether it is cross-origin isolated. */
  readonly isolated?: boolean
}

export interface Input {
  /** Where a page finds the script of workers. */
  readonly script?: string
  /** A checkpoint to go on from, as base64. */
  readonly restore?: string
}

/** A place the program runs in. */
export interface Place {
  readonly name: string
  readonly engine: 'wasm' | 'js'
  /** What the reason for the js engine says. */
  readonly because?: RegExp
  readonly threads: boolean
  /** What is found out about the place before it is used, its version first of all. */
  version(): Promise<string>
  run(input: Input): Promise<Report>
}
