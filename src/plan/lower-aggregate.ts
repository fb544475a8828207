import type { CheckedDefinition } from '../expression/aggregate-definition.ts'
import { parametersOf, valueArguments } from '../expression/aggregate-rules.ts'
import { canFail } from '../expression/can-fail.ts'
import { inferType } from '../expression/infer-type.ts'
import type { AggregateName, AggregateNode, ExpressionNode } from '../expression/node.ts'
import { type DataType, type TypeName, typeOf } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'

/** An aggregate as operators compute it: over prepared columns. */
export interface LoweredAggregate {
  readonly fn: AggregateName
  /** Index among the prepared columns, -1 for `count()`. */
  readonly column: number
  readonly input: DataType
  readonly output: DataType
  /** The prepared columns of the second value on. */
  readonly others: readonly { readonly column: number; readonly input: DataType }[]
  /** The numbers given with the call. */
  readonly parameters: readonly number[]
  /** Of 'user'. */
  readonly definition: CheckedDefinition | undefined
}

/** Which bits of numbers an aggregate is computed on: any of them as f64, or i64 exactly. */
const KEEPS_I64: ReadonlySet<AggregateName> = new Set<AggregateName>([
  'sum',
  'min',
  'max',
  'minForever',
  'maxForever',
  'distinctCount',
  'approxDistinct',
])
/** Those that hand out values of their argument, and keep them as they are. */
const KEEPS_ALL: ReadonlySet<AggregateName> = new Set<AggregateName>([
  'topK',
  'bottomK',
  'collect',
  'collectSet',
  'user',
])
const KEEPS_BYTES: ReadonlySet<AggregateName> = new Set<AggregateName>(['first', 'last', 'argMin', 'argMax'])
/** Those that take text by its code or content. */
const TAKES_TEXT: ReadonlySet<AggregateName> = new Set<AggregateName>(['distinctCount', 'approxDistinct'])
/** Those whose result is one of the values. */
const GIVES_VALUE: ReadonlySet<AggregateName> = new Set<AggregateName>([
  'min',
  'max',
  'first',
  'last',
  'argMin',
  'argMax',
  'minForever',
  'maxForever',
])

/** The aggregate over the columns that `columnOf` gives for its arguments; `isNullable`: whether its result is. */
export function lowerAggregate(
  call: AggregateNode,
  schema: Schema,
  isNullable: boolean,
  columnOf: (argument: ExpressionNode) => number,
): LoweredAggregate {
  const prepared = preparedArguments(call, schema)
  const inputs = prepared.map(argument => ({ column: columnOf(argument), input: inferType(argument, schema) }))
  const [first, ...others] = inputs
  const definition = call.definition as CheckedDefinition | undefined
  return {
    fn: call.fn,
    column: first?.column ?? -1,
    input: first?.input ?? typeOf('bool', false),
    output: typeOf(computedType(call.fn, first?.input, definition), isNullable),
    others,
    parameters: parametersOf(call),
    definition,
  }
}

/** The values in the types operators compute on: numbers as f64 (exact for i32, u32 and f32), i64 where it stays exact. */
function preparedArguments(call: AggregateNode, schema: Schema): ExpressionNode[] {
  const { fn } = call
  const values = valueArguments(call)
  const [value, by] = values
  if (value === undefined) return []
  const type = inferType(value, schema)
  // A value that is never null need not be known to be counted, unless knowing it can end the job.
  if (fn === 'count') return type.isNullable || canFail(value, schema) ? [value] : []
  if (fn === 'countIf') return [type.isNullable ? call2('and', value, TRUE) : value]
  if (fn === 'argMin' || fn === 'argMax') return [prepared(fn, value, type), preparedBy(value, type, by!, schema)]
  return values.map(each => prepared(fn, each, inferType(each, schema)))
}

function prepared(fn: AggregateName, value: ExpressionNode, { name }: DataType): ExpressionNode {
  if (name === 'f64' || name === 'timestamp' || KEEPS_ALL.has(fn)) return value
  if (KEEPS_BYTES.has(fn) && name !== 'bool') return value
  if (TAKES_TEXT.has(fn) && name === 'utf8') return value
  if (fn === 'distinctCount' && (name === 'i32' || name === 'u32')) return value
  return name === 'i64' && KEEPS_I64.has(fn) ? value : { kind: 'call', fn: 'toF64', args: [value] }
}

/** What the value is chosen by: null where there is no value to choose. */
function preparedBy(value: ExpressionNode, type: DataType, by: ExpressionNode, schema: Schema): ExpressionNode {
  const { name } = inferType(by, schema)
  const order: ExpressionNode = name === 'i64' || name === 'timestamp' ? by : { kind: 'call', fn: 'toF64', args: [by] }
  if (!type.isNullable) return order
  const none = { kind: 'literal', type: name === 'i64' || name === 'timestamp' ? name : 'f64', value: null } as const
  return { kind: 'call', fn: 'if', args: [{ kind: 'call', fn: 'isNull', args: [value] }, none, order] }
}

const TRUE = { kind: 'literal', type: 'bool', value: true } as const
const call2 = (fn: 'and', a: ExpressionNode, b: ExpressionNode): ExpressionNode => ({ kind: 'call', fn, args: [a, b] })

function computedType(
  fn: AggregateName,
  input: DataType | undefined,
  definition: CheckedDefinition | undefined,
): TypeName {
  if (GIVES_VALUE.has(fn)) return input!.name
  if (fn === 'sum') return input?.name === 'i64' ? 'i64' : 'f64'
  if (fn === 'user') return definition?.returns?.name ?? 'object'
  return KEEPS_ALL.has(fn) ? 'object' : 'f64'
}
