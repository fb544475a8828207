import type { DataType, ObjectType, TypeName } from '../schema/data-type.ts'
import type { Duration } from '../time/duration.ts'
import type { ExpressionNode, ResultNode } from './node.ts'

/**
 * What an expression is computed from: one row, a group of rows (aggregates), or neither. `filter` and `project` take
 * no `'group'`, `aggregate` takes no bare `'row'`.
 */
export type Scope = 'literal' | 'row' | 'group'

/** The types whose values are JavaScript numbers; arithmetic on them is f64. */
type NumberTypeName = 'f64' | 'f32' | 'i32' | 'u32'

/** Nullable as soon as one side is. */
export type Either<N extends boolean, M extends boolean> = true extends N | M ? true : false
/** Nullable only if both sides are. */
type Both<N extends boolean, M extends boolean> = false extends N ? false : M

/** Whether a quotient can be null: always, except over a value that is known not to be zero. */
type QuotientNull<N extends boolean, D> = D extends 0 | 0n
  ? true
  : number extends D
    ? true
    : bigint extends D
      ? true
      : D extends number | bigint
        ? N
        : true

/** What every expression has. `N`: may be null. `S`: see `Scope`. */
export interface Expression<N extends boolean = boolean, S extends Scope = Scope, Name extends TypeName = TypeName> {
  /** The expression as data. */
  readonly node: ExpressionNode | ResultNode
  readonly type: DataType<Name, N>
  readonly scope: S
  isNull(): BooleanExpression<false, S>
  isNotNull(): BooleanExpression<false, S>
}

// biome-ignore lint/suspicious/noExplicitAny: where an operand doesn't fit, its scope shall not be at fault as well
type AnyScope = any
/** What stands beside a number: an expression, or a JavaScript value; and so on. */
export type NumberOperand = number | NumberExpression<boolean, AnyScope>
export type BigIntOperand = bigint | BigIntExpression<boolean, AnyScope>
export type BooleanOperand = boolean | BooleanExpression<boolean, AnyScope>
export type StringOperand = string | StringExpression<boolean, AnyScope>
export type TimestampOperand = number | TimestampExpression<boolean, AnyScope>
type AnyNumber = NumberOperand | BigIntOperand

/** The scope of an operand: that of an expression, `'literal'` for a JavaScript value. */
export type ScopeOf<V> = V extends Expression<boolean, infer S> ? S : 'literal'
/** Whether an operand can be null. */
export type NullOf<V> = V extends null ? true : V extends Expression<infer N> ? N : false

/** A comparison with null is false, except `ne`, which is true; so no comparison is ever null. NaN equals nothing. */
interface Comparable<V, List, S extends Scope> {
  eq<O extends V>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  ne<O extends V>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  /** Whether the value is one of `values`, which has at least one. */
  in(values: readonly List[]): BooleanExpression<false, S>
}

interface Ordered<V, List, S extends Scope> extends Comparable<V, List, S> {
  gt<O extends V>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  ge<O extends V>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  lt<O extends V>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  le<O extends V>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  /** low ≤ value ≤ high. */
  between<L extends V, H extends V>(low: L, high: H): BooleanExpression<false, S | ScopeOf<L> | ScopeOf<H>>
}

/**
 * An f64, f32, i32 or u32 value. Arithmetic is done in f64 and is null when an operand is; a division by zero is null.
 */
