import { optionInvalid } from '../../errors.ts'
import type { Arena } from '../../memory/arena.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { DataType } from '../../schema/data-type.ts'
import type { KernelExports } from '../../wasm/exports.ts'

/** What an operator's expressions are compiled for: one engine, one memory, batches of a known greatest length. */
export interface EvaluationContext {
  readonly kernels: KernelExports
  /** Where scratch columns and tables come from; its memory is the one the kernels work on. */
  readonly arena: Arena
  /** Rows of the longest batch. */
  readonly maxBatch: number
  /** Distinct strings that rows and state downstream may hold of one computed text column. */
  readonly maxCodes: number
}

/** A column expressions can name. `dictionary` is set exactly for `utf8`. */
export interface InputColumn {
  readonly name: string
  readonly type: DataType
  readonly dictionary?: Dictionary | undefined
}

/** The batch an operator's expressions are looking at, and the scratch memory their results stand in. */
export class EvaluationFrame {
  readonly kernels: KernelExports
  readonly memory: LinearMemory
  readonly arena: Arena
  readonly maxBatch: number
  readonly maxCodes: number
  /** Changes with every batch: a result computed under another stamp is out of date. */
  stamp = 0
  batch: RecordBatch | undefined
  length = 0
  /** The rows whose results anyone will read: an overflow elsewhere is none. Address and count as in a record batch. */
  selection = 0
  selectedCount = 0
  /** Overflows by row, where they are left to whoever takes the row in; undefined while there are none. */
  faults: Map<number, Error> | undefined
  readonly #defersFaults: boolean
  readonly #held: { readonly address: number; readonly bytes: number }[] = []
  readonly #closing: (() => void)[] = []
  readonly #placing: (() => void)[] = []
  #allValid = 0

  /** @param defersFaults Whether rows that overflow are noted in `faults` instead of ending the job at once. */
  constructor(context: EvaluationContext, defersFaults = false) {
    this.#defersFaults = defersFaults
    this.kernels = context.kernels
    this.arena = context.arena
    this.memory = context.arena.memory
    this.maxBatch = context.maxBatch
    this.maxCodes = context.maxCodes
  }

  /** Turns to the next batch; everything computed before is out of date. */
  bind(batch: RecordBatch): void {
    if (batch.length > this.maxBatch) {
      throw optionInvalid(`a batch of ${batch.length} rows met an operator made for at most ${this.maxBatch}`, {
        value: batch.length,
      })
    }
    if (this.#placing.length > 0) for (const place of this.#placing.splice(0)) place()
    this.stamp++
    this.batch = batch
    this.length = batch.length
    this.selection = batch.selection
    this.selectedCount = batch.selectedCount
    this.faults = undefined
  }

  /** Tells that only these rows of the batch are of interest from here on. */
  narrow(selection: number, selectedCount: number): void {
    this.selection = selection
    this.selectedCount = selectedCount
  }

  /** A row that is wanted can't be computed. @throws The error, unless faults are left for later. */
  fault(row: number, error: Error): void {
    if (!this.#defersFaults) throw error
    this.faults ??= new Map()
    if (!this.faults.has(row)) this.faults.set(row, error)
  }

  /** Scratch for `maxBatch` values of `width` bytes, held until `close`. */
  columnOf(width: number): number {
    return this.hold(this.maxBatch * width)
  }

  /** Scratch for `maxBatch` bits, zero at first. */
  bitmap(): number {
    return this.hold(this.bitmapBytes)
  }

  get bitmapBytes(): number {
    return (this.maxBatch + 7) >>> 3
  }

  /** A bitmap of ones, to be read only. */
  allValid(): number {
    if (this.#allValid === 0) {
      this.#allValid = this.bitmap()
      this.kernels.fillBits(this.#allValid, this.maxBatch, 1)
    }
    return this.#allValid
  }

  hold(bytes: number): number {
    const address = this.arena.allocateZeroed(bytes)
    this.#held.push({ address, bytes })
    return address
  }

  /** Has something done once all that there will be over this frame is known, in the order of the calls. */
  onFirstBatch(place: () => void): void {
    this.#placing.push(place)
  }

  onClose(release: () => void): void {
    this.#closing.push(release)
  }

  /** Gives the scratch back. */
  close(): void {
    for (const { address, bytes } of this.#held.splice(0)) this.arena.release(address, bytes)
    for (const release of this.#closing.splice(0)) release()
    this.batch = undefined
  }
}
