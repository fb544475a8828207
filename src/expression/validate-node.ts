import { expressionInvalid, show } from '../errors.ts'
import { isTypeName } from '../schema/schema.ts'
import { isAggregateName } from './aggregate-rules.ts'
import { checkFunction, type FunctionDefinition } from './function-definition.ts'
import { isFunctionName } from './function-rules.ts'
import { validateLiteral } from './literal.ts'
import type { ExpressionNode, ResultNode } from './node.ts'

/** Deepest nesting of an expression. */
export const MAX_DEPTH = 256
/** Most nodes of one expression. */
export const MAX_NODES = 10_000

type AnyNode = ExpressionNode | ResultNode

/** Where a node stands: in an expression over rows, in a result of a window, or in an aggregate's argument. */
type Place = 'row' | 'group'

interface Validation {
  /** How many there are so far. */
  nodes: number
  readonly allowModules: boolean
}

/**
 * Brings foreign data into an expression: a fresh, frozen node with nothing in it but what nodes have. Types are not
 * checked here, see `inferType`.
 *
 * @param allowModules Whether it may call what modules export.
 * @throws EventfluxError `EXPRESSION_INVALID`: no node, an unknown function, a value its type can't hold, deeper than
 * 256 or larger than 10,000 nodes.
 */
export function validateNode(given: unknown, allowModules = false): ExpressionNode {
  return validate(given, 'row', 1, { nodes: 0, allowModules }) as ExpressionNode
}

/** The same for a result of a window. */
export function validateResultNode(given: unknown, allowModules = false): ResultNode {
  return validate(given, 'group', 1, { nodes: 0, allowModules }) as ResultNode
}

function validate(given: unknown, place: Place, depth: number, validation: Validation): AnyNode {
  if (++validation.nodes > MAX_NODES) throw tooLarge()
  if (depth > MAX_DEPTH) throw tooDeep()
  if (typeof given !== 'object' || given === null)
    throw expressionInvalid(`An expression is an object with a kind, not ${show(given)}`, { value: given })
  const node = given as Record<string, unknown>
  switch (node.kind) {
    case 'column':
      if (place === 'group') throw bareColumn(node.name)
      if (typeof node.name !== 'string') break
      return Object.freeze({ kind: 'column', name: node.name })
    case 'literal':
      if (!isTypeName(node.type)) break
      return validateLiteral(node.type, node.value)
    case 'call': {
      if (!isFunctionName(node.fn)) throw expressionInvalid(`There is no function ${show(node.fn)}`, { value: node.fn })
      const args = validateArgs(node.args, place, depth, validation)
      if (node.fn !== 'user') return Object.freeze({ kind: 'call', fn: node.fn, args }) as AnyNode
      return Object.freeze({
        kind: 'call',
        fn: 'user',
        args,
        definition: validateFunction(node.definition, validation),
      }) as AnyNode
    }
    case 'aggregate': {
      if (place === 'row') throw expressionInvalid('An aggregate stands in aggregate(…) only, and never in another one')
      if (!isAggregateName(node.fn))
        throw expressionInvalid(`There is no aggregate ${show(node.fn)}`, { value: node.fn })
      if (node.fn === 'user')
        throw expressionInvalid('An aggregate of your own holds functions: it has no form as data')
      const args = validateArgs(node.args, 'row', depth, validation)
      return Object.freeze({ kind: 'aggregate', fn: node.fn, args }) as AnyNode
    }
  }
  throw expressionInvalid(`${show(node.kind)} with these properties is no expression`, { value: given })
}

function validateArgs(given: unknown, place: Place, depth: number, validation: Validation): readonly AnyNode[] {
  if (!Array.isArray(given))
    throw expressionInvalid(`The arguments of a call are an array, not ${show(given)}`, { value: given })
  if (given.length > MAX_NODES) throw tooLarge()
  return Object.freeze(Array.from(given, arg => validate(arg, place, depth + 1, validation)))
}

/** A function that a module exports: no other has a form as data. */
function validateFunction(given: unknown, { allowModules }: Validation): FunctionDefinition {
  const definition = checkFunction(given)
  if (typeof definition.call === 'function')
    throw expressionInvalid(
      `The function ${show(definition.name)} has no form as data: give it as { module, export }`,
      {
        at: definition.name,
      },
    )
  if (allowModules === true) return definition
  throw expressionInvalid(
    `The function ${show(definition.name)} is code to load, which nothing here may name; plans may, with { allowModules: true }`,
    { at: definition.name },
  )
}

/** The error of an expression with too many nodes. */
export const tooLarge = () => expressionInvalid(`An expression has at most ${MAX_NODES} nodes`)
/** The error of an expression nested too deep. */
export const tooDeep = () => expressionInvalid(`An expression is at most ${MAX_DEPTH} deep`)
/** The error of a row's column among results. */
export const bareColumn = (name: unknown) =>
  expressionInvalid(
    `A result is made of aggregates: put the column ${show(name)} into one, such as first(…), or into keyBy`,
    { value: name },
  )
