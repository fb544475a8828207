import { BUFFER_ADDRESS, BUFFER_COUNT } from '../../../assembly/abi.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import { BYTE_WIDTH } from '../../schema/data-type.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { EmittedBatch, type OutputColumn } from './emitted-batch.ts'
import type { KeptRows } from './kept-rows.ts'
import type { RecordEmitter } from './record-emitter.ts'

const TAKE = { 1: 'takeField1', 4: 'takeField4', 8: 'takeField8' } as const

/** Sends the rows that records keep, key by key, each in their order: the time of firing, their columns, their ranks. */
export class TopRowsEmitter implements RecordEmitter {
  rowsOut = 0
  readonly #memory: LinearMemory
  readonly #kernels: KernelExports
  readonly #maxBatch: number
  readonly #parts: TopRowsEmitterParts
  readonly #carried: KeptRows['columns']
  /** Address of the addresses of the rows of a batch. */
  readonly #rows: number
  readonly #batch: EmittedBatch
  #atMs = 0
  #records = 0
  #ids = 0
  #count = 0
  /** The next row: its record among those to emit, and its place there. */
  #at = 0
  #place = 0
  #isRetraction = false

  constructor({ kernels, arena, maxBatch }: EvaluationContext, scope: ArenaScope, parts: TopRowsEmitterParts) {
    this.#memory = arena.memory
    this.#kernels = kernels
    this.#maxBatch = maxBatch
    this.#parts = parts
    this.#carried = parts.rows.columns.slice(0, parts.carried)
    this.#rows = scope.allocate(maxBatch * 4)
    this.#batch = new EmittedBatch(scope, parts.columns, maxBatch)
  }

  begin(atMs: number, _: number, records: number, ids: number, count: number, isRetraction: boolean): void {
    this.#atMs = atMs
    this.#records = records
    this.#ids = ids
    this.#count = count
    this.#at = 0
    this.#place = 0
    this.#isRetraction = isRetraction
  }

  emit(): boolean {
    while (this.#at < this.#count) {
      const count = this.#list()
      if (count === 0) return true
      this.#write(count)
      this.rowsOut += count
      if (!this.#parts.next.process(this.#batch)) return false
    }
    return true
  }

  markCodes(dictionary: Dictionary, memory: Uint32Array, mark: (code: number) => void): void {
    this.#batch.markCodes(dictionary, memory, mark)
  }

  /** Lists the next rows, up to a batch of them, with their ranks, and returns how many they are. */
  #list(): number {
    const { u32, f64 } = this.#memory
    const { recordBytes, fieldAt, rows, hasRank } = this.#parts
    const ranks = hasRank ? this.#batch.columns[1 + this.#carried.length]!.values >>> 2 : 0
    const first = this.#rows >>> 2
    let count = 0
    while (count < this.#maxBatch && this.#at < this.#count) {
      const field = this.#records + u32[(this.#ids >>> 2) + this.#at]! * recordBytes + fieldAt
      const held = f64[(field + BUFFER_COUNT) >>> 3]!
      const kept = u32[(field + BUFFER_ADDRESS) >>> 2]!
      const to = Math.min(held, this.#place + this.#maxBatch - count)
      for (let place = this.#place; place < to; place++, count++) {
        u32[first + count] = kept + place * rows.rowBytes
        if (hasRank) u32[ranks + count] = place + 1
      }
      this.#place = to
      if (to < held) break
      this.#at++
      this.#place = 0
    }
    return count
  }

  #write(count: number): void {
    const k = this.#kernels
    const { columns } = this.#batch
    k.fillF64(columns[0]!.values, count, this.#atMs)
    for (const [i, { type, at, flagAt }] of this.#carried.entries()) {
      const { values, validity } = columns[i + 1]!
      k[TAKE[BYTE_WIDTH[type.name]]](this.#rows, count, at, values)
      if (validity !== 0) k.fieldAbove(this.#rows, count, flagAt, 0, validity)
    }
    if (this.#parts.retracts) k.fill1(columns.at(-1)!.values, count, Number(this.#isRetraction))
    this.#batch.hold(count)
  }
}

interface TopRowsEmitterParts {
  readonly rows: KeptRows
  /** How many of their columns go on. */
  readonly carried: number
  readonly recordBytes: number
  /** Where in a record the field is that keeps its rows. */
  readonly fieldAt: number
  /** The time of firing, what the rows carry, their rank, and whether they are taken back, where these are told. */
  readonly columns: readonly OutputColumn[]
  readonly hasRank: boolean
  readonly retracts: boolean
  readonly next: Operator
}
