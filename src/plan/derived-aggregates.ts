import type { FunctionDefinition } from '../expression/function-definition.ts'
import type {
  AggregateNode,
  ColumnNode,
  ExpressionNode,
  FunctionName,
  LiteralNode,
  ResultNode,
} from '../expression/node.ts'
import { WINDOW_END, WINDOW_START } from './plan-scope.ts'

/** A result in which columns of the window may stand beside aggregates. */
export type DerivedNode = ResultNode | ColumnNode | DerivedCallNode

interface DerivedCallNode {
  readonly kind: 'call'
  readonly fn: FunctionName
  readonly args: readonly DerivedNode[]
  readonly definition?: FunctionDefinition
}

/** What an aggregate is computed from, when that is other aggregates; undefined when it is computed itself. */
export function derivedAggregate({ fn, args }: AggregateNode, isNullable: boolean): DerivedNode | undefined {
  switch (fn) {
    case 'rate': {
      const total: DerivedNode = args.length === 0 ? aggregate('count', []) : call('toF64', aggregate('sum', args))
      const length = call('sub', column(WINDOW_END), column(WINDOW_START))
      const perSecond = call('div', call('mul', total, number(1000)), length)
      // No window is empty, so only the sum can be null.
      return isNullable ? perSecond : call('coalesce', perSecond, number(0))
    }
    case 'boolAnd': {
      const values = isNullable ? aggregate('count', args) : aggregate('count', [])
      return orNull(call('eq', aggregate('countIf', args), values), args, isNullable)
    }
    case 'boolOr':
      return orNull(call('gt', aggregate('countIf', args), number(0)), args, isNullable)
    default:
      return undefined
  }
}

/** null in a group without a value. */
function orNull(truth: DerivedNode, args: readonly ExpressionNode[], isNullable: boolean): DerivedNode {
  if (!isNullable) return truth
  return call('if', call('gt', aggregate('count', args), number(0)), truth, {
    kind: 'literal',
    type: 'bool',
    value: null,
  })
}

const call = (fn: FunctionName, ...args: readonly DerivedNode[]): DerivedCallNode => ({ kind: 'call', fn, args })
const aggregate = (fn: AggregateNode['fn'], args: readonly ExpressionNode[]): AggregateNode => ({
  kind: 'aggregate',
  fn,
  args,
})
const number = (value: number): LiteralNode => ({ kind: 'literal', type: 'f64', value })
const column = (name: string): ColumnNode => ({ kind: 'column', name })
