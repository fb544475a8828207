import { BYTE_WIDTH, type StoredTypeName, storedName } from '../schema/data-type.ts'
import { functionFrom } from './code-generation.ts'
import type { ColumnField } from './column-buffers.ts'
import { inherited } from './inherited.ts'
import type { RowWriting, WriterParts } from './row-writing.ts'
import { slotOf } from './string-coder.ts'

const VIEW: Readonly<Record<StoredTypeName, 'f64' | 'f32' | 'i32' | 'u32' | 'i64' | 'u8'>> = {
  f64: 'f64',
  f32: 'f32',
  i32: 'i32',
  u32: 'u32',
  i64: 'i64',
  bool: 'u8',
  timestamp: 'f64',
  utf8: 'i32',
}

/** Behind an event of a run. One whose getters ended the run leaves nothing of it. */
const LEAVE = 'left = next === row ? -left : 0'

/** Row writing as one function per schema, made from text. Call it only where code may be generated. */
export function generatedRowWriting(parts: WriterParts): RowWriting {
  const make = functionFrom(['memory', 'target', 'fault', 'coders', 'inherited', 'slotOf'], writerSource(parts))
  return make(
    parts.memory,
    parts.target,
    parts.fault,
    parts.coders,
    parts.fields.map(field => inherited(field.name)),
    slotOf,
  ) as RowWriting
}

/** Names enter as string literals only, numbers as numbers: nothing of a schema becomes code. */
function writerSource({ fields, coders, maxStringLength }: WriterParts): string {
  const views = new Set(fields.map(({ type }) => VIEW[storedName(type)]))
  if (fields.some(({ type }) => type.isNullable)) views.add('u8')
  // Columns stay where they are, views of the memory don't: it may have grown.
  const setUp = `if (target.columns !== columns) bind()
const { ${[...views].join(', ')} } = memory`
  const looksFirst = coders.map(coder => coder?.met !== undefined)
  const body = (refuse: string) =>
    fields.map((field, k) => fieldSource(field, k, maxStringLength, looksFirst[k]!, refuse)).join('\n')
  return `'use strict'
let columns
${looksFirst.map((looks, k) => (looks ? `const { texts: texts${k}, codes: codes${k} } = coders[${k}].met` : '')).join('\n')}
${fields.map((field, k) => `let ${startsOf(field, k).join(' = 0, ')} = 0`).join('\n')}
function bind() {
  columns = target.columns
  ${fields.map((field, k) => bindSource(field, k)).join('\n  ')}
}
let first = 0
let next = -1
// Below zero while one is being written.
let left = 0
return {
  beginRun(row, rows) {
    if (left < 0) return
    if (target.columns !== columns) bind()
    first = next = row
    left = rows
  },
  writeNext(event) {
    if (left <= 0 || typeof event !== 'object' || event === null) return 0
    const { ${[...views].join(', ')} } = memory
    const row = next
    left = -left
    try {
      ${body(`${LEAVE}; return -1`)}
    } catch (error) {
      const isFatal = fault.isFatal(error)
      if (!isFatal) fault.thrownBy(event, error)
      ${LEAVE}
      return isFatal ? 0 : -1
    }
    ${LEAVE}
    if (left === 0) return 0
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
    if (typeof event !== 'object' || event === null) return fault.event(event)
    ${setUp}
    try {
      ${body('return false')}
    } catch (error) {
      return fault.thrownBy(event, error)
    }
    return true
  },
  writeRows(events, from, count, row) {
    ${setUp}
    let i = 0
    let event
    try {
      for (; i < count; i++, row++) {
        event = events[from + i]
        if (typeof event !== 'object' || event === null) { fault.event(event); return i }
        ${body('return i')}
      }
    } catch (error) {
      fault.thrownBy(event, error)
      return i
    }
    return count
  },
}`
}

/** The variables that say where a column begins: its values, and its bitmap where there is one. */
const startsOf = ({ type }: ColumnField, k: number): string[] =>
  type.isNullable ? [`base${k}`, `bits${k}`] : [`base${k}`]

function bindSource({ type }: ColumnField, k: number): string {
  const shift = Math.log2(BYTE_WIDTH[type.name])
  const base = `base${k} = columns.values[${k}] >>> ${shift}`
  return type.isNullable ? `${base}\n  bits${k} = columns.validity[${k}]` : base
}

function fieldSource(
  { name, type }: ColumnField,
  k: number,
  maxStringLength: number,
  looksFirst: boolean,
  refuse: string,
): string {
  const stores = storedName(type)
  const view = VIEW[stores]
  const cell = `${view}[base${k} + row]`
  const read = `let ${looksFirst ? `slot${k}, ` : ''}value${k} = event[${JSON.stringify(name)}]`
  const ownOnly = inherited(name) === undefined ? '' : `if (value${k} === inherited[${k}]) value${k} = undefined\n`
  const store = `if (${misfit(stores, `value${k}`, maxStringLength)}) { fault.value(${k}, value${k}); ${refuse} }
${cell} = ${stored(stores, k, looksFirst)}`
  if (!type.isNullable) return `${read}\n${ownOnly}${store}`
  const byte = `u8[bits${k} + (row >>> 3)]`
  return `${read}
${ownOnly}if (value${k} === null || value${k} === undefined) {
  ${byte} &= ~(1 << (row & 7))
  ${cell} = ${view === 'i64' ? '0n' : '0'}
} else {
  ${store}
  ${byte} |= 1 << (row & 7)
}`
}

function misfit(type: StoredTypeName, value: string, maxStringLength: number): string {
  switch (type) {
    case 'f64':
    case 'f32':
      return `typeof ${value} !== 'number'`
    case 'i32':
      return `typeof ${value} !== 'number' || (${value} | 0) !== ${value}`
    case 'u32':
      return `typeof ${value} !== 'number' || (${value} >>> 0) !== ${value}`
    case 'timestamp':
      return `!Number.isSafeInteger(${value})`
    case 'i64':
      return `typeof ${value} !== 'bigint' || BigInt.asIntN(64, ${value}) !== ${value}`
    case 'bool':
      return `typeof ${value} !== 'boolean'`
    case 'utf8':
      return `typeof ${value} !== 'string' || ${value}.length > ${maxStringLength}`
  }
}

function stored(type: StoredTypeName, k: number, looksFirst: boolean): string {
  if (type === 'bool') return `value${k} ? 1 : 0`
  if (type === 'utf8') {
    const code = `coders[${k}].code(value${k})`
    return looksFirst ? `texts${k}[slot${k} = slotOf(value${k})] === value${k} ? codes${k}[slot${k}] : ${code}` : code
  }
  // Adding 0 turns -0 into 0: equal instants have equal bytes.
  return type === 'timestamp' ? `value${k} + 0` : `value${k}`
}
