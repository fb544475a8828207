import { expressionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { type DataType, typeOf } from '../schema/data-type.ts'
import { type Duration, durationMs } from '../time/duration.ts'
import { inferAggregate } from './aggregate-rules.ts'
import type { Scope } from './expression.ts'
import type { FunctionDefinition } from './function-definition.ts'
import { groupOf, inferCall } from './function-rules.ts'
import { type LiteralValue, literalNode, typeOfValue } from './literal.ts'
import type { AggregateName, ExpressionNode, FunctionName, ResultNode } from './node.ts'
import { bareColumn, MAX_DEPTH, MAX_NODES, tooDeep, tooLarge } from './validate-node.ts'

type AnyNode = ExpressionNode | ResultNode

/**
 * The one class behind all expressions: a node, its type, and every method. Which methods a value offers is said by its
 * TypeScript interface (`NumberExpression`, …); at run time the rule of the function refuses what doesn't fit.
 */
class ExpressionOfANode {
  readonly node: AnyNode
  readonly type: DataType
  readonly scope: Scope
  /** Nesting, and size as a tree: kept, so that the limits cost nothing to check. */
  readonly depth: number
  readonly size: number

  constructor(node: AnyNode, type: DataType, scope: Scope, depth: number, size: number) {
    if (depth > MAX_DEPTH) throw tooDeep()
    if (size > MAX_NODES) throw tooLarge()
    this.node = node
    this.type = type
    this.scope = scope
    this.depth = depth
    this.size = size
    Object.freeze(this)
  }

  and(other: unknown): TypedExpression {
    return callOf('and', [this, operand(other, this.type, 'and')])
  }

  or(other: unknown): TypedExpression {
    return callOf('or', [this, operand(other, this.type, 'or')])
  }

  between(low: unknown, high: unknown): TypedExpression {
    return callOf('between', [this, operand(low, this.type, 'between'), operand(high, this.type, 'between')])
  }

  in(values: unknown): TypedExpression {
    if (!Array.isArray(values) || values.length === 0)
      throw expressionInvalid(`in takes an array of at least one value, not ${show(values)}`, { value: values })
    if (values.length >= MAX_NODES) throw tooLarge()
    return callOf('in', [this, ...values.map(value => operand(value, this.type, 'in'))])
  }

  floorTo(size: Duration, options: { readonly offset?: Duration } = {}): TypedExpression {
    checkOptions<typeof options>('floorTo', options, { offset: true })
    const offset = durationMs(options.offset ?? 0, 'offset')
    return callOf('floorTo', [this, literal(durationMs(size, 'size'), 'f64'), literal(offset, 'f64')])
  }

  splitPart(separator: unknown, index: unknown): TypedExpression {
    return callOf('splitPart', [
      this,
      operand(separator, this.type, 'splitPart'),
      operand(index, typeOf('f64', false), 'splitPart'),
    ])
  }

  /** Any use as a JavaScript value: `e.price > 100`, `e.price + 1`, `${e.price}`. */
  [Symbol.toPrimitive](hint: string): never {
    throw this.#notAValue(hint)
  }

  valueOf(): never {
    throw this.#notAValue('number')
  }

  toString(): never {
    throw this.#notAValue('string')
  }

  #notAValue(hint: string): Error {
    const name = this.node.kind === 'column' ? `e.${this.node.name}` : 'x'
    const right =
      hint === 'string'
        ? `it can't be turned into text; write ${name}.toUtf8() for its text in the stream`
        : `write ${name}.gt(100) instead of ${name} > 100 and ${name}.add(1) instead of ${name} + 1`
    return expressionInvalid(`An expression has no value while the pipeline is being built: ${right}`, {
      value: this.node,
      at: name,
    })
  }
}

/** Methods with one operand, and the function each stands for. */
const WITH_OPERAND: Readonly<Record<string, FunctionName>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  idiv: 'idiv',
  mod: 'mod',
  min: 'least',
  max: 'greatest',
  eq: 'eq',
  ne: 'ne',
  gt: 'gt',
  ge: 'ge',
  lt: 'lt',
  le: 'le',
  startsWith: 'startsWith',
  contains: 'contains',
  coalesce: 'coalesce',
}

/** Methods without an operand; each is called as its function. */
const WITHOUT_OPERAND: readonly FunctionName[] = [
  'neg',
  'abs',
  'floor',
  'ceil',
  'round',
  'sqrt',
  'not',
  'lower',
  'upper',
  'length',
  'isNull',
  'isNotNull',
  'toF64',
  'toF32',
  'toI32',
  'toU32',
  'toI64',
  'toBool',
  'toTimestamp',
  'toUtf8',
  'hour',
  'minute',
  'second',
  'dayOfWeek',
]

/** Whoever gives these something gives a zone. */
const IN_UTC: readonly FunctionName[] = ['hour', 'minute', 'second', 'dayOfWeek']

