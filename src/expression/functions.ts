import { expressionInvalid, show } from '../errors.ts'
import type { DataType } from '../schema/data-type.ts'
import { isTypeName } from '../schema/schema.ts'
import type {
  BigIntExpression,
  BigIntOperand,
  BooleanExpression,
  BooleanOperand,
  Expression,
  ExpressionOf,
  NullOf,
  NumberExpression,
  NumberOperand,
  Scope,
  ScopeOf,
  StringExpression,
  StringOperand,
  TimestampExpression,
  TimestampOperand,
} from './expression.ts'
import { typeOfValue } from './literal.ts'
import type { FunctionName } from './node.ts'
import { callOf, literal, operand, TypedExpression } from './typed-expression.ts'

/** What a function takes: an expression, or a JavaScript value. */
type Operand = Expression | number | bigint | boolean | string | null

/** What may stand beside `V`: values of its kind, or null. */
type Beside<V> = V extends null
  ? Operand
  : V extends TimestampExpression
    ? TimestampOperand | null
    : V extends number
      ? NumberOperand | TimestampOperand | null
      : V extends NumberExpression
        ? NumberOperand | null
        : V extends bigint | BigIntExpression
          ? BigIntOperand | null
          : V extends boolean | BooleanExpression
            ? BooleanOperand | null
            : V extends string | StringExpression
              ? StringOperand | null
              : never

/** The expression several operands of one kind result in, with nullability `N` and scope `S`. */
type Joined<V, N extends boolean, S extends Scope> = [Extract<V, TimestampExpression>] extends [never]
  ? [NonNullable<V>] extends [number | NumberExpression]
    ? NumberExpression<N, S>
    : [NonNullable<V>] extends [bigint | BigIntExpression]
      ? BigIntExpression<N, S>
      : [NonNullable<V>] extends [boolean | BooleanExpression]
        ? BooleanExpression<N, S>
        : [NonNullable<V>] extends [string | StringExpression]
          ? StringExpression<N, S>
          : never
  : TimestampExpression<N, S>

/** Null as soon as one of the values is. */
type AnyNull<V> = true extends NullOf<V> ? true : false
/** Null only where all of the values are. */
type AllNull<V> = false extends NullOf<V> ? false : true

/**
 * A JavaScript value as an expression: a number is f64, a bigint i64. A type says otherwise, and gives null one.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for a value the type can't hold.
 *
 * @example
 * ```ts
 * lit(1.5)
 * lit(0, timestamp())
 * lit(null, f64())
 * ```
 */
