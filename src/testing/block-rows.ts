import type { CodedStrings, ColumnBlock, ColumnValues, MaskedValues } from '../memory/column-input.ts'

/** A block of columns as row objects; what has no value is null. Columns of different lengths make no rows. */
export function blockRows(block: ColumnBlock): Record<string, unknown>[] {
  const columns = Object.entries(block).map(([name, column]) => [name, valuesOf(column)] as const)
  const length = columns[0]?.[1].length ?? 0
  if (columns.some(([, values]) => values.length !== length)) return []
  return Array.from({ length }, (_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row]])))
}

function valuesOf(column: ColumnValues | MaskedValues): unknown[] {
  if ('valid' in column) {
    const { valid } = column
    return valuesOf(column.values).map((value, row) => (((valid[row >> 3]! >> (row & 7)) & 1) === 1 ? value : null))
  }
  if (isCoded(column)) return Array.from(column.codes, code => (code === -1 ? null : column.dictionary[code]))
  return Array.from<unknown, unknown>(column as ArrayLike<unknown>, value => value ?? null)
}

const isCoded = (column: ColumnValues): column is CodedStrings => 'codes' in column