/** What a comparison with null gives is the same for every row: not what anybody means who writes one. */
const COMPARISONS: readonly FunctionName[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le']

/** Gives the class the methods that are nothing but a call of a function. */
function withMethods(expression: typeof ExpressionOfANode): typeof ExpressionOfANode {
  const define = (name: string, value: (this: TypedExpression, ...given: unknown[]) => TypedExpression): void => {
    Object.defineProperty(expression.prototype, name, { value, writable: false, configurable: false })
  }
  for (const [name, fn] of Object.entries(WITH_OPERAND))
    define(name, function (other) {
      if (other === null && COMPARISONS.includes(fn))
        throw expressionInvalid(
          `${name}(null) is ${fn === 'ne' ? 'true' : 'false'} for every row: write isNull() or isNotNull()`,
          { value: null },
        )
      return callOf(fn, [this, operand(other, this.type, name)])
    })
  for (const fn of WITHOUT_OPERAND)
    define(fn, function (...given) {
      if (given.length > 0) throw takesNothing(fn, given[0])
      return callOf(fn, [this])
    })
  return expression
}

function takesNothing(fn: FunctionName, given: unknown): Error {
  const why = IN_UTC.includes(fn) ? ': parts of times are those of UTC' : ''
  return expressionInvalid(`${fn}() takes nothing, not ${show(given)}${why}`, { value: given, at: fn })
}

export type TypedExpression = ExpressionOfANode
// Made by a call without effects, so that it leaves the bundles of those who use no expressions.
export const TypedExpression = /* @__PURE__ */ withMethods(ExpressionOfANode)

/** A call of a scalar function, typed and checked. */
export function callOf(
  fn: FunctionName,
  args: readonly TypedExpression[],
  definition?: FunctionDefinition,
): TypedExpression {
  const scope = commonScope(args)
  const nodes = Object.freeze(args.map(arg => arg.node))
  const node = Object.freeze({
    kind: 'call',
    fn,
    args: nodes,
    ...(definition !== undefined && { definition }),
  }) as Extract<AnyNode, { readonly kind: 'call' }>
  const type = inferCall(
    node,
    args.map(arg => arg.type),
  )
  return new TypedExpression(node, type, scope, depthOver(args), sizeOver(args))
}

/** An aggregate over a group's rows. */
export function aggregateCall(
  fn: AggregateName,
  args: readonly TypedExpression[],
  definition?: unknown,
): TypedExpression {
  if (args.some(arg => arg.scope === 'group'))
    throw expressionInvalid(`${fn} takes a value of each row, not another aggregate`, { value: fn })
  const nodes = Object.freeze(args.map(arg => arg.node as ExpressionNode))
  const node = Object.freeze({
    kind: 'aggregate',
    fn,
    args: nodes,
    ...(definition !== undefined && { definition }),
  } as const)
  const type = inferAggregate(
    node,
    args.map(arg => arg.type),
  )
  return new TypedExpression(node, type, 'group', depthOver(args), sizeOver(args))
}

/** A column of the rows. */
export function columnOf(name: string, type: DataType): TypedExpression {
  return new TypedExpression(Object.freeze({ kind: 'column', name }), type, 'row', 1, 1)
}

/** A literal of a type. */
export function literal(value: LiteralValue, type: DataType['name']): TypedExpression {
  return new TypedExpression(literalNode(value, type), typeOf(type, value === null), 'literal', 1, 1)
}

/**
 * An operand given as an expression or a JavaScript value. A number beside a timestamp is one, null takes the type it
 * stands beside; every other value has its own type, and the function's rule decides whether the two fit.
 */
export function operand(given: unknown, beside: DataType, takenBy: string): TypedExpression {
  if (given instanceof TypedExpression) return given
  if (given === null) return literal(null, beside.name)
  if (typeof given === 'number') return literal(given, groupOf(beside) === 'timestamp' ? 'timestamp' : 'f64')
  if (typeof given === 'bigint' || typeof given === 'boolean' || typeof given === 'string')
    return literal(given, typeOfValue(given))
  throw expressionInvalid(
    `${takenBy} takes an expression, a number, bigint, boolean, string or null, not ${show(given)}`,
    { value: given },
  )
}

function commonScope(args: readonly TypedExpression[]): Scope {
  const column = args.find(arg => arg.scope === 'row')
  const hasGroup = args.some(arg => arg.scope === 'group')
  if (column !== undefined && hasGroup)
    throw bareColumn(column.node.kind === 'column' ? column.node.name : '(an expression)')
  if (hasGroup) return 'group'
  return column === undefined ? 'literal' : 'row'
}

const depthOver = (args: readonly TypedExpression[]) => 1 + args.reduce((most, arg) => Math.max(most, arg.depth), 0)
const sizeOver = (args: readonly TypedExpression[]) => 1 + args.reduce((sum, arg) => sum + arg.size, 0)
