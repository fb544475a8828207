import { expressionInvalid, show } from '../errors.ts'
import type { TypeName } from '../schema/data-type.ts'
import type { LiteralNode } from './node.ts'

/** A JavaScript value an expression can hold. */
export type LiteralValue = number | bigint | boolean | string | null

const MIN_I64 = -(2n ** 63n)
const MAX_I64 = 2n ** 63n - 1n
/** Longest text of a literal, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 65_536

/** The type a JavaScript value takes where nothing else decides: numbers are f64. */
export function typeOfValue(value: Exclude<LiteralValue, null>): TypeName {
  switch (typeof value) {
    case 'number':
      return 'f64'
    case 'bigint':
      return 'i64'
    case 'boolean':
      return 'bool'
    default:
      return 'utf8'
  }
}

/**
 * A literal node of `type`.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for a value the type can't hold.
 */
export function literalNode(value: unknown, type: TypeName): LiteralNode {
  return Object.freeze({ kind: 'literal', type, value: value === null ? null : encode(value, type) })
}

/** The JavaScript value of a literal node: `bigint` for i64, `number` for the other numbers. */
export function literalValue(node: LiteralNode): LiteralValue {
  const { type, value } = node
  if (value === null || type === 'bool' || type === 'utf8') return value
  return type === 'i64' ? BigInt(value) : Number(value)
}

/** Whether a node is a literal that can't be zero: what makes a quotient never null. */
export function isNonZeroLiteral(node: { readonly kind: string }): boolean {
  if (node.kind !== 'literal') return false
  const value = literalValue(node as LiteralNode)
  return value !== null && Number(value) !== 0
}

/** How a value stands in a node, so that it survives JSON. */
function encode(value: unknown, type: TypeName): LiteralNode['value'] {
  switch (type) {
    case 'bool':
      if (typeof value === 'boolean') return value
      break
    case 'utf8':
      if (typeof value === 'string' && value.length <= MAX_TEXT_LENGTH) return value
      break
    case 'i64':
      if (typeof value === 'bigint' && value >= MIN_I64 && value <= MAX_I64) return value.toString()
      break
    default:
      if (typeof value === 'number' && fits(value, type))
        return encodeNumber(type === 'f32' ? Math.fround(value) : value)
  }
  throw expressionInvalid(`${show(value)} is no value of type ${type}`, { value })
}

function fits(value: number, type: TypeName): boolean {
  if (type === 'i32') return value === (value | 0)
  if (type === 'u32') return value === value >>> 0
  if (type === 'timestamp') return Number.isSafeInteger(value)
  return true
}

/** JSON has no NaN, no infinities and no -0: they stand as text. */
function encodeNumber(value: number): number | string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : value
  return String(value)
}

/**
 * A literal node from foreign data.
 *
 * @throws EventfluxError `EXPRESSION_INVALID`.
 */
export function validateLiteral(type: TypeName, value: unknown): LiteralNode {
  if (value === null) return literalNode(null, type)
  if (typeof value === 'string' && type === 'i64') {
    if (/^-?\d{1,19}$/.test(value)) return literalNode(BigInt(value), type)
  } else if (typeof value === 'string' && type !== 'utf8' && type !== 'bool') {
    if (/^(NaN|-?Infinity|-0)$/.test(value)) return literalNode(Number(value), type)
  } else if (type !== 'i64') {
    return literalNode(value, type)
  }
  throw expressionInvalid(`${show(value)} is no value of type ${type}`, { value })
}
