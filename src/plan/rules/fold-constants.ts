import { canFail } from '../../expression/can-fail.ts'
import { literalNode, literalValue } from '../../expression/literal.ts'
import type { ExpressionNode, LiteralNode } from '../../expression/node.ts'
import type { Schema } from '../../schema/schema.ts'
import type { LogicalNode } from '../logical-node.ts'
import { type PlanScope, scopesOf } from '../plan-scope.ts'

/**
 * Computes what is known before any row is seen: f64 arithmetic of literals, and conditions that literals decide. A
 * filter that lets everything through disappears.
 */
export function foldConstants(nodes: readonly LogicalNode[], scope: PlanScope): readonly LogicalNode[] {
  const scopes = scopesOf(nodes, scope)
  return nodes
    .map((node, i): LogicalNode => {
      const { schema } = scopes[i]!
      if (node.op === 'filter') return Object.freeze({ ...node, predicate: fold(node.predicate, schema) })
      if (node.op !== 'project') return node
      const columns = node.columns.map(({ name, expression }) =>
        Object.freeze({ name, expression: fold(expression, schema) }),
      )
      return Object.freeze({ ...node, columns: Object.freeze(columns) })
    })
    .filter(node => node.op !== 'filter' || node.predicate.kind !== 'literal' || node.predicate.value !== true)
}

function fold(node: ExpressionNode, schema: Schema): ExpressionNode {
  if (node.kind !== 'call') return node
  const args = node.args.map(arg => fold(arg, schema))
  switch (node.fn) {
    case 'add':
    case 'sub':
    case 'mul': {
      const [a, b] = args as [ExpressionNode, ExpressionNode]
      if (isNumber(a) && isNumber(b)) return literalNode(compute(node.fn, numberOf(a), numberOf(b)), 'f64')
      break
    }
    case 'neg':
      if (isNumber(args[0]!)) return literalNode(-numberOf(args[0]), 'f64')
      break
    case 'and':
    case 'or':
      return connective(node.fn, args, schema)
    case 'not': {
      const [a] = args as [ExpressionNode]
      if (a.kind === 'literal' && a.value !== null) return literalNode(a.value === false, 'bool')
    }
  }
  return Object.freeze({ ...node, args: Object.freeze(args) })
}

const isNumber = (node: ExpressionNode): node is LiteralNode =>
  node.kind === 'literal' && node.value !== null && ['f64', 'f32', 'i32', 'u32'].includes(node.type)

const numberOf = (node: LiteralNode) => Number(literalValue(node))

function compute(fn: 'add' | 'sub' | 'mul', a: number, b: number): number {
  if (fn === 'add') return a + b
  return fn === 'sub' ? a - b : a * b
}

/** Drops the literals that decide nothing; one that decides everything replaces the call. */
function connective(fn: 'and' | 'or', args: readonly ExpressionNode[], schema: Schema): ExpressionNode {
  const decides = fn === 'or'
  const open = args.filter(arg => arg.kind !== 'literal' || (arg.value ?? false) === decides)
  const decisive = open.findIndex(arg => arg.kind === 'literal')
  // What stands before the decisive literal is computed first and may fail; what stands behind it is never looked at.
  const kept = decisive < 0 ? open : open.slice(0, decisive + 1)
  if (kept.length === 0) return literalNode(!decides, 'bool')
  if (decisive >= 0 && !kept.some(arg => canFail(arg, schema))) return literalNode(decides, 'bool')
  return Object.freeze({ kind: 'call', fn, args: Object.freeze(kept) })
}
