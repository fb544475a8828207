import type { Columns } from '../expression/columns.ts'
import type { BooleanExpression, Expression } from '../expression/expression.ts'
import type { DataType } from '../schema/data-type.ts'
import type { Flat } from '../schema/row-types.ts'
import type { SchemaFields } from '../schema/schema.ts'
import type { RowWindowSpec } from '../time/row-windows.ts'
import type { WindowOutput } from '../time/window-kinds/parameters.ts'
import type { RowOrdering } from './window-order-step.ts'

/** An expression over one row: what `filter` and `project` take. */
export type RowExpression = Expression<boolean, 'literal' | 'row'>
/** An expression over a group of rows: what `aggregate` takes. */
export type GroupExpression = Expression<boolean, 'literal' | 'group'>

type FieldsOf<P extends Readonly<Record<string, Expression>>> = { readonly [K in keyof P]: P[K]['type'] }
/** Said without the columns it stands among: a type that leads back from step to step would be too deep for the checker. */
type TimeField<T> = T extends string
  ? string extends T
    ? unknown
    : { readonly [K in T]: DataType<'timestamp', false> }
  : unknown

/** The columns behind `project`: the given ones, and the event time. */
export type ProjectFields<T, P extends Readonly<Record<string, Expression>>> = Flat<FieldsOf<P> & TimeField<T>>
/** The columns behind `processingTime`. */
export type StampedFields<F extends SchemaFields, C extends string> = Flat<F & TimeField<C>>
/** The columns of a window's results. */
export type WindowFields<
  F extends SchemaFields,
  K extends keyof F,
  A extends Readonly<Record<string, Expression>>,
  W = unknown,
> = Flat<
  WindowStamps<W> & {
    readonly [N in K]: F[N]
  } & FieldsOf<A> &
    RetractionField<W>
>
/**
 * The columns as aggregates over a window see them: where gaps are filled, results may be of no rows, and every value
 * missing.
 */
export type GroupFields<F extends SchemaFields, W> = [W] extends [{ readonly fillEmpty: number }]
  ? { readonly [N in keyof F]: DataType<F[N]['name'], true> }
  : F
/** A window says its bounds, or where it has none, when it fired. */
type WindowStamps<W> = [W] extends [{ readonly kind: 'global' }]
  ? { readonly windowTime: DataType<'timestamp', false> }
  : { readonly windowStart: DataType<'timestamp', false>; readonly windowEnd: DataType<'timestamp', false> }
/** The columns of the rows that come out of a window over rows. */
export type RowWindowFields<
  F extends SchemaFields,
  K extends keyof F,
  O extends WindowOutput,
  A extends Readonly<Record<string, Expression>>,
> = Flat<StampFields<O> & { readonly [N in K]: F[N] } & FieldsOf<A>>
/** What `aggregate` over rows takes: aggregates over the window, and values of the row that comes out. */
export type RowResults = Readonly<Record<string, RowExpression | GroupExpression>>
/** What becomes of the rows that come out of a window together. `R` are their columns. */
export interface ChunkOptions<R extends SchemaFields> {
  /** Puts them in an order; equal ones stay as they came. */
  readonly orderBy?: (row: Columns<R>) => RowOrdering
  /** Most rows of them. */
  readonly limit?: number
  /** Rows to leave out before; 0 by default. */
  readonly offset?: number
}
/** What else `aggregate` over rows takes. `R` are the columns of its rows. */
export interface RowAggregateOptions<G extends string, R extends SchemaFields> extends ChunkOptions<R> {
  /** Aggregates the rows of a window by these columns; with `keyBy`, in contrast, each key has a window of its own. */
  readonly groupBy?: readonly G[]
  /** A condition over the results; of a batch, the last row that meets it comes out. */
  readonly having?: (row: Columns<R>) => BooleanExpression<boolean, 'literal' | 'row'>
}
/** The columns of a window's rows themselves. */
export type WindowRowFields<F extends SchemaFields, O extends WindowOutput> = Flat<StampFields<O> & F>
/**
 * The columns as aggregates over a window see them: where rows that leave come out, a window may be empty and every value
 * missing.
 */
export type ContentFields<F extends SchemaFields, O extends WindowOutput> = O extends 'current'
  ? F
  : { readonly [N in keyof F]: DataType<F[N]['name'], true> }
type StampFields<O extends WindowOutput> = { readonly windowTime: DataType<'timestamp', false> } & ('all' extends O
  ? { readonly kind: DataType<'utf8', false> }
  : unknown)
/** Windows that retract say of every row whether it takes an earlier result back. */
type RetractionField<W> = [W] extends [{ readonly firing: 'retracting' }]
  ? { readonly isRetraction: DataType<'bool', false> }
  : unknown
/**
 * The event time of a window's results: their column `C`, `windowEnd` or `windowTime`. It ends with that column, where the
 * time of events travels along.
 */
export interface ResultTime<C extends string = string> {
  readonly resultColumn: C
}
/** The event time of a window's results: of one without bounds, when it fired. */
export type TimeOfResults<W> = [W] extends [{ readonly kind: 'global' }] ? ResultTime<'windowTime'> : WindowTime
/** The event time of results of a window over event time. */
export type WindowTime = ResultTime<'windowEnd'>
/** The columns of the first rows of windows: what a window says, those of the rows, and ranks where they have a name. */
export type TopRowsFields<F extends SchemaFields, R extends string, W> = Flat<
  WindowStamps<W> & RankedFields<F, R> & RetractionField<W>
>
/** The columns behind `topN`: ranks where they have a name. */
export type RankedFields<F extends SchemaFields, R extends string> = [R] extends [never]
  ? F
  : Flat<F & { readonly [N in R]: DataType<'u32', false> }>
/** The event time of rows that have one: a column of the events, or that of a window's results. */
export type GivenTime = string | ResultTime
/** What the event time of a pipeline can be. */
export type EventTime = GivenTime | undefined
/** What a window asks of the time: nothing, or something no argument is, with the words that TypeScript shows then. */
export type NeedsTime<W, T> = [T] extends [undefined]
  ? W extends RowWindowSpec
    ? unknown
    : 'this window goes by time: call .eventTime(column) or .processingTime(name) before it'
  : unknown
/** The same for what orders the results of a window. */
export type BehindWindow<T> = [T] extends [WindowTime]
  ? unknown
  : {
      readonly 'this goes by the results of one window: it stands behind .window().aggregate(), where windowStart and windowEnd are kept': true
    }
/** The column event time is in. */
export type TimeColumn<T> = T extends ResultTime<infer C> ? C : T
/** The event time behind `project`. */
export type ProjectedTime<T, P> = T extends ResultTime<infer C> ? (C extends keyof P ? T : undefined) : T
/** The event time behind a step that makes new rows: the same column, where there still is one of its kind. */
export type KeptTime<T, G extends SchemaFields> = G extends {
  readonly [K in TimeColumn<T> & string]: DataType<'timestamp', false>
}
  ? T
  : undefined

/** The columns that can be the event time. */
export type TimestampColumn<F extends SchemaFields> = {
  [K in keyof F]: F[K] extends DataType<'timestamp', false> ? K : never
}[keyof F] &
  string

/** Names a step of the slow path in errors, metrics and `explain()`. */
export interface RowsOptions {
  readonly name?: string
}
