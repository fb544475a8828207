import { BUFFER_ADDRESS, BUFFER_CAPACITY } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { mix } from './hash.ts'
import { insertNonZero, type Told, tell } from './hash-set.ts'
import { hasValue, rowAt } from './rows.ts'

type ApproxKernels = Pick<
  KernelExports,
  | 'accumulateApproxDistinctF64'
  | 'accumulateApproxDistinct8'
  | 'accumulateApproxDistinctCodes'
  | 'combineHashes'
  | 'raiseRegisters'
  | 'maxU8'
>

/** The finaliser of MurmurHash3. */
function avalanche(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}

const indexWord = (low: number, high: number): number => avalanche(low ^ mix(high))
const restWord = (low: number, high: number): number =>
  avalanche(mix((low + 0x3c6ef372) >>> 0) ^ (Math.imul(high, 0x27d4eb2f) + 0x165667b1))

/** Twins of assembly/approx-distinct.ts. A hash is two words: `rest` the low one, `index` the high one. */
export function approxDistinctKernels(memory: LinearMemory): ApproxKernels {
  const raise = (registers: number, rest: number, index: number): void => {
    const register = registers + (index >>> 20)
    memory.u8[register] = Math.max(memory.u8[register]!, Math.clz32(rest) + 1)
  }

  const note = (field: number, rest: number, index: number): boolean => {
    const { u32 } = memory
    if (u32[(field + BUFFER_CAPACITY) >>> 2] !== 0) return insertNonZero(memory, field, rest, index)
    const registers = u32[(field + BUFFER_ADDRESS) >>> 2]!
    if (registers === 0) return false
    raise(registers, rest, index)
    return true
  }

  const noteValue = (field: number, low: number, high: number): boolean => {
    const index = indexWord(low, high)
    const rest = restWord(low, high)
    return note(field, index === 0 && rest === 0 ? 1 : rest, index)
  }

  const accumulate =
    (told: Told, looksUp: boolean): KernelExports['accumulateApproxDistinctCodes'] =>
    (addr, sel, from, m, a, validity, at, table) => {
      const { u8, u32 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = u32[(addr >>> 2) + j - from]! + at
        const noted = tell(memory, told, a, row, (low, high) => {
          if (!looksUp) return noteValue(field, low, high)
          const entry = (table >>> 2) + low * 2
          return noteValue(field, u32[entry]!, u32[entry + 1]!)
        })
        if (!noted) return j
      }
      return m
    }

  const ofNumbers = accumulate('f64', false)
  const ofWords = accumulate(8, false)
  return {
    accumulateApproxDistinctF64: (addr, sel, from, m, a, validity, at) =>
      ofNumbers(addr, sel, from, m, a, validity, at, 0),
    accumulateApproxDistinct8: (addr, sel, from, m, a, validity, at) => ofWords(addr, sel, from, m, a, validity, at, 0),
    accumulateApproxDistinctCodes: accumulate(4, true),

    combineHashes(dst, src, at) {
      const { u32 } = memory
      const slots = u32[(src + at + BUFFER_ADDRESS) >>> 2]! >>> 2
      const end = slots + u32[(src + at + BUFFER_CAPACITY) >>> 2]! * 2
      for (let slot = slots; slot < end; slot += 2) {
        if (u32[slot] === 0 && u32[slot + 1] === 0) continue
        if (!note(dst + at, u32[slot]!, u32[slot + 1]!)) return 0
      }
      return 1
    },

    raiseRegisters(slots, capacity, registers) {
      const { u32 } = memory
      for (let slot = slots >>> 2; slot < (slots >>> 2) + capacity * 2; slot += 2) {
        if (u32[slot] !== 0 || u32[slot + 1] !== 0) raise(registers, u32[slot]!, u32[slot + 1]!)
      }
    },

    maxU8(a, n, out) {
      const { u8 } = memory
      for (let i = 0; i < n; i++) u8[out + i] = Math.max(u8[out + i]!, u8[a + i]!)
    },
  }
}
