import { formatDuration } from '../time/duration.ts'
import { definitionName } from './aggregate-definition.ts'
import { literalValue } from './literal.ts'
import type { ExpressionNode, FunctionName, ResultNode } from './node.ts'

/** Functions written between their operands, and how tightly they bind. */
const INFIX: Partial<Readonly<Record<FunctionName, readonly [sign: string, rank: number]>>> = {
  or: ['or', 1],
  and: ['and', 2],
  eq: ['=', 3],
  ne: ['!=', 3],
  lt: ['<', 3],
  le: ['<=', 3],
  gt: ['>', 3],
  ge: ['>=', 3],
  add: ['+', 4],
  sub: ['-', 4],
  mul: ['*', 5],
  div: ['/', 5],
  mod: ['%', 5],
}

/** Longest list of arguments that is written out. */
const SHOWN = 8

/** An expression as one line of text, for `explain()` and messages: `price * size > 100 and symbol = "A"`. */
export function formatExpression(node: ExpressionNode | ResultNode): string {
  return format(node, 0)
}

function format(node: ExpressionNode | ResultNode, outer: number): string {
  switch (node.kind) {
    case 'column':
      return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(node.name) ? node.name : `[${JSON.stringify(node.name)}]`
    case 'literal': {
      const value = literalValue(node)
      if (typeof value === 'bigint') return `${value}n`
      if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
      return Object.is(value, -0) ? '-0' : String(value)
    }
    case 'aggregate':
      return `${node.fn === 'user' ? definitionName(node.definition) : node.fn}(${list(node.args)})`
    case 'call':
      return node.fn === 'user' ? `${node.definition!.name}(${list(node.args)})` : formatCall(node.fn, node.args, outer)
  }
}

function formatCall(fn: FunctionName, args: readonly (ExpressionNode | ResultNode)[], outer: number): string {
  const infix = INFIX[fn]
  if (infix !== undefined && args.length > 1) {
    const [sign, rank] = infix
    const text = args.map((arg, i) => format(arg, i === 0 ? rank : rank + 1)).join(` ${sign} `)
    return rank < outer ? `(${text})` : text
  }
  if (fn === 'in') return `${format(args[0]!, 4)} in (${list(args.slice(1))})`
  if (fn === 'between') return `between(${list(args)})`
  if (fn === 'floorTo') {
    const [size, offset] = args.slice(1).map(arg => (arg.kind === 'literal' ? Number(arg.value) : Number.NaN))
    return `floorTo(${format(args[0]!, 0)}, ${formatDuration(size!)}${offset === 0 ? '' : `, ${formatDuration(offset!)}`})`
  }
  return `${fn}(${list(args)})`
}

function list(args: readonly (ExpressionNode | ResultNode)[]): string {
  const shown = args.slice(0, SHOWN).map(arg => format(arg, 0))
  return args.length > SHOWN ? `${shown.join(', ')}, … ${args.length - SHOWN} more` : shown.join(', ')
}
