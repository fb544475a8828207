import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT, REGISTERS, SET_BYTES } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { TypeName } from '../../schema/data-type.ts'
import type { KernelExports, KernelName } from '../../wasm/exports.ts'
import { CodeTable } from '../evaluator/code-table.ts'
import type { EvaluationFrame } from '../evaluator/evaluation-frame.ts'
import type { AbsorbedRows, Accumulator } from './accumulator.ts'
import { GrowingBuffers } from './growing-buffer.ts'
import { textHash } from './text-hash.ts'

/** Slots of the largest set: with twice as many it would take more room than registers. */
const MOST_SLOTS = REGISTERS / 8

/** HyperLogLog over a column: the set of the hashes while there are few, registers from then on. */
export class ApproxDistinctAccumulator implements Accumulator {
  readonly bytes = SET_BYTES
  readonly kernels: readonly KernelName[]
  readonly #kernels: KernelExports
  readonly #arena: Arena
  readonly #column: number
  readonly #buffers: GrowingBuffers
  readonly #accumulate: KernelExports['accumulateApproxDistinct8']
  /** Of text, by code. */
  readonly #hashes: CodeTable | undefined

  constructor(frame: EvaluationFrame, column: number, type: TypeName, dictionary: Dictionary | undefined) {
    const { kernels, arena } = frame
    this.#kernels = kernels
    this.#arena = arena
    this.#column = column
    this.#buffers = new GrowingBuffers(arena, { elementBytes: 8, form: 'set', move: kernels.rehashSet })
    this.#hashes = dictionary && new CodeTable(frame, dictionary, 'i64', textHash)
    const name = type === 'i64' ? 'accumulateApproxDistinct8' : 'accumulateApproxDistinctF64'
    this.#accumulate = this.#hashes
      ? (addr, sel, from, m, a, validity, at) =>
          kernels.accumulateApproxDistinctCodes(addr, sel, from, m, a, validity, at, this.#hashes!.values)
      : kernels[name]
    this.kernels = [this.#hashes ? 'accumulateApproxDistinctCodes' : name]
  }

  initialise(): void {}

  accumulate({ batch, addresses, selection, from, to }: AbsorbedRows, at: number): void {
    const { values, validity } = batch.columns[this.#column]!
    this.#hashes?.refresh()
    for (let j = from; ; this.#grow(this.#field(addresses + (j - from) * 4, at))) {
      j = this.#accumulate(addresses + (j - from) * 4, selection, j, to, values, validity, at)
      if (j >= to) return
    }
  }

  combine(target: number, source: number, count: number, at: number): void {
    for (let j = 0; j < count; j++) {
      const field = this.#field(target + j * 4, at)
      const taken = this.#field(source + j * 4, at)
      if (this.#hasRegisters(taken)) {
        if (!this.#hasRegisters(field)) this.#useRegisters(field)
        this.#kernels.maxU8(this.#address(taken), REGISTERS, this.#address(field))
      } else {
        while (this.#kernels.combineHashes(field, taken, 0) === 0) this.#grow(field)
      }
    }
  }

  release(record: number, at: number): void {
    const field = record + at
    if (this.#hasRegisters(field)) {
      this.#arena.release(this.#address(field), REGISTERS)
      this.#arena.memory.u32[(field + BUFFER_ADDRESS) >>> 2] = 0
    } else this.#buffers.release(field)
  }

  snapshot(writer: StateWriter, record: number, at: number): void {
    const field = record + at
    writer.bool(this.#hasRegisters(field))
    if (!this.#hasRegisters(field)) this.#buffers.snapshot(writer, field)
    else writer.words(this.#arena.memory.u32, this.#address(field) >>> 2, REGISTERS / 4)
  }

  restore(reader: StateReader, record: number, at: number): void {
    const field = record + at
    if (!reader.bool()) {
      this.#buffers.restore(reader, field)
      if (this.#buffers.capacity(field) > MOST_SLOTS) reader.refuse('a set of hashes is too large to be one')
      return
    }
    const ranks = reader.bytes(REGISTERS)
    if (ranks.some(rank => rank > MOST_RANK)) reader.refuse(`a register is beyond ${MOST_RANK}`)
    const registers = this.#arena.allocate(REGISTERS)
    this.#arena.memory.u8.set(ranks, registers)
    this.#arena.memory.u32[(field + BUFFER_ADDRESS) >>> 2] = registers
  }

  /** About how many different values a record has seen. */
  estimate(record: number, at: number): number {
    const field = record + at
    const { u8, f64 } = this.#arena.memory
    if (!this.#hasRegisters(field)) return f64[(field + BUFFER_COUNT) >>> 3]!
    const address = this.#address(field)
    return Math.round(estimateOf(u8.subarray(address, address + REGISTERS)))
  }

  #grow(field: number): void {
    if (this.#buffers.capacity(field) >= MOST_SLOTS) this.#useRegisters(field)
    else this.#buffers.grow(field)
  }

  #useRegisters(field: number): void {
    const registers = this.#arena.allocateZeroed(REGISTERS)
    this.#kernels.raiseRegisters(this.#address(field), this.#buffers.capacity(field), registers)
    this.#buffers.release(field)
    this.#arena.memory.u32[(field + BUFFER_ADDRESS) >>> 2] = registers
  }

  #hasRegisters(field: number): boolean {
    return this.#address(field) !== 0 && this.#arena.memory.u32[(field + BUFFER_CAPACITY) >>> 2] === 0
  }

  #field(address: number, at: number): number {
    return this.#arena.memory.u32[address >>> 2]! + at
  }

  #address(field: number): number {
    return this.#arena.memory.u32[(field + BUFFER_ADDRESS) >>> 2]!
  }
}

/** Greatest rank of a hash: 32 zeros and none after. */
const MOST_RANK = 33

/**
 * The improved estimator of O. Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017): without
 * bias from 0 on, so that no range needs tables or another rule.
 */
function estimateOf(registers: Uint8Array): number {
  const m = registers.length
  const counts = new Float64Array(MOST_RANK + 1)
  for (const rank of registers) counts[rank]! += 1
  let z = m * tau(1 - counts[MOST_RANK]! / m)
  for (let rank = MOST_RANK - 1; rank >= 1; rank--) z = 0.5 * (z + counts[rank]!)
  z += m * sigma(counts[0]! / m)
  return (m * m) / (2 * Math.LN2 * z)
}

function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY
  let power = x
  let weight = 1
  let sum = x
  for (let before = -1; sum !== before; ) {
    power *= power
    before = sum
    sum += power * weight
    weight += weight
  }
  return sum
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let root = x
  let weight = 1
  let sum = 1 - x
  for (let before = -1; sum !== before; ) {
    root = Math.sqrt(root)
    before = sum
    weight *= 0.5
    sum -= (1 - root) ** 2 * weight
  }
  return sum / 3
}
