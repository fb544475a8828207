import {
  BUFFER_ADDRESS,
  BUFFER_CAPACITY,
  BUFFER_COUNT,
  ROW_COLUMN_AT,
  ROW_COLUMN_BYTES,
  ROW_COLUMN_FLAG_AT,
  ROW_COLUMN_VALIDITY,
  ROW_COLUMN_VALUES,
  ROW_COLUMN_WIDTH,
  ROW_KEY_BYTES,
  ROW_KEY_COLUMN,
  ROW_KEY_DOWN,
  ROW_KEY_F32,
  ROW_KEY_F64,
  ROW_KEY_I32,
  ROW_KEY_I64,
  ROW_KEY_KIND,
  ROW_KEY_TEXT,
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type TopRowsKernels = Pick<KernelExports, 'accumulateTopRows' | 'combineTopRows'>

/** Orders what two codes of a column stand for, which are not equal: less than 0, or more. */
export type TextOrder = (column: number, a: number, b: number) => number

/** Twins of assembly/top-rows.ts. @param texts Where rows are ordered by texts, which kernels know nothing of. */
export function topRowsKernels(memory: LinearMemory, texts?: TextOrder): TopRowsKernels {
  const field = (address: number, offset: number): number => memory.u32[(address + offset) >>> 2]!

  const compareTexts = (column: number, a: number, b: number, isDown: boolean): number => {
    if (a === b) return 0
    if (a === 0 || b === 0) return a === 0 ? 1 : -1
    return isDown ? texts!(column, b, a) : texts!(column, a, b)
  }

  const compareValues = (kind: number, column: number, given: number, known: number): number => {
    const { u32, i32, i64, f32, f64 } = memory
    const isDown = (kind & ROW_KEY_DOWN) !== 0
    switch (kind & (ROW_KEY_DOWN - 1)) {
      case ROW_KEY_F64:
        return compareNumbers(f64[given >>> 3]!, f64[known >>> 3]!, isDown)
      case ROW_KEY_F32:
        return compareNumbers(f32[given >>> 2]!, f32[known >>> 2]!, isDown)
      case ROW_KEY_I32:
        return compareNumbers(i32[given >>> 2]!, i32[known >>> 2]!, isDown)
      case ROW_KEY_I64:
        return compareIntegers(i64[given >>> 3]!, i64[known >>> 3]!, isDown)
      case ROW_KEY_TEXT:
        return compareTexts(column, u32[given >>> 2]!, u32[known >>> 2]!, isDown)
      default:
        return compareNumbers(u32[given >>> 2]!, u32[known >>> 2]!, isDown)
    }
  }

  /** Whether a row comes before one that is kept, and came earlier. `row`: of a batch its number, else its address. */
  const comesBefore = (isOfBatch: boolean, layout: RowLayout, row: number, kept: number): boolean => {
    for (let k = 0; k < layout.keyCount; k++) {
      const key = layout.keys + k * ROW_KEY_BYTES
      const number = field(key, ROW_KEY_COLUMN)
      const column = layout.columns + number * ROW_COLUMN_BYTES
      const known = kept + field(column, ROW_COLUMN_AT)
      const given = isOfBatch
        ? field(column, ROW_COLUMN_VALUES) + row * field(column, ROW_COLUMN_WIDTH)
        : row + field(column, ROW_COLUMN_AT)
      const way = compareValues(field(key, ROW_KEY_KIND), number, given, known)
      if (way !== 0) return way < 0
    }
    return false
  }

  /** Makes room for a row among `count` others, behind those it doesn't come before, and returns where. */
  const makeRoom = (isOfBatch: boolean, layout: RowLayout, row: number, rows: number, count: number): number => {
    let low = 0
    for (let high = count; low < high; ) {
      const middle = (low + high) >>> 1
      if (comesBefore(isOfBatch, layout, row, rows + middle * layout.rowBytes)) high = middle
      else low = middle + 1
    }
    const place = rows + low * layout.rowBytes
    memory.u8.copyWithin(place + layout.rowBytes, place, rows + count * layout.rowBytes)
    return place
  }

  const write = ({ columns, columnCount }: RowLayout, row: number, to: number): void => {
    const { u8, i32, f64 } = memory
    for (let c = 0; c < columnCount; c++) {
      const column = columns + c * ROW_COLUMN_BYTES
      const width = field(column, ROW_COLUMN_WIDTH)
      const value = field(column, ROW_COLUMN_VALUES) + row * width
      const at = to + field(column, ROW_COLUMN_AT)
      const flagAt = i32[(column + ROW_COLUMN_FLAG_AT) >>> 2]!
      const isThere = hasValue(u8, field(column, ROW_COLUMN_VALIDITY), row)
      if (flagAt >= 0) f64[(to + flagAt) >>> 3] = Number(isThere)
      if (isThere) u8.copyWithin(at, value, value + width)
      else u8.fill(0, at, at + width)
    }
  }

  return {
    accumulateTopRows(addr, sel, from, m, columns, columnCount, keyCount, rowBytes, most, at) {
      const layout = rowLayout(columns, columnCount, keyCount, rowBytes)
      const { u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const kept = u32[(addr >>> 2) + j - from]! + at
        const rows = field(kept, BUFFER_ADDRESS)
        const held = f64[(kept + BUFFER_COUNT) >>> 3]!
        const last = held === most ? held - 1 : held
        if (held === most) {
          if (!comesBefore(true, layout, row, rows + last * rowBytes)) continue
        } else if (held >= field(kept, BUFFER_CAPACITY)) return j
        write(layout, row, makeRoom(true, layout, row, rows, last))
        f64[(kept + BUFFER_COUNT) >>> 3] = last + 1
      }
      return m
    },

    combineTopRows(dst, src, from, m, columns, columnCount, keyCount, rowBytes, most, at) {
      const layout = rowLayout(columns, columnCount, keyCount, rowBytes)
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const kept = u32[(dst >>> 2) + j - from]! + at
        const taken = u32[(src >>> 2) + j - from]! + at
        const rows = field(kept, BUFFER_ADDRESS)
        const first = field(taken, BUFFER_ADDRESS)
        const added = f64[(taken + BUFFER_COUNT) >>> 3]!
        let held = f64[(kept + BUFFER_COUNT) >>> 3]!
        if (added === 0) continue
        if (Math.min(most, held + added) > field(kept, BUFFER_CAPACITY)) return j
        for (let row = first; row < first + added * rowBytes; row += rowBytes) {
          const last = held === most ? held - 1 : held
          if (held === most && !comesBefore(false, layout, row, rows + last * rowBytes)) break
          u8.copyWithin(makeRoom(false, layout, row, rows, last), row, row + rowBytes)
          held = last + 1
        }
        f64[(kept + BUFFER_COUNT) >>> 3] = held
      }
      return m
    },
  }
}

/** The addresses of a row layout, and what there is in it. */
interface RowLayout {
  readonly columns: number
  readonly columnCount: number
  readonly keys: number
  readonly keyCount: number
  readonly rowBytes: number
}

const rowLayout = (columns: number, columnCount: number, keyCount: number, rowBytes: number): RowLayout => ({
  columns,
  columnCount,
  keys: columns + columnCount * ROW_COLUMN_BYTES,
  keyCount,
  rowBytes,
})

/** NaN comes last either way. */
function compareNumbers(x: number, y: number, isDown: boolean): number {
  if (x < y) return isDown ? 1 : -1
  if (x > y) return isDown ? -1 : 1
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
}

function compareIntegers(x: bigint, y: bigint, isDown: boolean): number {
  if (x === y) return 0
  return x < y === isDown ? 1 : -1
}
