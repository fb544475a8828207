import { literalValue } from '../../src/expression/literal.ts'
import type { ExpressionNode, FunctionName } from '../../src/expression/node.ts'

/** A value as JavaScript has it: bigint is i64, every other number type is number. */
export type Value = number | bigint | boolean | string | null
export type Row = Readonly<Record<string, Value>>

/** Thrown where i64 arithmetic leaves its range. */
export class ReferenceOverflow extends Error {}

type Lazy = () => Value

/** What an expression is for one row, by the rules alone: one row, one value, arguments only when they are wanted. */
export function referenceEvaluate(node: ExpressionNode, row: Row): Value {
  switch (node.kind) {
    case 'column':
      return row[node.name]!
    case 'literal':
      return literalValue(node)
    case 'call':
      return call(
        node.fn,
        node.args.map(arg => () => referenceEvaluate(arg, row)),
      )
  }
}

function call(fn: FunctionName, args: readonly Lazy[]): Value {
  switch (fn) {
    case 'and':
      return args.every(arg => arg() === true)
    case 'or':
      return args.some(arg => arg() === true)
    case 'coalesce': {
      for (const arg of args) {
        const value = arg()
        if (value !== null) return value
      }
      return null
    }
    case 'if':
    case 'case': {
      for (let i = 0; i + 1 < args.length; i += 2) if (args[i]!() === true) return args[i + 1]!()
      return args[args.length - 1]!()
    }
    default:
      return strict(
        fn,
        args.map(arg => arg()),
      )
  }
}

function strict(fn: FunctionName, args: readonly Value[]): Value {
  const [a, b, c] = args as [Value, Value, Value]
  switch (fn) {
    case 'isNull':
      return a === null
    case 'isNotNull':
      return a !== null
    case 'eq':
      return a !== null && b !== null && a === b
    case 'ne':
      return a === null || b === null || a !== b
    case 'lt':
      return a !== null && b !== null && a < b
    case 'le':
      return a !== null && b !== null && a <= b
    case 'gt':
      return a !== null && b !== null && a > b
    case 'ge':
      return a !== null && b !== null && a >= b
    case 'between':
      return a !== null && b !== null && c !== null && a >= b && a <= c
    case 'in':
      return a !== null && args.slice(1).some(each => each === a)
    case 'startsWith':
      return a !== null && String(a).startsWith(String(b))
    default:
      if (args.includes(null)) return null
      return typeof a === 'bigint' && fn in BIGINT
        ? BIGINT[fn]!(a, b as bigint)
        : NUMBER[fn]!(a as number, b as number, c as number)
  }
}

const i64 = (value: bigint): bigint => {
  if (BigInt.asIntN(64, value) !== value) throw new ReferenceOverflow()
  return value
}

const BIGINT: Partial<Record<FunctionName, (a: bigint, b: bigint) => Value>> = {
  add: (a, b) => i64(a + b),
  sub: (a, b) => i64(a - b),
  mul: (a, b) => i64(a * b),
  idiv: (a, b) => (b === 0n ? null : i64(a / b)),
  mod: (a, b) => (b === 0n ? null : a % b),
  neg: a => i64(-a),
  abs: a => i64(a < 0n ? -a : a),
  least: (a, b) => (a < b ? a : b),
  greatest: (a, b) => (a > b ? a : b),
  toI64: a => a,
}

const inRange = (x: number, low: number, high: number): number | null => {
  const whole = Math.trunc(x)
  return whole >= low && whole <= high ? whole + 0 : null
}
const day = 86_400_000
const floorMod = (a: number, k: number) => a - k * Math.floor(a / k)

const NUMBER: Partial<Record<FunctionName, (a: number, b: number, c: number) => Value>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (Number(b) === 0 ? null : Number(a) / Number(b)),
  idiv: (a, b) => (b === 0 ? null : Math.trunc(a / b)),
  mod: (a, b) => (b === 0 ? null : a % b),
  neg: a => -a,
  abs: a => Math.abs(a),
  floor: a => Math.floor(a),
  ceil: a => Math.ceil(a),
  sqrt: a => Math.sqrt(a),
  round: a => {
    const whole = Math.trunc(a)
    return Math.abs(a - whole) >= 0.5 ? whole + Math.sign(a) : whole
  },
  least: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)),
  greatest: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)),
  not: a => !a,
  toF64: a => (typeof a === 'string' ? Number.parseFloat(a) : Number(a)),
  toF32: a => Math.fround(Number(a)),
  toI32: a => inRange(Number(a), -(2 ** 31), 2 ** 31 - 1),
  toU32: a => inRange(Number(a), 0, 2 ** 32 - 1),
  toI64: a => {
    const x = Number(a)
    return Number.isFinite(x) && x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : null
  },
  toBool: a => Boolean(a),
  toTimestamp: a => (Math.abs(Number(a)) <= Number.MAX_SAFE_INTEGER ? Math.floor(Number(a)) : null),
  toUtf8: a => String(a),
  floorTo: (a, size, offset) => a - floorMod(a - offset, size),
  hour: a => new Date(floorMod(a, day)).getUTCHours(),
  minute: a => new Date(floorMod(a, day)).getUTCMinutes(),
  second: a => new Date(floorMod(a, day)).getUTCSeconds(),
  dayOfWeek: a => floorMod(Math.floor(a / day) + 4, 7),
}
