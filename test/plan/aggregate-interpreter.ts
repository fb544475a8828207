import type { AggregateDefinition } from '../../src/expression/aggregate-definition.ts'
import type { AggregateNode, ExpressionNode } from '../../src/expression/node.ts'
import { checked, evaluate, extreme, type Row, type Value } from './scalar-interpreter.ts'

type Present = Exclude<Value, null>

/** What a result may depend on besides the rows: how long their window is. */
export interface WindowBounds {
  readonly start: number
  readonly end: number
}

const HOW_MANY_PARAMETERS: Readonly<Partial<Record<AggregateNode['fn'], number>>> = {
  percentile: 1,
  percentileSketch: 2,
  ema: 1,
  emaAlpha: 1,
  topK: 1,
  bottomK: 1,
  collect: 1,
  collectSet: 1,
}

/** The rows an aggregate has seen in one group, in order of arrival, without those in which a value is null. */
export class Collected {
  readonly node: AggregateNode
  readonly rows: (readonly Present[])[] = []
  readonly #times: number[] = []
  readonly #timeOf: (row: Row) => number
  readonly #valueArguments: readonly ExpressionNode[]
  readonly #parameters: readonly number[]
  #integerSum = 0n

  constructor(node: AggregateNode, timeOf = (row: Row) => row.time as number) {
    this.node = node
    this.#timeOf = timeOf
    const parameters = HOW_MANY_PARAMETERS[node.fn] ?? 0
    this.#valueArguments = node.args.slice(0, node.args.length - parameters)
    this.#parameters = node.args.slice(node.args.length - parameters).map(arg => (arg as { value: number }).value)
  }

  add(row: Row): void {
    const values: Present[] = []
    for (const argument of this.#valueArguments) {
      const value = evaluate(argument, row)
      // What stands behind a missing value isn't looked at.
      if (value === null) return
      values.push(value)
    }
    this.rows.push(values)
    this.#times.push(this.#timeOf(row))
    const { fn } = this.node
    if ((fn === 'sum' || fn === 'rate') && typeof values[0] === 'bigint')
      this.#integerSum = checked(this.#integerSum + values[0])
  }

  /** Objects that come out of aggregates stand among the values too: nothing is computed with them. */
  result({ start, end }: WindowBounds = { start: 0, end: 1000 }): Value {
    const { rows, node } = this
    const values = rows.map(([value]) => value!)
    const numbers = () => values.map(Number)
    const parameter = this.#parameters[0]!
    switch (node.fn) {
      case 'count':
        return rows.length
      case 'countIf':
        return values.filter(value => value === true).length
      case 'distinctCount':
      case 'approxDistinct':
        return new Set(values).size
      case 'topK':
      case 'bottomK':
        return ordered(values, node.fn === 'topK' ? -1 : 1).slice(0, parameter) as unknown as Value
      case 'collect':
        return values.slice(0, parameter) as unknown as Value
      case 'collectSet':
        return [...new Set(values)].slice(0, parameter) as unknown as Value
      case 'user': {
        const { create, add, result } = node.definition as AggregateDefinition<unknown, readonly unknown[], Value>
        return result(rows.reduce((kept, row) => add(kept, ...row), create()))
      }
      case 'rate':
        if (node.args.length === 0) return (rows.length * 1000) / (end - start)
    }
    if (values.length === 0) return null
    switch (node.fn) {
      case 'rate':
        return (
          ((typeof values[0] === 'bigint' ? Number(this.#integerSum) : compensatedSum(numbers())) * 1000) /
          (end - start)
        )
      case 'sum':
        return typeof values[0] === 'bigint' ? this.#integerSum : compensatedSum(numbers())
      case 'avg':
        return compensatedSum(numbers()) / values.length
      case 'min':
      case 'max': {
        const sign = node.fn === 'min' ? 1 : -1
        if (typeof values[0] === 'bigint')
          return (values as bigint[]).reduce((so, value) => ((sign === 1 ? value < so : value > so) ? value : so))
        return numbers().reduce((so, value) => extreme(sign, so, value), Number.NaN)
      }
      case 'argMin':
      case 'argMax': {
        const best = ordered(
          rows.map(([, by]) => by!),
          node.fn === 'argMax' ? -1 : 1,
        )[0]
        return (rows.find(([, by]) => by === best) ?? rows[0]!)[0]!
      }
      case 'boolAnd':
        return !values.includes(false)
      case 'boolOr':
        return values.includes(true)
      case 'percentile':
      case 'percentileSketch':
        return percentile(numbers(), parameter)
      case 'ema': {
        const last = Math.max(...this.#times)
        const weights = this.#times.map(time => 2 ** -((last - time) / parameter))
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        return weights.reduce((sum, weight, i) => sum + weight * Number(values[i]), 0) / total
      }
      case 'emaAlpha':
        return numbers().reduce((mean, value) => mean * (1 - parameter) + value * parameter)
      case 'first':
        return values[0]!
      case 'last':
        return values.at(-1)!
      case 'variance':
        return variance(numbers(), 0)
      case 'varianceSample':
        return variance(numbers(), 1)
      case 'stdDev':
        return variance(numbers(), 0, Math.sqrt)
      case 'stdDevSample':
        return variance(numbers(), 1, Math.sqrt)
      default:
        throw new Error(`the interpreter has no ${node.fn}`)
    }
  }
}

/** The values from the least (sign 1) or the greatest (sign -1) on, NaN left out; equal ones stay in their order. */
function ordered(values: readonly Present[], sign: 1 | -1): Present[] {
  const comparable = values.filter(value => !Number.isNaN(value))
  return comparable.sort((a, b) => (a < b ? -sign : a > b ? sign : 0))
}

/** The value at rank p × (count - 1), in proportion between two; NaN is left out, and -0 comes before 0. */
function percentile(values: readonly number[], p: number): number {
  const all = values
    .filter(value => !Number.isNaN(value))
    .sort((a, b) => a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0)))
  if (all.length === 0) return Number.NaN
  const rank = p * (all.length - 1)
  const share = rank % 1
  const low = all[Math.floor(rank)]!
  const high = all[Math.ceil(rank)]!
  return share === 0 || low === high ? low : low * (1 - share) + high * share
}

/** The sum and, beside it, the sum of the exact rounding errors (Neumaier). */
function compensatedSum(values: readonly number[]): number {
  let sum = 0
  let carry = 0
  for (const value of values) {
    const next = sum + value
    carry += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return Number.isFinite(sum) ? sum + carry : sum
}

/** In two passes; null when there are too few values. Equal to a one-pass method within rounding only. */
function variance(values: readonly number[], ddof: 0 | 1, of: (variance: number) => number = v => v): number | null {
  if (values.length <= ddof) return null
  const mean = compensatedSum(values) / values.length
  return of(compensatedSum(values.map(value => (value - mean) ** 2)) / (values.length - ddof))
}
