import type { FunctionDefinition } from '../../src/expression/function-definition.ts'
import type { AggregateNode, ExpressionNode, LiteralNode, ResultNode } from '../../src/expression/node.ts'

/** A value of a row: what expressions are computed from, and what comes of them. */
export type Value = number | bigint | boolean | string | null
/** A row as a plain object; every column is present. */
export type Row = Record<string, Value>

/** A checked integer left its type: what the library reports as an error of code `OVERFLOW`. */
export class Overflow extends Error {
  readonly code = 'OVERFLOW'
}

/** A function of the user's own threw: what the library reports as an error of code `STAGE_FAILED`. */
export class FunctionFailed extends Error {
  readonly code = 'STAGE_FAILED'
}

/** What stands at the leaves: a column of the row, or the value of an aggregate. */
type Leaf = (node: Extract<ExpressionNode | ResultNode, { kind: 'column' }> | AggregateNode) => Value

/** An expression over one row. */
export const evaluate = (node: ExpressionNode, row: Row): Value =>
  compute(node, leaf => (leaf.kind === 'column' ? row[leaf.name]! : null))

/** A result over the values of a group's aggregates. */
export const evaluateResult = (node: ResultNode, aggregate: (node: AggregateNode) => Value): Value =>
  compute(node, leaf => (leaf.kind === 'aggregate' ? aggregate(leaf) : null))

const I64_LIMIT = 2n ** 63n

/** An i64 result, checked. */
export function checked(value: bigint): bigint {
  if (value >= I64_LIMIT || value < -I64_LIMIT) throw new Overflow(`${value} leaves the range of i64`)
  return value
}

function literal({ type, value }: LiteralNode): Value {
  if (value === null || typeof value === 'boolean' || type === 'utf8') return value
  return type === 'i64' ? BigInt(value) : Number(value)
}

function compute(node: ExpressionNode | ResultNode, leaf: Leaf): Value {
  if (node.kind === 'literal') return literal(node)
  if (node.kind !== 'call') return leaf(node)
  const at = (i: number): Value => compute(node.args[i]!, leaf)
  const all = (): Value[] => node.args.map((_, i) => at(i))

  switch (node.fn) {
    // Null reads as false, and what an earlier operand decided is not looked at.
    case 'and':
      return node.args.every((_, i) => at(i) === true)
    case 'or':
      return node.args.some((_, i) => at(i) === true)
    case 'not': {
      const value = at(0)
      return value === null ? null : !value
    }
    case 'isNull':
      return at(0) === null
    case 'isNotNull':
      return at(0) !== null
    case 'coalesce': {
      for (const [i] of node.args.entries()) {
        const value = at(i)
        if (value !== null) return value
      }
      return null
    }
    case 'if':
      return at(0) === true ? at(1) : at(2)
    case 'case': {
      const last = node.args.length - 1
      for (let i = 0; i < last; i += 2) if (at(i) === true) return at(i + 1)
      return at(last)
    }
    // A comparison with null is false, except that null differs from everything.
    case 'ne': {
      const [a, b] = all()
      return a === null || b === null ? true : a !== b
    }
    case 'in': {
      const [value, ...list] = all()
      return value !== null && list.some(one => one === value)
    }
  }

  const values = all()
  const [a, b, c] = values as [Value, Value, Value]
  switch (node.fn) {
    case 'eq':
      return a !== null && b !== null && a === b
    case 'lt':
      return a !== null && b !== null && a < b
    case 'le':
      return a !== null && b !== null && a <= b
    case 'gt':
      return a !== null && b !== null && a > b
    case 'ge':
      return a !== null && b !== null && a >= b
    case 'between':
      return a !== null && b !== null && c !== null && b <= a && a <= c
    case 'startsWith':
      return a !== null && (a as string).startsWith(b as string)
    case 'contains':
      return a !== null && (a as string).includes(b as string)
  }

  // Every other function of null is null.
  if (values.includes(null)) return null
  if (node.fn === 'user') return own(node.definition!, values)
  if (typeof a === 'bigint' && (b === undefined || typeof b === 'bigint') && !/^(div|to)/.test(node.fn))
    return integer(node.fn, a, b as bigint)
  return scalar(node.fn, a, b, c)
}

