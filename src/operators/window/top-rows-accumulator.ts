import { BUFFER_COUNT, LIST_BYTES } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { topRowsKernels } from '../../kernels/top-rows.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { TypeName } from '../../schema/data-type.ts'
import type { KernelExports, KernelName } from '../../wasm/exports.ts'
import type { EvaluationFrame } from '../evaluator/evaluation-frame.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'
import { GrowingBuffers } from './growing-buffer.ts'
import { eachKeptRow, type KeptRows } from './kept-rows.ts'

/** The first rows of a record in an order, whole; of equal ones those that came first. */
export class TopRowsAccumulator implements Accumulator {
  readonly bytes = LIST_BYTES
  readonly kernels: readonly KernelName[]
  readonly inTypeScript: string | undefined
  readonly #memory: LinearMemory
  readonly #kernels: Pick<KernelExports, 'accumulateTopRows' | 'combineTopRows'>
  readonly #rows: KeptRows
  readonly #most: number
  readonly #buffers: GrowingBuffers
  readonly #table: number
  /** Where in a row values stand that not all bytes are. */
  readonly #flags: readonly number[]
  readonly #times: readonly number[]

  constructor(frame: EvaluationFrame, rows: KeptRows, most: number) {
    const { memory, arena, kernels } = frame
    const { texts, rowBytes } = rows
    this.kernels = texts === undefined ? ['accumulateTopRows'] : []
    this.inTypeScript = texts === undefined ? undefined : 'the order by text'
    this.#memory = memory
    this.#kernels = texts === undefined ? kernels : topRowsKernels(memory, texts)
    this.#rows = rows
    this.#most = most
    this.#buffers = new GrowingBuffers(arena, {
      elementBytes: rowBytes,
      form: 'list',
      most,
      move: (from, capacity, to) => memory.u8.copyWithin(to, from, from + capacity * rowBytes),
    })
    this.#table = frame.hold(rows.tableBytes)
    rows.describe(memory.u32, this.#table)
    const placesOf = (name: TypeName): readonly number[] =>
      rows.columns.filter(({ type }) => type.name === name).map(({ at }) => at)
    this.#flags = placesOf('bool')
    this.#times = placesOf('timestamp')
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { columns, keyCount, rowBytes } = this.#rows
    const table = this.#table
    const most = this.#most
    const k = this.#kernels
    this.#rows.tell(this.#memory.u32, table, batch)
    for (let j = from; ; this.#grow(addresses + (j - from) * 4, at)) {
      const first = addresses + (j - from) * 4
      j = k.accumulateTopRows(first, selection, j, to, table, columns.length, keyCount, rowBytes, most, at)
      if (j >= to) return
    }
  }

  combine(target: number, source: number, count: number, at: number): void {
    const { columns, keyCount, rowBytes } = this.#rows
    const table = this.#table
    const most = this.#most
    const k = this.#kernels
    for (let j = 0; ; this.#grow(target + j * 4, at)) {
      const from = j * 4
      j = k.combineTopRows(target + from, source + from, j, count, table, columns.length, keyCount, rowBytes, most, at)
      if (j >= count) return
    }
  }

  release(record: number, at: number): void {
    this.#buffers.release(record + at)
  }

  snapshot(writer: StateWriter, record: number, at: number): void {
    this.#buffers.snapshot(writer, record + at)
  }

  restore(reader: StateReader, record: number, at: number): void {
    this.#buffers.restore(reader, record + at)
    const { f64, u8 } = this.#memory
    const count = f64[(record + at + BUFFER_COUNT) >>> 3]!
    if (count > this.#most) reader.refuse(`${count} rows of a key where ${this.#most} are kept`)
    eachKeptRow(this.#memory, record + at, this.#rows.rowBytes, row => {
      for (const at of this.#flags) if (u8[row + at]! > 1) reader.refuse('a value is neither true nor false')
      for (const at of this.#times) {
        const time = f64[(row + at) >>> 3]!
        if (!Number.isSafeInteger(time)) reader.refuse(`${time} is no time`)
      }
    })
  }

  /** Makes room in the record whose address stands at `address`. */
  #grow(address: number, at: number): void {
    this.#buffers.grow(this.#memory.u32[address >>> 2]! + at)
  }
}
