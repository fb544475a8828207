import type { ColumnField } from './column-buffers.ts'
import { type FieldSetter, fieldSetter } from './field-setter.ts'
import type { RowWriting, WriterParts } from './row-writing.ts'

type Event = Readonly<Record<string, unknown>>
/** Writes some fields of an event; false: one doesn't fit, and the fault says which. */
type WriteFields = (event: Event, row: number) => boolean

const GROUP = 4

/**
 * Row writing without generated code: closures over one to four fields each. A loop over fields would read every property
 * at one place of the program, which no engine can specialise; a closure per group reads each field at a place of its own.
 */
export function unrolledRowWriting(parts: WriterParts): RowWriting {
  const { memory, target, fields, coders, maxStringLength, fault } = parts
  const setters = fields.map((field, i) => fieldSetter(field, i, { memory, coder: coders[i], maxStringLength }))
  const write = inGroups(parts, setters)
  let bound: WriterParts['target']['columns'] | undefined
  const bind = (): void => {
    if (target.columns === bound) return
    bound = target.columns
    for (const setter of setters) setter.bind(bound)
  }
  const writeOne = (event: unknown, row: number): boolean => {
    if (typeof event !== 'object' || event === null) return fault.event(event)
    try {
      return write(event as Event, row)
    } catch (error) {
      return fault.thrownBy(event as Event, error)
    }
  }
  const writeInRun = (event: Event, row: number): number => {
    try {
      return write(event, row) ? 1 : -1
    } catch (error) {
      if (fault.isFatal(error)) return 0
      fault.thrownBy(event, error)
      return -1
    }
  }
  let first = 0
  let next = -1
  /** Rows that may still come in the run; below zero while one is being written. */
  let left = 0
  return {
    beginRun(row, rows) {
      if (left < 0) return
      bind()
      first = next = row
      left = rows
    },
    writeNext(event) {
      if (left <= 0 || typeof event !== 'object' || event === null) return 0
      const row = next
      left = -left
      const written = writeInRun(event as Event, row)
      // One whose getters ended the run leaves nothing of it.
      left = next === row ? -left : 0
      if (written <= 0 || left === 0) return Math.min(written, 0)
      next = row + 1
      left--
      return 1
    },
    endRun() {
      const rows = next < 0 ? 0 : next - first
      next = -1
      if (left > 0) left = 0
      return rows
    },
    inRun: () => (next < 0 ? 0 : next - first + (left < 0 ? 1 : 0)),
    isWritingNext: () => left < 0,
    writeRow(event, row) {
      bind()
      return writeOne(event, row)
    },
    writeRows(events, from, count, row) {
      bind()
      for (let i = 0; i < count; i++) if (!writeOne(events[from + i], row + i)) return i
      return count
    },
  }
}

function inGroups({ fields, fault }: WriterParts, setters: readonly FieldSetter[]): WriteFields {
  const groups: WriteFields[] = []
  for (let first = 0; first < fields.length; first += GROUP) {
    groups.push(group(fields.slice(first, first + GROUP), setters.slice(first, first + GROUP), first, fault))
  }
  if (groups.length === 1) return groups[0]!
  return (event, row) => {
    for (const write of groups) if (!write(event, row)) return false
    return true
  }
}

function group(
  fields: readonly ColumnField[],
  setters: readonly FieldSetter[],
  first: number,
  fault: WriterParts['fault'],
): WriteFields {
  const [name0, name1, name2, name3] = fields.map(field => field.name) as [string, string, string, string]
  const [set0, set1, set2, set3] = setters.map(setter => setter.set) as FieldSetter['set'][] as [
    FieldSetter['set'],
    FieldSetter['set'],
    FieldSetter['set'],
    FieldSetter['set'],
  ]
  switch (fields.length) {
    case 1:
      return (event, row) => {
        const value = event[name0]
        return set0(value, row) || fault.value(first, value)
      }
    case 2:
      return (event, row) => {
        const value0 = event[name0]
        if (!set0(value0, row)) return fault.value(first, value0)
        const value1 = event[name1]
        return set1(value1, row) || fault.value(first + 1, value1)
      }
    case 3:
      return (event, row) => {
        const value0 = event[name0]
        if (!set0(value0, row)) return fault.value(first, value0)
        const value1 = event[name1]
        if (!set1(value1, row)) return fault.value(first + 1, value1)
        const value2 = event[name2]
        return set2(value2, row) || fault.value(first + 2, value2)
      }
    default:
      return (event, row) => {
        const value0 = event[name0]
        if (!set0(value0, row)) return fault.value(first, value0)
        const value1 = event[name1]
        if (!set1(value1, row)) return fault.value(first + 1, value1)
        const value2 = event[name2]
        if (!set2(value2, row)) return fault.value(first + 2, value2)
        const value3 = event[name3]
        return set3(value3, row) || fault.value(first + 3, value3)
      }
  }
}
