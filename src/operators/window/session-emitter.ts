import { SESSION_FIRST, SESSION_ID, SESSION_LAST, SESSION_MARKS, SESSION_RECORD } from '../../../assembly/abi.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { Vector } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import { EmittedBatch, type OutputColumn } from './emitted-batch.ts'
import { FiringOrder, type Ranking } from './firing-order.ts'
import type { KeyIndex } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'
import { RETRACTION } from './session-timers.ts'

/**
 * Turns sessions (abi.ts "session") into result batches: windowStart, windowEnd, the keys, then one column per aggregate,
 * each written by a kernel, and whether a row is a retraction where firings retract. Can be stopped between two batches.
 */
export class SessionEmitter {
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  readonly #layout: RecordLayout
  readonly #keys: KeyIndex
  readonly #next: Operator
  readonly #columns: readonly Vector[]
  readonly #keyCount: number
  readonly #maxBatch: number
  readonly #tailMs: number
  readonly #addresses: number
  readonly #ids: number
  readonly #batch: EmittedBatch
  readonly #order: FiringOrder | undefined
  #sessions: readonly number[] = []
  #at = 0
  readonly #forwarded: (() => number) | undefined
  #isUntold = false
  rowsOut = 0

  /**
   * @param parts.forwarded Set where a step behind has to know when a firing is over: it is told the watermark again then
   *   that was handed on last.
   * @param parts.ranking Where sessions of the same bounds come, unless as they stand.
   * @param parts.tailMs What windows go on for after the last time of their session.
   */
  constructor(
    kernels: KernelExports,
    scope: ArenaScope,
    parts: {
      memory: LinearMemory
      layout: RecordLayout
      keys: KeyIndex
      next: Operator
      columns: readonly OutputColumn[]
      keyCount: number
      tailMs: number
      maxBatch: number
      forwarded: (() => number) | undefined
      ranking?: Ranking | undefined
    },
  ) {
    const { maxBatch } = parts
    this.#kernels = kernels
    this.#memory = parts.memory
    this.#layout = parts.layout
    this.#keys = parts.keys
    this.#next = parts.next
    this.#keyCount = parts.keyCount
    this.#tailMs = parts.tailMs
    this.#maxBatch = maxBatch
    this.#forwarded = parts.forwarded
    const { layout, ranking } = parts
    this.#order = ranking && new FiringOrder(kernels, scope, { layout, ranking, maxBatch })
    this.#addresses = scope.allocate(maxBatch * 4)
    this.#ids = scope.allocate(maxBatch * 4)
    this.#batch = new EmittedBatch(scope, parts.columns, maxBatch)
    this.#columns = this.#batch.columns
  }

  /**
   * Starts emitting the sessions of a list, which is put in order and stays as it is until all are out. Nothing else may be
   * pending.
   */
  begin(sessions: number[]): void {
    this.#order?.sortSessions(sessions)
    this.#sessions = sessions
    this.#at = 0
    this.#isUntold = true
  }

  /** Emits until everything is out (true) or downstream is full (false: call again after it resumed). */
  emit(): boolean {
    while (this.#at < this.#sessions.length) {
      const count = Math.min(this.#sessions.length - this.#at, this.#maxBatch)
      this.#write(this.#at, count)
      this.#at += count
      this.rowsOut += count
      if (!this.#next.process(this.#batch)) return false
    }
    if (this.#forwarded === undefined || !this.#isUntold) return true
    this.#isUntold = false
    return this.#next.advanceWatermark(this.#forwarded())
  }

  /** Marks the codes of the batch last written: it may still be on its way. */
  markCodes(dictionary: Dictionary, mark: (code: number) => void): void {
    this.#batch.markCodes(dictionary, this.#memory.u32, mark)
  }

  #write(from: number, count: number): void {
    const k = this.#kernels
    const columns = this.#columns
    const addresses = this.#addresses
    const { u32 } = this.#memory
    for (let i = 0; i < count; i++) u32[(addresses >>> 2) + i] = this.#sessions[from + i]! + SESSION_RECORD
    k.takeField8(addresses, count, SESSION_FIRST - SESSION_RECORD, columns[0]!.values)
    k.takeField8(addresses, count, SESSION_LAST - SESSION_RECORD, columns[1]!.values)
    k.addF64ColConst(columns[1]!.values, this.#tailMs, count, columns[1]!.values)
    if (this.#keyCount > 0) {
      k.takeField4(addresses, count, SESSION_ID - SESSION_RECORD, this.#ids)
      for (let key = 0; key < this.#keyCount; key++) this.#keys.writeKeys(this.#ids, count, key, columns[2 + key]!)
    }
    const { finishers } = this.#layout
    const ids = this.#keyCount > 0 ? this.#ids : 0
    for (let i = 0; i < finishers.length; i++) finishers[i]!(addresses, count, columns[2 + this.#keyCount + i]!, ids)
    const retractions = columns[2 + this.#keyCount + finishers.length]
    if (retractions !== undefined) this.#writeRetractions(from, count, retractions.values)
    this.#batch.hold(count)
  }

  #writeRetractions(from: number, count: number, values: number): void {
    const { u8, u32 } = this.#memory
    for (let i = 0; i < count; i++) {
      u8[values + i] = u32[(this.#sessions[from + i]! + SESSION_MARKS) >>> 2] === RETRACTION ? 1 : 0
    }
  }
}
