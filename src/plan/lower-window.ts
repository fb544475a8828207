import { inferAggregateType } from '../expression/infer-type.ts'
import type { AggregateNode, ExpressionNode, FunctionName, ResultNode } from '../expression/node.ts'
import { isSame } from '../expression/walk.ts'
import type { StoredTypeName } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import { type DerivedNode, derivedAggregate } from './derived-aggregates.ts'
import type { WindowAggregateNode, WindowSpec } from './logical-node.ts'
import { type LoweredAggregate, lowerAggregate } from './lower-aggregate.ts'
import { columnsOfTrigger, fillsEmpty, IS_RETRACTION, retracts, stampsOf } from './plan-scope.ts'

export interface NamedExpression {
  readonly name: string
  readonly expression: ExpressionNode
}

/**
 * A window aggregation taken apart: `prepare` projects the time, the keys and what is aggregated (as f64 or i64, the
 * types the kernels know), `aggregates` are computed over these columns, `finish` makes the results out of them.
 */
export interface LoweredWindow {
  readonly prepare: readonly NamedExpression[]
  readonly aggregates: readonly LoweredAggregate[]
  readonly finish: readonly NamedExpression[]
  /** Indexes of the prepared columns a trigger looks at, by their names in the input. */
  readonly seen: readonly { readonly name: string; readonly column: number }[]
}

/** Columns between the three steps have names no schema may have clashes with: they are found by position. */
const KEPT = 'key:'
const ARGUMENT = 'argument:'
const AGGREGATE = 'aggregate:'

/** Takes a window aggregation over rows of `schema` apart; `time` gives a row's event time. */
export function lowerWindow(node: WindowAggregateNode, schema: Schema, time: ExpressionNode): LoweredWindow {
  const prepare: NamedExpression[] = [
    { name: 'time', expression: time },
    ...node.keys.map(name => ({ name: KEPT + name, expression: { kind: 'column', name } as const })),
  ]
  const { aggregates, expressions } = lowerResults(
    node.results.map(({ result }) => result),
    schema,
    prepare,
    fillsEmpty(node.window),
  )
  const seen = columnsOfTrigger(node.window, schema).map(name => ({
    name,
    column: argumentColumn(prepare, seenExpression(node.window, schema, name)),
  }))
  const passed = (name: string, as: string): NamedExpression => ({ name, expression: { kind: 'column', name: as } })
  const finish = [
    ...stampsOf(node.window).map(name => passed(name, name)),
    ...node.keys.map(name => passed(name, KEPT + name)),
    ...node.results.map(({ name }, i) => ({ name, expression: expressions[i]! })),
    ...(retracts(node.window) ? [passed(IS_RETRACTION, IS_RETRACTION)] : []),
  ]
  return { prepare, aggregates, finish, seen }
}

/** A trigger of the user's own sees columns as they are, a delta is one of f64. */
export function seenExpression(window: WindowSpec, schema: Schema, name: string): ExpressionNode {
  const column: ExpressionNode = { kind: 'column', name }
  const isDelta = window.kind === 'global' && window.trigger.kind === 'delta'
  if (!isDelta || schema.field(name)!.type.name === 'f64') return column
  return { kind: 'call', fn: 'toF64', args: [column] }
}

/** The aggregates of some results, and the results as expressions over them. */
interface LoweredResults {
  readonly aggregates: readonly LoweredAggregate[]
  /** Over columns named as `aggregateName` has it. */
  readonly expressions: readonly ExpressionNode[]
}

/**
 * Takes results over rows of `schema` apart; the arguments of their aggregates are added to `prepare`. `mayBeEmpty`:
 * whether a result may be asked for when no row is left.
 */
export function lowerResults(
  results: readonly ResultNode[],
  schema: Schema,
  prepare: NamedExpression[],
  mayBeEmpty: boolean,
): LoweredResults {
  const aggregates: LoweredAggregate[] = []
  const calls: AggregateNode[] = []

  const aggregate = (call: AggregateNode): ExpressionNode => {
    const result = inferAggregateType(call, schema, mayBeEmpty)
    const derived = derivedAggregate(call, result.isNullable)
    if (derived !== undefined) return expressionOf(derived)
    const lowered = lowerAggregate(call, schema, result.isNullable, argument => argumentColumn(prepare, argument))
    let index = calls.findIndex(each => isSame(each, call))
    if (index < 0) {
      index = calls.push(call) - 1
      aggregates.push(lowered)
    }
    const column: ExpressionNode = { kind: 'column', name: aggregateName(index) }
    const cast = result.name === lowered.output.name || result.name === 'object' ? undefined : CAST[result.name]
    return cast === undefined ? column : { kind: 'call', fn: cast, args: [column] }
  }

  const expressionOf = (result: DerivedNode): ExpressionNode => {
    if (result.kind === 'aggregate') return aggregate(result)
    if (result.kind === 'literal' || result.kind === 'column') return result
    const { definition } = result
    return { kind: 'call', fn: result.fn, args: result.args.map(expressionOf), ...(definition && { definition }) }
  }

  return { aggregates, expressions: results.map(expressionOf) }
}

/** The place of an expression among the prepared columns; it is added when it isn't one of them. */
export function argumentColumn(prepare: NamedExpression[], expression: ExpressionNode): number {
  const at = prepare.findIndex(({ name, expression: other }) => name.startsWith(ARGUMENT) && isSame(other, expression))
  return at >= 0 ? at : prepare.push({ name: ARGUMENT + prepare.length, expression }) - 1
}

/** The name of the column an aggregate's value stands in between aggregation and `finish`. */
export const aggregateName = (index: number): string => AGGREGATE + index

/** The aggregate whose column has a name; -1: none has. */
export const aggregateNumber = (name: string): number =>
  name.startsWith(AGGREGATE) ? Number(name.slice(AGGREGATE.length)) : -1

/** Names of the columns between aggregation and `finish`, in order. */
export function aggregatedNames(node: WindowAggregateNode, aggregateCount: number): string[] {
  const aggregates = Array.from({ length: aggregateCount }, (_, i) => aggregateName(i))
  return [...stampsOf(node.window), ...node.keys.map(name => KEPT + name), ...aggregates].concat(
    retracts(node.window) ? IS_RETRACTION : [],
  )
}

const CAST: Readonly<Record<StoredTypeName, FunctionName>> = {
  f64: 'toF64',
  f32: 'toF32',
  i32: 'toI32',
  u32: 'toU32',
  i64: 'toI64',
  bool: 'toBool',
  timestamp: 'toTimestamp',
  utf8: 'toUtf8',
}
