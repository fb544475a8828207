import type { ColumnBlock, ColumnValues, SourceIntake } from 'eventflux'

type Column = ColumnBlock[string]

/** An intake that lets go of its first rows, and of what is broken among them: a job has taken them some other time. */
export function skippingRows(intake: SourceIntake<never>, rows: number): SourceIntake<never> {
  let left = rows
  return {
    signal: intake.signal,
    clock: intake.clock,
    ...(intake.schema ? { schema: intake.schema } : {}),
    push: event => intake.push(event),
    pushMany: events => intake.pushMany(events),
    pushColumns(block) {
      if (left === 0) return intake.pushColumns(block)
      const length = lengthOf(Object.values(block)[0]!)
      const skipped = Math.min(left, length)
      left -= skipped
      if (skipped === length) return true
      return intake.pushColumns(
        Object.fromEntries(Object.entries(block).map(([name, column]) => [name, without(column, skipped)])),
      )
    },
    reject(error) {
      if (left === 0) return intake.reject(error)
    },
  }
}

function lengthOf(column: Column): number {
  if ('valid' in column) return lengthOf(column.values)
  return 'codes' in column ? column.codes.length : column.length
}

function without(column: Column, rows: number): Column {
  if ('valid' in column) {
    const valid = new Uint8Array(column.valid.length)
    for (let at = rows; at < lengthOf(column); at++)
      valid[(at - rows) >> 3]! |= ((column.valid[at >> 3]! >> (at & 7)) & 1) << ((at - rows) & 7)
    return { values: without(column.values, rows) as ColumnValues, valid }
  }
  if ('codes' in column) return { codes: column.codes.slice(rows) as number[], dictionary: column.dictionary }
  return column.slice(rows) as ColumnValues
}