export interface NumberExpression<N extends boolean = boolean, S extends Scope = Scope>
  extends Expression<N, S, NumberTypeName>,
    Ordered<NumberOperand, number, S> {
  add<O extends NumberOperand>(other: O): NumberExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  sub<O extends NumberOperand>(other: O): NumberExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  mul<O extends NumberOperand>(other: O): NumberExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** The f64 quotient; null over zero. */
  div<const D extends AnyNumber>(divisor: D): NumberExpression<QuotientNull<N, D>, S | ScopeOf<D>>
  /** The quotient without its fraction (towards zero); null over zero. */
  idiv<const D extends NumberOperand>(divisor: D): NumberExpression<QuotientNull<N, D>, S | ScopeOf<D>>
  /** The remainder, with the sign of the dividend as JavaScript's `%`; null over zero. */
  mod<const D extends NumberOperand>(divisor: D): NumberExpression<QuotientNull<N, D>, S | ScopeOf<D>>
  neg(): NumberExpression<N, S>
  abs(): NumberExpression<N, S>
  floor(): NumberExpression<N, S>
  ceil(): NumberExpression<N, S>
  /** To the nearest whole number, halves away from zero. */
  round(): NumberExpression<N, S>
  /** NaN below zero. */
  sqrt(): NumberExpression<N, S>
  /** The lesser of two; null if either is, NaN only if both are. */
  min<O extends NumberOperand>(other: O): NumberExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** The greater of two; null if either is, NaN only if both are. */
  max<O extends NumberOperand>(other: O): NumberExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** `other` where this is null. */
  coalesce<O extends NumberOperand>(other: O): NumberExpression<Both<N, NullOf<O>>, S | ScopeOf<O>>
  toF64(): NumberExpression<N, S>
  /** Rounded to the nearest f32. */
  toF32(): NumberExpression<N, S>
  /** Without its fraction; null out of range and for NaN. */
  toI32(): NumberExpression<true, S>
  /** Without its fraction; null out of range and for NaN. */
  toU32(): NumberExpression<true, S>
  /** Without its fraction; null out of range and for NaN. */
  toI64(): BigIntExpression<true, S>
  /** false for 0 and NaN. */
  toBool(): BooleanExpression<N, S>
  /** Milliseconds since the epoch, rounded down; null for NaN and beyond safe integers. */
  toTimestamp(): TimestampExpression<true, S>
  /** As JavaScript's `String(value)`. */
  toUtf8(): StringExpression<N, S>
}

/** An i64 value. Arithmetic with other i64 values is exact: a result out of range ends the job with `OVERFLOW`. */
export interface BigIntExpression<N extends boolean = boolean, S extends Scope = Scope>
  extends Expression<N, S, 'i64'>,
    Ordered<BigIntOperand, bigint, S> {
  add<O extends BigIntOperand>(other: O): BigIntExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  sub<O extends BigIntOperand>(other: O): BigIntExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  mul<O extends BigIntOperand>(other: O): BigIntExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** The quotient of both as f64; null over zero. */
  div<const D extends AnyNumber>(divisor: D): NumberExpression<QuotientNull<N, D>, S | ScopeOf<D>>
  /** The quotient without its fraction (towards zero); null over zero. */
  idiv<const D extends BigIntOperand>(divisor: D): BigIntExpression<QuotientNull<N, D>, S | ScopeOf<D>>
  /** The remainder, with the sign of the dividend; null over zero. */
  mod<const D extends BigIntOperand>(divisor: D): BigIntExpression<QuotientNull<N, D>, S | ScopeOf<D>>
  neg(): BigIntExpression<N, S>
  abs(): BigIntExpression<N, S>
  /** The lesser of two; null if either is. */
  min<O extends BigIntOperand>(other: O): BigIntExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** The greater of two; null if either is. */
  max<O extends BigIntOperand>(other: O): BigIntExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** `other` where this is null. */
  coalesce<O extends BigIntOperand>(other: O): BigIntExpression<Both<N, NullOf<O>>, S | ScopeOf<O>>
  /** The nearest f64. */
  toF64(): NumberExpression<N, S>
  /** The nearest f64, rounded to the nearest f32. */
  toF32(): NumberExpression<N, S>
  /** null out of range. */
  toI32(): NumberExpression<true, S>
  /** null out of range. */
  toU32(): NumberExpression<true, S>
  /** false for 0. */
  toBool(): BooleanExpression<N, S>
  /** Milliseconds since the epoch; null beyond safe integers. */
  toTimestamp(): TimestampExpression<true, S>
  toUtf8(): StringExpression<N, S>
}

