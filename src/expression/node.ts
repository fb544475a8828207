import type { TypeName } from '../schema/data-type.ts'
import type { FunctionDefinition } from './function-definition.ts'

/**
 * An expression as data: what the builder makes, what a plan carries as JSON and what operators compile to kernel calls.
 * An i64 literal holds its value as a decimal string, so that every node survives JSON.
 */
export type ExpressionNode = ColumnNode | LiteralNode | CallNode

export interface ColumnNode {
  readonly kind: 'column'
  readonly name: string
}

export interface LiteralNode {
  readonly kind: 'literal'
  readonly type: TypeName
  /** null is the null of `type`. Non-finite numbers stand as the strings 'NaN', 'Infinity', '-Infinity'. */
  readonly value: number | string | boolean | null
}

export interface CallNode {
  readonly kind: 'call'
  readonly fn: FunctionName
  readonly args: readonly ExpressionNode[]
  /** Of 'user' only. One that holds a function can't travel as JSON. */
  readonly definition?: FunctionDefinition
}

/**
 * Every scalar function. Numbers are computed in f64 unless both operands are i64 (then checked i64); `div` is always
 * f64; a comparison with null is false except `ne`, which is true; `and`/`or` read null as false, `not` of null is null.
 */
export type FunctionName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'idiv'
  | 'mod'
  | 'neg'
  | 'abs'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'sqrt'
  | 'least'
  | 'greatest' // of two; null if either is null
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'between' // args: value, low, high; both ends inclusive
  | 'in' // args: value, then literals
  | 'startsWith' // args: utf8, utf8 literal
  | 'contains' // args: utf8, utf8 literal
  | 'splitPart' // args: utf8, utf8 literal (not empty), position as an f64 literal
  | 'lower'
  | 'upper'
  | 'length' // in UTF-16 units
  | 'and'
  | 'or'
  | 'not'
  | 'isNull'
  | 'isNotNull'
  | 'coalesce'
  | 'if' // args: condition, then, else (null condition takes else)
  | 'case' // args: condition, value, condition, value, …, otherwise
  | 'toF64'
  | 'toF32'
  | 'toI32'
  | 'toU32'
  | 'toI64'
  | 'toBool'
  | 'toTimestamp'
  | 'toUtf8'
  | 'floorTo' // args: timestamp, size in ms (f64 literal), offset in ms (f64 literal)
  | 'hour'
  | 'minute'
  | 'second'
  | 'dayOfWeek' // UTC; dayOfWeek 0 = Sunday
  | 'user' // what `definition` says; null if an argument is

/** The aggregate functions; `args` are scalar expressions over the window's input. */
export type AggregateName =
  | 'count' // no argument: every row; one argument: rows that have a value
  | 'countIf' // args: predicate
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'first'
  | 'last'
  | 'variance'
  | 'varianceSample'
  | 'stdDev'
  | 'stdDevSample'
  | 'distinctCount'
  | 'approxDistinct'
  | 'argMin' // args: value, by
  | 'argMax'
  | 'boolAnd'
  | 'boolOr'
  | 'rate' // no argument: rows a second of the window's length; one argument: its sum a second
  | 'percentile' // args: value, p as an f64 literal from 0 to 1
  | 'percentileSketch' // args: value, p, relative error as f64 literals
  | 'ema' // args: value, half-life in ms as an f64 literal; weighed by event time
  | 'emaAlpha' // args: value, alpha as an f64 literal; weighed by order of arrival
  | 'minForever'
  | 'maxForever'
  | 'topK' // args: value, k as an f64 literal
  | 'bottomK'
  | 'collect' // args: value, the most there may be as an f64 literal
  | 'collectSet'
  | 'user' // what `definition` says

export interface AggregateNode {
  readonly kind: 'aggregate'
  readonly fn: AggregateName
  readonly args: readonly ExpressionNode[]
  /** Of 'user' only: an `AggregateDefinition`. It holds functions, so it can't travel as JSON. */
  readonly definition?: unknown
}

/** A result of a window: an aggregate, or scalar functions over aggregates and literals. */
export type ResultNode = AggregateNode | LiteralNode | ResultCallNode

interface ResultCallNode {
  readonly kind: 'call'
  readonly fn: FunctionName
  readonly args: readonly ResultNode[]
  readonly definition?: FunctionDefinition
}
