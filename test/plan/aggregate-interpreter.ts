import type { AggregateNode, ExpressionNode } from '../../src/expression/node.ts'
import { checked, evaluate, extreme, type Row, type Value } from './scalar-interpreter.ts'

/** The values an aggregate has seen in one group, in order of arrival; nulls are left out. */
export class Collected {
  readonly node: AggregateNode
  readonly values: Exclude<Value, null>[] = []
  #integerSum = 0n

  constructor(node: AggregateNode) {
    this.node = node
  }

  add(row: Row): void {
    const argument: ExpressionNode | undefined = this.node.args[0]
    const value = argument === undefined ? true : evaluate(argument, row)
    if (value === null) return
    this.values.push(value)
    if (this.node.fn === 'sum' && typeof value === 'bigint') this.#integerSum = checked(this.#integerSum + value)
  }

  result(): Value {
    const { values, node } = this
    const numbers = () => values.map(Number)
    switch (node.fn) {
      case 'count':
        return values.length
      case 'countIf':
        return values.filter(value => value === true).length
    }
    if (values.length === 0) return null
    switch (node.fn) {
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
      default:
        return variance(numbers(), 1, Math.sqrt)
    }
  }
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