function own({ call }: FunctionDefinition, values: readonly Value[]): Value {
  try {
    return (call as (...values: readonly unknown[]) => Value)(...values)
  } catch (cause) {
    throw new FunctionFailed('a function failed', { cause })
  }
}

function integer(fn: string, a: bigint, b: bigint): bigint | null {
  switch (fn) {
    case 'add':
      return checked(a + b)
    case 'sub':
      return checked(a - b)
    case 'mul':
      return checked(a * b)
    case 'idiv':
      return b === 0n ? null : checked(a / b)
    case 'mod':
      return b === 0n ? null : a % b
    case 'neg':
      return checked(-a)
    case 'abs':
      return checked(a < 0n ? -a : a)
    case 'least':
      return a < b ? a : b
    case 'greatest':
      return a > b ? a : b
  }
  throw new Error(`${fn} of i64`)
}

/** The lesser (sign 1) or greater (sign -1) of two numbers: NaN is passed over, -0 < +0. */
export function extreme(sign: 1 | -1, a: number, b: number): number {
  if (Number.isNaN(a)) return b
  if (Number.isNaN(b)) return a
  return sign === 1 ? Math.min(a, b) : Math.max(a, b)
}

const floorMod = (a: number, size: number) => a - size * Math.floor(a / size)

/** The start of the interval of `size` ms, counted from `offset`, that `time` falls into. */
export const alignedStart = (time: number, size: number, offset: number) => time - floorMod(time - offset, size)

function halfAwayFromZero(value: number): number {
  const whole = Math.trunc(value)
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole
}

/** An integer in [low, high] without its fraction, or null. */
function truncated(value: number, low: number, high: number): number | null {
  const whole = Math.trunc(value) + 0
  return whole >= low && whole <= high ? whole : null
}

function scalar(fn: string, a: Value, b: Value, c: Value): Value {
  const x = Number(a)
  const y = Number(b)
  switch (fn) {
    case 'add':
      return x + y
    case 'sub':
      return x - y
    case 'mul':
      return x * y
    case 'div':
      return y === 0 ? null : x / y
    case 'idiv':
      return y === 0 ? null : Math.trunc(x / y)
    case 'mod':
      return y === 0 ? null : x % y
    case 'neg':
      return -x
    case 'abs':
      return Math.abs(x)
    case 'floor':
      return Math.floor(x)
    case 'ceil':
      return Math.ceil(x)
    case 'round':
      return halfAwayFromZero(x)
    case 'sqrt':
      return Math.sqrt(x)
    case 'least':
      return extreme(1, x, y)
    case 'greatest':
      return extreme(-1, x, y)
    case 'toF64':
      return x
    case 'toF32':
      return Math.fround(x)
    case 'toI32':
      return truncated(x, -(2 ** 31), 2 ** 31 - 1)
    case 'toU32':
      return truncated(x, 0, 2 ** 32 - 1)
    case 'toI64': {
      if (typeof a === 'bigint') return a
      return x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : null
    }
    case 'toBool':
      return x !== 0 && !Number.isNaN(x)
    case 'toTimestamp': {
      const ms = Math.floor(x) + 0
      return Number.isSafeInteger(ms) ? ms : null
    }
    case 'toUtf8':
      return String(a)
    case 'lower':
      return String(a).toLowerCase()
    case 'upper':
      return String(a).toUpperCase()
    case 'length':
      return String(a).length
    case 'splitPart':
      return String(a).split(String(b))[Number(c)] ?? null
    case 'floorTo':
      return Math.max(alignedStart(x, y, Number(c)), Number.MIN_SAFE_INTEGER)
    case 'hour':
      return floorMod(Math.floor(x / 3_600_000), 24)
    case 'minute':
      return floorMod(Math.floor(x / 60_000), 60)
    case 'second':
      return floorMod(Math.floor(x / 1_000), 60)
    case 'dayOfWeek':
      return floorMod(Math.floor(x / 86_400_000) + 4, 7)
  }
  throw new Error(`no function ${fn}`)
}
