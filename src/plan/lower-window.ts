import { inferAggregate } from '../expression/aggregate-rules.ts'
import { canOverflow } from '../expression/can-overflow.ts'
import { inferType } from '../expression/infer-type.ts'
import type { AggregateName, AggregateNode, ExpressionNode, FunctionName, ResultNode } from '../expression/node.ts'
import { type DataType, type TypeName, typeOf } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import type { WindowAggregateNode } from './logical-node.ts'
import { IS_RETRACTION, retracts } from './plan-scope.ts'

export interface NamedExpression {
  readonly name: string
  readonly expression: ExpressionNode
}

/** An aggregate as the kernels compute it: over one prepared column. */
export interface LoweredAggregate {
  readonly fn: AggregateName
  /** Index among the prepared columns, -1 for `count()`. */
  readonly column: number
  readonly input: DataType
  readonly output: DataType
}

/**
 * A window aggregation taken apart: `prepare` projects the time, the keys and what is aggregated (as f64 or i64, the
 * types the kernels know), `aggregates` are computed over these columns, `finish` makes the results out of them.
 */
export interface LoweredWindow {
  readonly prepare: readonly NamedExpression[]
  readonly aggregates: readonly LoweredAggregate[]
  readonly finish: readonly NamedExpression[]
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
  )
  const passed = (name: string, as: string): NamedExpression => ({ name, expression: { kind: 'column', name: as } })
  const finish = [
    passed('windowStart', 'windowStart'),
    passed('windowEnd', 'windowEnd'),
    ...node.keys.map(name => passed(name, KEPT + name)),
    ...node.results.map(({ name }, i) => ({ name, expression: expressions[i]! })),
    ...(retracts(node.window) ? [passed(IS_RETRACTION, IS_RETRACTION)] : []),
  ]
  return { prepare, aggregates, finish }
}

/** The aggregates of some results, and the results as expressions over them. */
export interface LoweredResults {
  readonly aggregates: readonly LoweredAggregate[]
  /** Over columns named as `aggregateName` has it. */
  readonly expressions: readonly ExpressionNode[]
}

/** Takes results over rows of `schema` apart; the arguments of their aggregates are added to `prepare`. */
export function lowerResults(
  results: readonly ResultNode[],
  schema: Schema,
  prepare: NamedExpression[],
): LoweredResults {
  const aggregates: LoweredAggregate[] = []
  const known = new Map<string, number>()

  const aggregate = (call: AggregateNode): ExpressionNode => {
    const types = call.args.map(arg => inferType(arg, schema))
    const result = inferAggregate(call.fn, types)
    const key = JSON.stringify(call)
    let index = known.get(key)
    const argument = prepared(call, types[0], schema)
    const inner = argument === undefined ? undefined : inferType(argument, schema)
    const output = typeOf(computedType(call.fn, inner), result.isNullable)
    if (index === undefined) {
      const column = argument === undefined ? -1 : argumentColumn(prepare, argument)
      index = aggregates.push({ fn: call.fn, column, input: inner ?? typeOf('bool', false), output }) - 1
      known.set(key, index)
    }
    const column: ExpressionNode = { kind: 'column', name: aggregateName(index) }
    return result.name === output.name ? column : { kind: 'call', fn: CAST[result.name], args: [column] }
  }

  const expressionOf = (result: ResultNode): ExpressionNode => {
    if (result.kind === 'aggregate') return aggregate(result)
    if (result.kind === 'literal') return result
    return { kind: 'call', fn: result.fn, args: result.args.map(expressionOf) }
  }

  return { aggregates, expressions: results.map(expressionOf) }
}

/** The place of an expression among the prepared columns; it is added when it isn't one of them. */
export function argumentColumn(prepare: NamedExpression[], expression: ExpressionNode): number {
  const name = ARGUMENT + JSON.stringify(expression)
  const at = prepare.findIndex(column => column.name === name)
  return at >= 0 ? at : prepare.push({ name, expression }) - 1
}

/** The name of the column an aggregate's value stands in between aggregation and `finish`. */
export const aggregateName = (index: number): string => AGGREGATE + index

/** Names of the columns between aggregation and `finish`, in order. */
export function aggregatedNames(node: WindowAggregateNode, aggregateCount: number): string[] {
  const aggregates = Array.from({ length: aggregateCount }, (_, i) => aggregateName(i))
  return ['windowStart', 'windowEnd', ...node.keys.map(name => KEPT + name), ...aggregates].concat(
    retracts(node.window) ? IS_RETRACTION : [],
  )
}

const CAST: Readonly<Record<TypeName, FunctionName>> = {
  f64: 'toF64',
  f32: 'toF32',
  i32: 'toI32',
  u32: 'toU32',
  i64: 'toI64',
  bool: 'toBool',
  timestamp: 'toTimestamp',
  utf8: 'toUtf8',
}

/** The argument in the type its kernels take: numbers as f64 (exact for i32, u32 and f32), i64 where it stays exact. */
function prepared({ fn, args }: AggregateNode, type: DataType | undefined, schema: Schema): ExpressionNode | undefined {
  const [argument] = args
  if (argument === undefined || type === undefined) return undefined
  // A value that is never null need not be known to be counted, unless knowing it can end the job.
  if (fn === 'count') return type.isNullable || canOverflow(argument, schema) ? argument : undefined
  if (fn === 'countIf') {
    const yes = { kind: 'literal', type: 'bool', value: true } as const
    return type.isNullable ? { kind: 'call', fn: 'and', args: [argument, yes] } : argument
  }
  const keepsType =
    fn === 'first' || fn === 'last'
      ? type.name !== 'bool'
      : type.name === 'f64' || type.name === 'timestamp' || (type.name === 'i64' && KEEPS_I64.has(fn))
  return keepsType ? argument : { kind: 'call', fn: 'toF64', args: [argument] }
}

const KEEPS_I64: ReadonlySet<AggregateName> = new Set<AggregateName>(['sum', 'min', 'max'])

function computedType(fn: AggregateName, input: DataType | undefined): TypeName {
  switch (fn) {
    case 'sum':
      return input?.name === 'i64' ? 'i64' : 'f64'
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return input!.name
    default:
      return 'f64'
  }
}
