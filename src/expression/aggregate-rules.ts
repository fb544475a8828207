import { expressionInvalid } from '../errors.ts'
import { type DataType, typeOf } from '../schema/data-type.ts'
import { groupOf, type TypeGroup } from './function-rules.ts'
import type { AggregateName } from './node.ts'

interface AggregateRule {
  readonly least: 0 | 1
  readonly most: 1
  /** What the argument may be; every type when absent. */
  readonly groups?: readonly TypeGroup[]
  readonly infer: (argument: DataType) => DataType
}

const count: AggregateRule['infer'] = () => typeOf('f64', false)
const same: AggregateRule['infer'] = argument => typeOf(argument.name, argument.isNullable)
const float: AggregateRule['infer'] = argument => typeOf('f64', argument.isNullable)
/** The sample forms have no value for a single row. */
const sample: AggregateRule['infer'] = () => typeOf('f64', true)
const NUMERIC: readonly TypeGroup[] = ['number', 'i64']
const ORDERED: readonly TypeGroup[] = ['number', 'i64', 'timestamp']

const RULES: Readonly<Record<AggregateName, AggregateRule>> = {
  count: { least: 0, most: 1, infer: count },
  countIf: { least: 1, most: 1, groups: ['bool'], infer: count },
  sum: {
    least: 1,
    most: 1,
    groups: NUMERIC,
    infer: argument => (argument.name === 'i64' ? same(argument) : float(argument)),
  },
  avg: { least: 1, most: 1, groups: NUMERIC, infer: float },
  min: { least: 1, most: 1, groups: ORDERED, infer: same },
  max: { least: 1, most: 1, groups: ORDERED, infer: same },
  first: { least: 1, most: 1, infer: same },
  last: { least: 1, most: 1, infer: same },
  variance: { least: 1, most: 1, groups: NUMERIC, infer: float },
  varianceSample: { least: 1, most: 1, groups: NUMERIC, infer: sample },
  stdDev: { least: 1, most: 1, groups: NUMERIC, infer: float },
  stdDevSample: { least: 1, most: 1, groups: NUMERIC, infer: sample },
}

/** Whether `name` is an aggregate function. */
export const isAggregateName = (name: unknown): name is AggregateName =>
  typeof name === 'string' && Object.hasOwn(RULES, name)

/**
 * The type an aggregate has over a group. A group has at least one row, so over an argument that is never null only the
 * sample forms can be null.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` when the aggregate doesn't take the argument.
 */
export function inferAggregate(fn: AggregateName, types: readonly DataType[]): DataType {
  const { least, most, groups, infer } = RULES[fn]
  if (types.length < least || types.length > most)
    throw expressionInvalid(`${fn} takes one argument, not ${types.length}`, { value: fn })
  const argument = types[0] ?? typeOf('bool', false)
  if (groups !== undefined && !groups.includes(groupOf(argument)))
    throw expressionInvalid(`${fn} does not take ${argument.name} values`, { value: argument.name })
  return infer(argument)
}
