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

type Make = (...values: unknown[]) => unknown

/** What was made of texts used last. Writers of one such function share what the engine has learnt of it and compiled. */
const made = new Map<string, Make>()
const MOST_MADE = 64
/** Of longer texts, which take time to compile in any case, none is kept. */
const LONGEST_KEPT = 65_536

/** Row writing as one function per schema, made from text. Call it only where code may be generated. */
export function generatedRowWriting(parts: WriterParts): RowWriting {
  return makeOf(writerSource(parts))(
    parts.memory,
    parts.target,
    parts.fault,
    parts.coders,
    parts.fields.map(field => inherited(field.name)),
    slotOf,
  ) as RowWriting
}

function makeOf(source: string): Make {
  const make = made.get(source) ?? functionFrom(['memory', 'target', 'fault', 'coders', 'inherited', 'slotOf'], source)
  if (source.length > LONGEST_KEPT) return make
  made.delete(source)
  made.set(source, make)
  if (made.size > MOST_MADE) made.delete(made.keys().next().value!)
  return make
}

/** How the text for a field differs from function to function. */
interface Place {
  /** What follows the names of the variables that say where columns are. */
  readonly suffix: string
  /** What is done when the value of field `k` doesn't fit. */
  refuse(k: number): string
}

const ALONE: Place = { suffix: '', refuse: k => `fault.value(${k}, value${k}); return false` }
const OF_RUN: Place = { suffix: '', refuse: k => `fault.value(${k}, value${k}); ${LEAVE}; return -1` }
/**
 * In the loop over an array, which has variables of its own and is left by `break` alone: V8 takes the first turn of such a loop
 * apart, and what that turn has looked up and checked of the views isn't looked up at the others.
 */
const OF_MANY: Place = { suffix: 'Here', refuse: k => `misfit = ${k}; value = value${k}; break` }

/**
 * Names enter as string literals only, numbers as numbers: nothing of a schema becomes code. Variables that functions share are
 * `var`: at a `let`, each use would ask whether it is declared by now.
 */
function writerSource({ fields, coders, maxStringLength }: WriterParts): string {
  const views = new Set(fields.map(({ type }) => VIEW[storedName(type)]))
  if (fields.some(({ type }) => type.isNullable)) views.add('u8')
  // Columns stay where they are, views of the memory don't: it may have grown.
  const setUp = `if (target.columns !== columns) bind()
const { ${[...views].join(', ')} } = memory`
  const looksFirst = coders.map(coder => coder?.met !== undefined)
  const starts = fields.flatMap(startsOf)
  const tables = looksFirst.flatMap((looks, k) => (looks ? [`texts${k}`, `codes${k}`] : []))
  const body = (place: Place) =>
    fields.map((field, k) => fieldSource(field, k, maxStringLength, looksFirst[k]!, place)).join('\n')
  return `'use strict'
var columns
${starts.map(name => `var ${name} = 0`).join('\n')}
${looksFirst.map((looks, k) => (looks ? `var { texts: texts${k}, codes: codes${k} } = coders[${k}].met` : '')).join('\n')}
function bind() {
  columns = target.columns
  ${fields.map((field, k) => bindSource(field, k)).join('\n  ')}
}
var first = 0
var next = -1
// Below zero while one is being written.
var left = 0
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
      ${body(OF_RUN)}
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
      ${body(ALONE)}
    } catch (error) {
      return fault.thrownBy(event, error)
    }
    return true
  },
  writeRows(events, from, count, row) {
    ${setUp}
    const ${[...starts, ...tables].map(name => `${name}${OF_MANY.suffix} = ${name}`).join(', ')}
    let i = 0
    let event
    let misfit
    let value
    try {
      for (; i < count; i++, row++) {
        event = events[from + i]
        if (typeof event !== 'object' || event === null) { misfit = -1; break }
        ${body(OF_MANY)}
      }
    } catch (error) {
      fault.thrownBy(event, error)
      return i
    }
    if (misfit === -1) fault.event(event)
    else if (misfit !== undefined) fault.value(misfit, value)
    return i
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
  { suffix, refuse }: Place,
): string {
  const stores = storedName(type)
  const view = VIEW[stores]
  const cell = `${view}[base${k}${suffix} + row]`
  const read = `let ${looksFirst ? `slot${k}, ` : ''}value${k} = event[${JSON.stringify(name)}]`
  const ownOnly = inherited(name) === undefined ? '' : `if (value${k} === inherited[${k}]) value${k} = undefined\n`
  const store = `if (${misfit(stores, `value${k}`, maxStringLength)}) { ${refuse(k)} }
${cell} = ${stored(stores, k, looksFirst, suffix)}`
  if (!type.isNullable) return `${read}\n${ownOnly}${store}`
  const byte = `u8[bits${k}${suffix} + (row >>> 3)]`
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

function stored(type: StoredTypeName, k: number, looksFirst: boolean, suffix: string): string {
  if (type === 'bool') return `value${k} ? 1 : 0`
  if (type === 'utf8') {
    const code = `coders[${k}].code(value${k})`
    if (!looksFirst) return code
    const isMet = `texts${k}${suffix}[slot${k} = slotOf(value${k})] === value${k}`
    return `${isMet} ? codes${k}${suffix}[slot${k}] : ${code}`
  }
  // Adding 0 turns -0 into 0: equal instants have equal bytes.
  return type === 'timestamp' ? `value${k} + 0` : `value${k}`
}
