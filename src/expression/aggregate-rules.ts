import { expressionInvalid, planInvalid, show } from '../errors.ts'
import { type DataType, typeOf } from '../schema/data-type.ts'
import { type CheckedDefinition, returnType } from './aggregate-definition.ts'
import { groupOf, type TypeGroup } from './function-rules.ts'
import { literalValue } from './literal.ts'
import type { AggregateName, AggregateNode, ExpressionNode, ResultNode } from './node.ts'

interface AggregateRule {
  /** What each value may be. */
  readonly values: readonly (readonly TypeGroup[])[]
  /** How many of the values may be left out, from the last. */
  readonly optional?: number
  /** Numbers given with the call, behind the values. */
  readonly parameters?: readonly Parameter[]
  readonly infer: (values: readonly DataType[], call: AggregateCallNode) => DataType
}

/** A number that is part of the aggregate: it is given as a literal. */
interface Parameter {
  readonly says: string
  readonly allows: (value: number) => boolean
}

type AggregateCallNode = Pick<AggregateNode, 'fn' | 'args' | 'definition'>

/** Most values an array an aggregate makes may have. */
const MAX_COLLECTED = 1_000_000
/** Most values an aggregate of one's own may take. */
const MAX_VALUES = 16

const NUMERIC: readonly TypeGroup[] = ['number', 'i64']
const ORDERED: readonly TypeGroup[] = ['number', 'i64', 'timestamp']
const ANY: readonly TypeGroup[] = ['number', 'i64', 'bool', 'timestamp', 'utf8']
const BOOL: readonly TypeGroup[] = ['bool']

const count: AggregateRule['infer'] = () => typeOf('f64', false)
const same: AggregateRule['infer'] = values => typeOf(values[0]!.name, anyNull(values))
const float: AggregateRule['infer'] = values => typeOf('f64', anyNull(values))
const truth: AggregateRule['infer'] = values => typeOf('bool', anyNull(values))
const object: AggregateRule['infer'] = () => typeOf('object', false)
/** The sample forms have no value for a single row. */
const sample: AggregateRule['infer'] = () => typeOf('f64', true)
const anyNull = (types: readonly DataType[]) => types.some(type => type.isNullable)

const SHARE: Parameter = { says: 'from 0 to 1', allows: value => value >= 0 && value <= 1 }
const ERROR: Parameter = { says: 'from 0.000001 to 0.5', allows: value => value >= 1e-6 && value <= 0.5 }
const HALF_LIFE: Parameter = { says: 'in milliseconds, more than 0', allows: value => value > 0 && value < 2 ** 53 }
const ALPHA: Parameter = { says: 'more than 0 and at most 1', allows: value => value > 0 && value <= 1 }
const AMOUNT: Parameter = {
  says: `a whole number from 1 to ${MAX_COLLECTED}`,
  allows: value => Number.isInteger(value) && value >= 1 && value <= MAX_COLLECTED,
}

/** Without a call that has effects, so that it leaves the bundles of those who use no aggregates. */
const RULES: Readonly<Record<AggregateName, AggregateRule>> = {
  count: { values: [ANY], optional: 1, infer: count },
  countIf: { values: [BOOL], infer: count },
  sum: { values: [NUMERIC], infer: values => typeOf(values[0]!.name === 'i64' ? 'i64' : 'f64', anyNull(values)) },
  avg: { values: [NUMERIC], infer: float },
  min: { values: [ORDERED], infer: same },
  max: { values: [ORDERED], infer: same },
  first: { values: [ANY], infer: same },
  last: { values: [ANY], infer: same },
  variance: { values: [NUMERIC], infer: float },
  varianceSample: { values: [NUMERIC], infer: sample },
  stdDev: { values: [NUMERIC], infer: float },
  stdDevSample: { values: [NUMERIC], infer: sample },
  distinctCount: { values: [ANY], infer: count },
  approxDistinct: { values: [ANY], infer: count },
  argMin: { values: [ANY, ORDERED], infer: same },
  argMax: { values: [ANY, ORDERED], infer: same },
  boolAnd: { values: [BOOL], infer: truth },
  boolOr: { values: [BOOL], infer: truth },
  rate: { values: [NUMERIC], optional: 1, infer: float },
  percentile: { values: [NUMERIC], infer: float, parameters: [SHARE] },
  percentileSketch: { values: [NUMERIC], infer: float, parameters: [SHARE, ERROR] },
  ema: { values: [NUMERIC], infer: float, parameters: [HALF_LIFE] },
  emaAlpha: { values: [NUMERIC], infer: float, parameters: [ALPHA] },
  minForever: { values: [ORDERED], infer: same },
  maxForever: { values: [ORDERED], infer: same },
  topK: { values: [ORDERED], infer: object, parameters: [AMOUNT] },
  bottomK: { values: [ORDERED], infer: object, parameters: [AMOUNT] },
  collect: { values: [ANY], infer: object, parameters: [AMOUNT] },
  collectSet: { values: [ANY], infer: object, parameters: [AMOUNT] },
  user: {
    values: /* @__PURE__ */ Array.from({ length: MAX_VALUES }, () => ANY),
    optional: MAX_VALUES,
    infer: (_, { definition }) => returnType(definition),
  },
}

