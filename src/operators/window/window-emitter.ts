import type { ArenaScope } from '../../memory/arena.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { Vector } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import { EmittedBatch, type OutputColumn } from './emitted-batch.ts'
import { FiringOrder, type Ranking } from './firing-order.ts'
import type { KeyIndex } from './key-index.ts'
import type { RecordEmitter } from './record-emitter.ts'
import type { RecordLayout } from './record-layout.ts'

/**
 * Turns records into result batches: windowStart and windowEnd (or one time, where windows have no bounds), the keys, then one column per aggregate and, where there is
 * room for it, whether rows take back an earlier result. Emission is
 * kernels too: one call per column and batch. Can be stopped between two batches.
 */
export class WindowEmitter implements RecordEmitter {
  readonly #kernels: KernelExports
  readonly #layout: RecordLayout
  readonly #keys: KeyIndex
  readonly #next: Operator
  readonly #columns: readonly Vector[]
  readonly #keyCount: number
  readonly #stamps: 1 | 2
  readonly #maxBatch: number
  readonly #addresses: number
  readonly #batch: EmittedBatch
  readonly #order: FiringOrder | undefined
  #records = 0
  #ids = 0
  #at = 0
  #count = 0
  /** Address of the one record to emit, 0 when there are `count` of them by id. */
  #record = 0
  #isRetraction = 0
  #start = 0
  #end = 0
  /** Says which watermark was handed on last, where a step behind is told it again when a firing is over. */
  readonly #forwarded: (() => number) | undefined
  #isUntold = false
  rowsOut = 0

  /**
   * @param parts.forwarded Set where a step behind has to know when a firing is over. What is taken back belongs to the
   *   firing behind it.
   * @param parts.ranking Where keys come in a window, unless as they stand.
   * @param parts.stamps Times each row begins with: those `begin` is told, or the first of them alone.
   */
  constructor(
    kernels: KernelExports,
    scope: ArenaScope,
    parts: {
      layout: RecordLayout
      keys: KeyIndex
      next: Operator
      columns: readonly OutputColumn[]
      keyCount: number
      stamps?: 1 | 2
      forwarded?: (() => number) | undefined
      ranking?: Ranking | undefined
    },
    maxBatch: number,
  ) {
    this.#kernels = kernels
    this.#layout = parts.layout
    this.#keys = parts.keys
    this.#next = parts.next
    this.#keyCount = parts.keyCount
    this.#stamps = parts.stamps ?? 2
    this.#forwarded = parts.forwarded
    this.#maxBatch = maxBatch
    const { layout, ranking } = parts
    this.#order = ranking && new FiringOrder(kernels, scope, { layout, ranking, maxBatch })
    this.#addresses = scope.allocate(maxBatch * 4)
    this.#batch = new EmittedBatch(scope, parts.columns, maxBatch)
    this.#columns = this.#batch.columns
  }

  /** Starts emitting `count` records of the window [start, end), by their ids. Nothing else may be pending. */
  begin(startMs: number, endMs: number, records: number, ids: number, count: number, isRetraction = false): void {
    if (records !== 0) this.#order?.sortIds(records, ids, count)
    this.#start = startMs
    this.#end = endMs
    this.#records = records
    this.#ids = ids
    this.#at = 0
    this.#count = count
    this.#record = 0
    this.#isRetraction = isRetraction ? 1 : 0
    this.#isUntold = !isRetraction
  }

  /** The same for one record, wherever it stands; the id of its key stands at `id`. */
  beginOne(startMs: number, endMs: number, record: number, id: number, isRetraction: boolean): void {
    this.begin(startMs, endMs, 0, id, 1, isRetraction)
    this.#record = record
  }

  /** Whether records wait to be emitted. */
  get pending(): boolean {
    return this.#at < this.#count
  }

  /** Emits until everything is out (true) or downstream is full (false: call again after it resumed). */
  emit(): boolean {
    while (this.#at < this.#count) {
      const count = Math.min(this.#count - this.#at, this.#maxBatch)
      this.#write(this.#ids + this.#at * 4, count)
      this.#at += count
      this.rowsOut += count
      if (!this.#next.process(this.#batch)) return false
    }
    if (this.#forwarded === undefined || !this.#isUntold) return true
    this.#isUntold = false
    return this.#next.advanceWatermark(this.#forwarded())
  }

  /** Marks the codes of the batch last written: it may still be on its way. */
  markCodes(dictionary: Dictionary, memory: Uint32Array, mark: (code: number) => void): void {
    this.#batch.markCodes(dictionary, memory, mark)
  }

  #write(ids: number, count: number): void {
    const k = this.#kernels
    const columns = this.#columns
    k.fillF64(columns[0]!.values, count, this.#start)
    const stamps = this.#stamps
    if (stamps === 2) k.fillF64(columns[1]!.values, count, this.#end)
    for (let key = 0; key < this.#keyCount; key++) this.#keys.writeKeys(ids, count, key, columns[stamps + key]!)
    if (this.#record === 0) k.recordAddresses(this.#records, ids, count, this.#layout.recordBytes, this.#addresses)
    else k.fillI32(this.#addresses, 1, this.#record)
    const { finishers } = this.#layout
    const aggregates = stamps + this.#keyCount
    for (let i = 0; i < finishers.length; i++) finishers[i]!(this.#addresses, count, columns[aggregates + i]!, ids)
    const retraction = columns[aggregates + finishers.length]
    if (retraction !== undefined) k.fill1(retraction.values, count, this.#isRetraction)
    this.#batch.hold(count)
  }
}