/** A bool value: a condition. */
export interface BooleanExpression<N extends boolean = boolean, S extends Scope = Scope>
  extends Expression<N, S, 'bool'>,
    Comparable<BooleanOperand, boolean, S> {
  /** null counts as false. */
  and<O extends BooleanOperand>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  /** null counts as false. */
  or<O extends BooleanOperand>(other: O): BooleanExpression<false, S | ScopeOf<O>>
  /** The opposite; null of null. */
  not(): BooleanExpression<N, S>
  /** `other` where this is null. */
  coalesce<O extends BooleanOperand>(other: O): BooleanExpression<Both<N, NullOf<O>>, S | ScopeOf<O>>
  toF64(): NumberExpression<N, S>
  toF32(): NumberExpression<N, S>
  toI32(): NumberExpression<N, S>
  toU32(): NumberExpression<N, S>
  toI64(): BigIntExpression<N, S>
  /** 'true' or 'false'. */
  toUtf8(): StringExpression<N, S>
}

/** A text value. */
export interface StringExpression<N extends boolean = boolean, S extends Scope = Scope>
  extends Expression<N, S, 'utf8'>,
    Comparable<StringOperand, string, S> {
  /** false for null. */
  startsWith(prefix: string): BooleanExpression<false, S>
  /** Whether `part` stands anywhere in it; false for null. */
  contains(part: string): BooleanExpression<false, S>
  /** The piece at position `index` (from 0) between separators; null where there is none. `separator` isn't empty. */
  splitPart(separator: string, index: number): StringExpression<true, S>
  /** In lower case, by Unicode's rules whatever the locale. */
  lower(): StringExpression<N, S>
  /** In upper case, by Unicode's rules whatever the locale. */
  upper(): StringExpression<N, S>
  /** As JavaScript's: in UTF-16 units. */
  length(): NumberExpression<N, S>
  /** The decimal number the text is, with blanks around it or none; null where it is none. */
  toF64(): NumberExpression<true, S>
  /** `other` where this is null. */
  coalesce<O extends StringOperand>(other: O): StringExpression<Both<N, NullOf<O>>, S | ScopeOf<O>>
}

/** A timestamp: milliseconds since the Unix epoch. JavaScript numbers beside it are timestamps too. Parts are of UTC. */
export interface TimestampExpression<N extends boolean = boolean, S extends Scope = Scope>
  extends Expression<N, S, 'timestamp'>,
    Ordered<TimestampOperand, number, S> {
  /** The milliseconds from `other` to this. */
  sub<O extends TimestampOperand>(other: O): NumberExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** The start of the interval of length `size` it falls into; intervals start at `offset` from the epoch. */
  floorTo(size: Duration, options?: { readonly offset?: Duration }): TimestampExpression<N, S>
  /** 0 to 23. */
  hour(): NumberExpression<N, S>
  /** 0 to 59. */
  minute(): NumberExpression<N, S>
  /** 0 to 59. */
  second(): NumberExpression<N, S>
  /** 0 (Sunday) to 6. */
  dayOfWeek(): NumberExpression<N, S>
  /** The earlier of two; null if either is. */
  min<O extends TimestampOperand>(other: O): TimestampExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** The later of two; null if either is. */
  max<O extends TimestampOperand>(other: O): TimestampExpression<Either<N, NullOf<O>>, S | ScopeOf<O>>
  /** `other` where this is null. */
  coalesce<O extends TimestampOperand>(other: O): TimestampExpression<Both<N, NullOf<O>>, S | ScopeOf<O>>
  /** Milliseconds as a number. */
  toF64(): NumberExpression<N, S>
  /** Milliseconds as an i64. */
  toI64(): BigIntExpression<N, S>
}

/** A result that is a JavaScript value of type `V`. Nothing is computed with it: it goes to the sink as it is. */
export interface ObjectExpression<V, S extends Scope = 'group'> extends Expression<false, S, 'object'> {
  readonly type: ObjectType<V>
}

/** The expression over a type. */
export type ExpressionOf<D extends DataType, S extends Scope = 'row'> = [D['name']] extends [NumberTypeName]
  ? NumberExpression<D['isNullable'], S>
  : [D['name']] extends ['i64']
    ? BigIntExpression<D['isNullable'], S>
    : [D['name']] extends ['bool']
      ? BooleanExpression<D['isNullable'], S>
      : [D['name']] extends ['utf8']
        ? StringExpression<D['isNullable'], S>
        : [D['name']] extends ['timestamp']
          ? TimestampExpression<D['isNullable'], S>
          : [D] extends [ObjectType<infer V>]
            ? ObjectExpression<V, S>
            : Expression<D['isNullable'], S, D['name']>