/** Whether `name` is an aggregate function. */
export const isAggregateName = (name: unknown): name is AggregateName =>
  typeof name === 'string' && Object.hasOwn(RULES, name)

/**
 * The type an aggregate has over a group. A group has at least one row, so over arguments that are never null only the
 * sample forms can be null.
 *
 * @param types The types of all arguments, those of the parameters too.
 * @throws EventfluxError `EXPRESSION_INVALID` when the aggregate doesn't take the arguments.
 */
export function inferAggregate(call: AggregateCallNode, types: readonly DataType[]): DataType {
  const { fn, args } = call
  const { values, optional = 0, parameters = [], infer } = RULES[fn]
  const given = args.length - parameters.length
  if (given > values.length || given < values.length - optional) {
    const most = values.length + parameters.length
    const wanted = most === 1 ? 'one argument' : `${optional > 0 ? 'at most ' : ''}${most} arguments`
    throw expressionInvalid(`${fn} takes ${wanted}, not ${args.length}`, { value: fn })
  }
  for (let i = 0; i < given; i++)
    if (!values[i]!.includes(groupOf(types[i]!)))
      throw expressionInvalid(`${fn} does not take ${types[i]!.name} values`, { value: types[i]!.name })
  for (const [i, parameter] of parameters.entries()) {
    const value = numberOf(args[given + i]!)
    if (value === undefined || !parameter.allows(value))
      throw expressionInvalid(`${fn} takes a number ${parameter.says}, not ${show(value)}`, { value, at: fn })
  }
  return infer(types.slice(0, given), call)
}

/**
 * Checks that every aggregate of a result can be put together from parts, as windows that overlap or merge do.
 *
 * @throws EventfluxError `PLAN_INVALID`.
 */
export function checkMerging(result: ResultNode): void {
  if (result.kind === 'call') for (const arg of result.args) checkMerging(arg)
  if (result.kind !== 'aggregate') return
  if (result.fn === 'emaAlpha')
    throw planInvalid(
      'ema by alpha goes by order of arrival, which windows that overlap or merge do not keep: use halfLife',
    )
  const definition = result.definition as CheckedDefinition | undefined
  if (definition !== undefined && definition.merge === undefined)
    throw planInvalid(`The aggregate ${show(definition.name)} needs merge here: these windows overlap or merge`, {
      at: definition.name,
    })
}

/** The arguments that are values of each row, without the parameters. */
export function valueArguments({ fn, args }: AggregateCallNode): readonly ExpressionNode[] {
  return args.slice(0, args.length - (RULES[fn].parameters?.length ?? 0))
}

/** The numbers given with the call. */
export function parametersOf(call: AggregateCallNode): readonly number[] {
  return call.args.slice(valueArguments(call).length).map(arg => numberOf(arg)!)
}

function numberOf(node: ExpressionNode): number | undefined {
  const value = node.kind === 'literal' ? literalValue(node) : undefined
  return typeof value === 'number' ? value : undefined
}