export function lit(value: number): NumberExpression<false, 'literal'>
export function lit(value: bigint): BigIntExpression<false, 'literal'>
export function lit(value: boolean): BooleanExpression<false, 'literal'>
export function lit(value: string): StringExpression<false, 'literal'>
export function lit<D extends DataType>(value: null, type: D): ExpressionOf<DataType<D['name'], true>, 'literal'>
export function lit<D extends DataType>(
  value: number | bigint | boolean | string,
  type: D,
): ExpressionOf<DataType<D['name'], false>, 'literal'>
export function lit(value: number | bigint | boolean | string | null, type?: DataType): unknown {
  if (type !== undefined) {
    if (!isTypeName(type?.name)) throw expressionInvalid(`A type is made by f64(), utf8() and so on, not ${show(type)}`)
    return literal(value, type.name)
  }
  if (value === null)
    throw expressionInvalid('null alone has no type: write lit(null, f64()), with the type it stands for')
  if (value === undefined || typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol')
    throw expressionInvalid(`lit takes a number, bigint, boolean or string, not ${show(value)}`, { value })
  return literal(value, typeOfValue(value))
}

/**
 * `then` where the condition is true, `otherwise` where it is false or null.
 *
 * @example
 * ```ts
 * stream.project(e => ({ side: ifElse(e.size.gt(0), 'buy', 'sell') }))
 * ```
 */
export function ifElse<C extends BooleanExpression, A extends Operand, B extends Beside<A>>(
  condition: C,
  then: A,
  otherwise: B,
): Joined<A | B, AnyNull<A | B>, ScopeOf<A> | ScopeOf<B> | ScopeOf<C>> {
  const [a, b] = together('ifElse', [then, otherwise])
  return callOf('if', [conditionOf(condition), a!, b!]) as never
}

/** A chain of cases under construction: `otherwise` ends it. */
interface CaseChain<V, S extends Scope> {
  /** The value where no earlier condition is true and this one is. */
  when<C extends BooleanExpression, W extends Beside<V>>(
    condition: C,
    value: W,
  ): CaseChain<V | W, S | ScopeOf<C> | ScopeOf<W>>
  /** The value where no condition is true. */
  otherwise<W extends Beside<V>>(value: W): Joined<V | W, AnyNull<V | W>, S | ScopeOf<W>>
}

/**
 * The value of the first case whose condition is true.
 *
 * @example
 * ```ts
 * const grade = (e: { score: NumberExpression }) =>
 *   when(e.score.ge(90), 'a').when(e.score.ge(50), 'b').otherwise('c')
 * ```
 */
export function when<C extends BooleanExpression, V extends Operand>(
  condition: C,
  value: V,
): CaseChain<V, ScopeOf<C> | ScopeOf<V>> {
  return chain([conditionOf(condition)], [value]) as CaseChain<V, ScopeOf<C> | ScopeOf<V>>
}

function chain(conditions: readonly TypedExpression[], values: readonly unknown[]) {
  return Object.freeze({
    when: (condition: unknown, value: unknown) => chain([...conditions, conditionOf(condition)], [...values, value]),
    otherwise(value: unknown): unknown {
      const all = together('when', [...values, value])
      return callOf('case', [...conditions.flatMap((condition, i) => [condition, all[i]!]), all.at(-1)!])
    },
  })
}

/**
 * The first value that isn't null.
 *
 * @example
 * ```ts
 * stream.project(e => ({ note: coalesce(e.note, 'none') }))
 * ```
 */
export function coalesce<A extends Operand, R extends readonly [Beside<A>, ...Beside<A>[]]>(
  first: A,
  ...rest: R
): Joined<A | R[number], AllNull<A | R[number]>, ScopeOf<A> | ScopeOf<R[number]>> {
  return callOf('coalesce', together('coalesce', [first, ...rest])) as never
}

type OrderableOperand = NumberExpression | BigIntExpression | TimestampExpression | number | bigint

/**
 * The least of two or more; null if any is. NaN is passed over.
 *
 * @example
 * ```ts
 * stream.project(e => ({ capped: least(e.price, 100) }))
 * ```
 */
export function least<A extends OrderableOperand, R extends readonly [Beside<A>, ...Beside<A>[]]>(
  first: A,
  ...rest: R
): Joined<A | R[number], AnyNull<A | R[number]>, ScopeOf<A> | ScopeOf<R[number]>> {
  return folded('least', [first, ...rest]) as never
}

/**
 * The greatest of two or more; null if any is. NaN is passed over.
 *
 * @example
 * ```ts
 * stream.project(e => ({ floored: greatest(e.price, 0) }))
 * ```
 */
export function greatest<A extends OrderableOperand, R extends readonly [Beside<A>, ...Beside<A>[]]>(
  first: A,
  ...rest: R
): Joined<A | R[number], AnyNull<A | R[number]>, ScopeOf<A> | ScopeOf<R[number]>> {
  return folded('greatest', [first, ...rest]) as never
}

/**
 * Whether all conditions are true; null counts as false.
 *
 * @example
 * ```ts
 * stream.filter(e => and(e.size.gt(0), e.price.gt(0), e.symbol.ne('TEST')))
 * ```
 */
export function and<C extends readonly [BooleanExpression, ...BooleanExpression[]]>(
  ...conditions: C
): BooleanExpression<false, ScopeOf<C[number]>> {
  return connective('and', conditions) as never
}

/**
 * Whether some condition is true; null counts as false.
 *
 * @example
 * ```ts
 * stream.filter(e => or(e.symbol.eq('ACME'), e.size.gt(1_000)))
 * ```
 */
export function or<C extends readonly [BooleanExpression, ...BooleanExpression[]]>(
  ...conditions: C
): BooleanExpression<false, ScopeOf<C[number]>> {
  return connective('or', conditions) as never
}

/**
 * The opposite; null of null.
 *
 * @example
 * ```ts
 * stream.filter(e => not(e.note.isNull()))
 * ```
 */
export function not<N extends boolean, S extends Scope>(condition: BooleanExpression<N, S>): BooleanExpression<N, S> {
  return callOf('not', [conditionOf(condition)]) as never
}

function connective(fn: 'and' | 'or', conditions: readonly unknown[]): TypedExpression {
  return callOf(fn, conditions.map(conditionOf))
}

function folded(fn: FunctionName, values: readonly unknown[]): TypedExpression {
  return together(fn, values).reduce((so, next) => callOf(fn, [so, next]))
}

/** Operands that take their type from one another: JavaScript values from the first expression among them. */
function together(name: string, values: readonly unknown[]): TypedExpression[] {
  const leader =
    values.find(value => value instanceof TypedExpression && value.scope !== 'literal') ??
    values.find(value => value instanceof TypedExpression) ??
    values.find(value => value !== null && value !== undefined)
  if (leader === undefined) throw expressionInvalid(`${name} needs at least one value that isn't null`)
  const type = leader instanceof TypedExpression ? leader.type : (lit(leader as number) as Expression).type
  return values.map(value => operand(value, type, name))
}

function conditionOf(given: unknown): TypedExpression {
  if (given instanceof TypedExpression) return given
  throw expressionInvalid(`A condition is an expression, not ${show(given)}: write e.a.eq(b) instead of e.a === b`, {
    value: given,
  })
}
