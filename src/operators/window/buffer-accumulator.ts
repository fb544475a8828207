import { BINS_BYTES, LIST_BYTES, SET_BYTES } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { TypeName } from '../../schema/data-type.ts'
import type { KernelExports, KernelName } from '../../wasm/exports.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'
import { type BufferShape, GrowingBuffers } from './growing-buffer.ts'

/** How a kind of buffer is filled. The kernels stop where there is no room: at the row or record they return. */
interface BufferKind extends BufferShape {
  readonly bytes: number
  readonly kernels: readonly KernelName[]
  readonly accumulate: KernelExports['accumulateDistinct8']
  readonly combine: KernelExports['combineDistinct']
}

/** Values kept outside of the record, as many as there are: a set, a list, or counts by bin. */
class BufferAccumulator implements Accumulator {
  readonly bytes: number
  readonly kernels: readonly KernelName[]
  readonly #arena: Arena
  readonly #column: number
  readonly #kind: BufferKind
  readonly #buffers: GrowingBuffers

  constructor(arena: Arena, column: number, kind: BufferKind) {
    this.bytes = kind.bytes
    this.kernels = kind.kernels
    this.#arena = arena
    this.#column = column
    this.#kind = kind
    this.#buffers = new GrowingBuffers(arena, kind)
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    const { accumulate } = this.#kind
    for (let j = from; ; this.#grow(addresses + (j - from) * 4, at)) {
      j = accumulate(addresses + (j - from) * 4, selection, j, to, values, validity, at)
      if (j >= to) return
    }
  }

  combine(target: number, source: number, count: number, at: number): void {
    const { combine } = this.#kind
    for (let j = 0; ; this.#grow(target + j * 4, at)) {
      j = combine(target + j * 4, source + j * 4, j, count, at)
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
  }

  /** Puts others in the place of the codes in a set. */
  replace(record: number, at: number, codeOf: (code: number) => number): void {
    this.#buffers.replace(record + at, codeOf)
  }

  /** Makes room in the record whose address stands at `address`. */
  #grow(address: number, at: number): void {
    this.#buffers.grow(this.#arena.memory.u32[address >>> 2]! + at)
  }
}

/** The set of the values of a column. */
export function distinctValues(
  kernels: KernelExports,
  arena: Arena,
  column: number,
  type: TypeName,
): BufferAccumulator {
  const name =
    type === 'f64' || type === 'timestamp'
      ? 'accumulateDistinctF64'
      : type === 'i64'
        ? 'accumulateDistinct8'
        : 'accumulateDistinct4'
  return new BufferAccumulator(arena, column, {
    bytes: SET_BYTES,
    elementBytes: 8,
    form: 'set',
    kernels: [name],
    accumulate: kernels[name],
    combine: kernels.combineDistinct,
    move: kernels.rehashSet,
  })
}

/** The values of an f64 column, one after the other. */
export function listedValues(kernels: KernelExports, arena: Arena, column: number): BufferAccumulator {
  return new BufferAccumulator(arena, column, {
    bytes: LIST_BYTES,
    elementBytes: 8,
    form: 'list',
    kernels: ['accumulateList8'],
    accumulate: kernels.accumulateList8,
    combine: kernels.combineList8,
    move: (from, capacity, to) => arena.memory.u8.copyWithin(to, from, from + capacity * 8),
  })
}

/** How many values of an f64 column fall into each bin; `keep` are the bits of the high word that name a bin. */
export function binnedValues(kernels: KernelExports, arena: Arena, column: number, keep: number): BufferAccumulator {
  return new BufferAccumulator(arena, column, {
    bytes: BINS_BYTES,
    elementBytes: 16,
    form: 'table',
    kernels: ['accumulateBinsF64'],
    accumulate: (addr, sel, from, m, a, validity, at) =>
      kernels.accumulateBinsF64(addr, sel, from, m, a, validity, keep, at),
    combine: kernels.combineBins,
    move: kernels.rehashBins,
  })
}
