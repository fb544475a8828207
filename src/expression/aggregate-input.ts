import type {
  BigIntExpression,
  Expression,
  NullOf,
  NumberExpression,
  Scope,
  TimestampExpression,
} from './expression.ts'

/** What aggregates are over: values of rows, or literals. */
export type RowScope = Exclude<Scope, 'group'>

/** Values that can be added. */
export type Numeric = NumberExpression<boolean, RowScope> | BigIntExpression<boolean, RowScope>

/** Values one of which is the greatest. */
export type Orderable = Numeric | TimestampExpression<boolean, RowScope>

/** A number of the group: a bigint where the values are i64. One type for both, so that what is neither is one error. */
export type NumberOver<E extends Expression> = [E] extends [BigIntExpression<boolean, RowScope>]
  ? BigIntExpression<NullOf<E>, 'group'>
  : NumberExpression<NullOf<E>, 'group'>
