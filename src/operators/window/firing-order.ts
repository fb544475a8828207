import { SESSION_FIRST, SESSION_LAST, SESSION_RECORD } from '../../../assembly/abi.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { RecordLayout } from './record-layout.ts'

/** Which aggregates of a window say where its keys come: first by the first. */
export interface Ranking {
  readonly aggregates: readonly number[]
  readonly memory: LinearMemory
}

/**
 * Puts the keys of a window that fires into the order of their ranks. Mostly they are in it: not when they were taken over
 * from several parts of a state, or came up with rows that were late.
 */
export class FiringOrder {
  readonly #kernels: KernelExports
  readonly #layout: RecordLayout
  readonly #ranking: Ranking
  readonly #maxBatch: number
  readonly #addresses: number
  readonly #values: number
  readonly #ranks: Float64Array[]

  constructor(
    kernels: KernelExports,
    scope: ArenaScope,
    parts: { readonly layout: RecordLayout; readonly ranking: Ranking; readonly maxBatch: number },
  ) {
    this.#kernels = kernels
    this.#layout = parts.layout
    this.#ranking = parts.ranking
    this.#maxBatch = parts.maxBatch
    this.#addresses = scope.allocate(parts.maxBatch * 4)
    this.#values = scope.allocate(parts.maxBatch * 8)
    this.#ranks = parts.ranking.aggregates.map(() => new Float64Array(0))
  }

  /** Sorts the ids that stand at `ids`, whose records are at their places from `records` on. */
  sortIds(records: number, ids: number, count: number): void {
    const { recordBytes } = this.#layout
    this.#reserve(count)
    for (let from = 0; from < count; from += this.#maxBatch) {
      const rows = Math.min(count - from, this.#maxBatch)
      this.#kernels.recordAddresses(records, ids + from * 4, rows, recordBytes, this.#addresses)
      this.#read(from, rows)
    }
    const order = this.#order(count, (a, b) => this.#compare(a, b))
    if (order === undefined) return
    const list = this.#ranking.memory.u32.subarray(ids >>> 2, (ids >>> 2) + count)
    list.set(order.map(at => list[at]!))
  }

  /** Sorts sessions by their ends, starts and ranks. */
  sortSessions(sessions: number[]): void {
    const { u32, f64 } = this.#ranking.memory
    const count = sessions.length
    this.#reserve(count)
    for (let from = 0; from < count; from += this.#maxBatch) {
      const rows = Math.min(count - from, this.#maxBatch)
      for (let i = 0; i < rows; i++) u32[(this.#addresses >>> 2) + i] = sessions[from + i]! + SESSION_RECORD
      this.#read(from, rows)
    }
    const field = (at: number, offset: number): number => f64[(sessions[at]! + offset) >>> 3]!
    const order = this.#order(
      count,
      (a, b) =>
        field(a, SESSION_LAST) - field(b, SESSION_LAST) ||
        field(a, SESSION_FIRST) - field(b, SESSION_FIRST) ||
        this.#compare(a, b),
    )
    if (order === undefined) return
    const sorted = order.map(at => sessions[at]!)
    for (let i = 0; i < count; i++) sessions[i] = sorted[i]!
  }

  #reserve(count: number): void {
    for (let i = 0; i < this.#ranks.length; i++)
      if (this.#ranks[i]!.length < count) this.#ranks[i] = new Float64Array(Math.max(count, this.#ranks[i]!.length * 2))
  }

  /** Reads the ranks of the records whose addresses stand ready. */
  #read(from: number, rows: number): void {
    const { aggregates, memory } = this.#ranking
    aggregates.forEach((aggregate, i) => {
      this.#layout.finishers[aggregate]!(this.#addresses, rows, { values: this.#values, validity: 0 }, 0)
      const first = this.#values >>> 3
      this.#ranks[i]!.set(memory.f64.subarray(first, first + rows), from)
    })
  }

  #compare(a: number, b: number): number {
    for (const ranks of this.#ranks) if (ranks[a] !== ranks[b]) return ranks[a]! - ranks[b]!
    return 0
  }

  /** The places of what comes first, second, …; undefined: all is in order. */
  #order(count: number, compare: (a: number, b: number) => number): number[] | undefined {
    let at = 1
    while (at < count && compare(at - 1, at) < 0) at++
    if (at >= count) return undefined
    return Array.from({ length: count }, (_, i) => i).sort(compare)
  }
}
