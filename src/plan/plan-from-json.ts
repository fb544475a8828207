import { planInvalid, show } from '../errors.ts'
import { MAX_SORT_TERMS, type SortTerm } from '../expression/ordering.ts'
import { validateNode, validateResultNode } from '../expression/validate-node.ts'
import { isTypeName, MAX_FIELDS } from '../schema/schema.ts'
import { checkWindow, type WindowSpec } from '../time/windows.ts'
import { type LinkOptions, type LinkSpec, linkSpec } from './link-options.ts'
import type { FieldSpec, LogicalNode, LogicalPlan } from './logical-node.ts'
import {
  eventTimeNode,
  filterNode,
  identified,
  MAX_PLAN_NODES,
  makePlan,
  processingTimeNode,
  projectNode,
  rowsNode,
  rowWindowNode,
  teeNode,
  windowAggregateNode,
} from './make-node.ts'
import { outputNode } from './output-rate.ts'
import { fieldSpecs, type PlanScope, schemaOf, scopeAfter, stagedScope } from './plan-scope.ts'
import { topRowsNode, type WindowOrderParts, windowOrderNode } from './window-order.ts'

/** Deepest nesting of branches. */
const MAX_BRANCH_DEPTH = 16
/** Longest text of a plan, in UTF-16 code units: JSON.parse takes seconds over what a hostile text may hold. */
const MAX_TEXT_LENGTH = 2 ** 22

export interface PlanFromJSONOptions {
  /**
   * Whether the plan may name functions of modules, which whoever runs it then loads. `false` by default: only say
   * `true` for plans from a place you would run code from.
   */
  readonly allowModules?: boolean
}

/**
 * Rebuilds a plan from data of any origin: every node, name, type and expression is checked, and nothing of the given
 * objects is kept. Properties that nodes don't have are ignored.
 *
 * @param json A plan as `toJSON()` gives it, or its text of at most 4 Mi characters.
 * @throws EventfluxError `PLAN_INVALID`, or the code of the part that is wrong (`EXPRESSION_INVALID`, …).
 */
export function planFromJSON(json: unknown, options: PlanFromJSONOptions = {}): LogicalPlan {
  const plan = objectOf(typeof json === 'string' ? parse(json) : json, 'A plan')
  if (plan.version !== 1) throw planInvalid(`A plan has version 1, not ${show(plan.version)}`, { value: plan.version })
  const schema = schemaOf(fieldsOf(plan.source))
  const nodes = nodesOf(plan.nodes, { schema, eventTime: undefined }, options, 0)
  if (plan.stages === undefined) return makePlan(fieldSpecs(schema), nodes)
  const stages = listOf(plan.stages, 'The stages of a plan', MAX_PLAN_NODES) as number[]
  const links = plan.links === undefined ? [] : listOf(plan.links, 'The links of a plan', stages.length).map(linkOf)
  const whole = makePlan(fieldSpecs(schema), nodes, stages, links)
  let scope: PlanScope = { schema, eventTime: undefined }
  for (let at = 0; at <= nodes.length; at++) {
    if (stages.includes(at)) scope = stagedScope(scope)
    if (at < nodes.length) scope = scopeAfter(scope, nodes[at]!)
  }
  return whole
}

function linkOf(given: unknown): LinkSpec {
  const { at, bufferSize, backpressure = 'block' } = objectOf(given, 'A link')
  return linkSpec(at as number, { bufferSize, backpressure } as LinkOptions)!
}

function parse(text: string): unknown {
  if (text.length > MAX_TEXT_LENGTH)
    throw planInvalid(`The text of a plan has at most ${MAX_TEXT_LENGTH} characters, not ${text.length}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw planInvalid('The text of the plan is no JSON', { cause })
  }
}

function nodesOf(given: unknown, from: PlanScope, options: PlanFromJSONOptions, depth: number): LogicalNode[] {
  if (depth > MAX_BRANCH_DEPTH) throw planInvalid(`Branches are at most ${MAX_BRANCH_DEPTH} deep`)
  let scope = from
  return listOf(given, 'The steps of a plan', MAX_PLAN_NODES).map(step => {
    const given = objectOf(step, 'A step')
    const unnamed = nodeOf(given, scope, options, depth)
    const node = given.id === undefined ? unnamed : identified(unnamed, given.id)
    scope = scopeAfter(scope, node)
    return node
  })
}

function nodeOf(
  given: Record<string, unknown>,
  scope: PlanScope,
  options: PlanFromJSONOptions,
  depth: number,
): LogicalNode {
  const { allowModules } = options
  switch (given.op) {
    case 'eventTime':
      return eventTimeNode({
        column: textOf(given.column, 'The event time'),
        watermarks: given.watermarks,
        allowedLatenessMs: given.allowedLatenessMs,
        idlenessMs: given.idlenessMs,
        maxFutureSkewMs: given.maxFutureSkewMs,
      })
    case 'processingTime':
      return processingTimeNode(given.column)
    case 'filter':
      return filterNode(validateNode(given.predicate, allowModules))
    case 'project':
      return projectNode(
        scope,
        listOf(given.columns, 'The columns of project', MAX_FIELDS).map(each => {
          const column = objectOf(each, 'A column')
          return { name: textOf(column.name, 'A column'), expression: validateNode(column.expression, allowModules) }
        }),
      )
    case 'windowAggregate':
      return windowAggregateNode(
        listOf(given.keys, 'The keys', MAX_FIELDS).map(key => textOf(key, 'A key')),
        withoutFunctions(given.window),
        listOf(given.results, 'The results', MAX_FIELDS).map(each => {
          const result = objectOf(each, 'A result')
          return { name: textOf(result.name, 'A result'), result: validateResultNode(result.result, allowModules) }
        }),
      )
    case 'rowWindow':
      return rowWindowNode({
        keys: listOf(given.keys, 'The keys', MAX_FIELDS).map(key => textOf(key, 'A key')),
        groupBy: listOf(given.groupBy, 'The groups', MAX_FIELDS).map(key => textOf(key, 'A group')),
        window: given.window,
        results: listOf(given.results, 'The results', MAX_FIELDS).map(each => {
          const result = objectOf(each, 'A result')
          const name = textOf(result.name, 'A result')
          return 'result' in result
            ? { name, result: validateResultNode(result.result, allowModules) }
            : { name, expression: validateNode(result.expression, allowModules) }
        }),
        having: given.having === undefined ? undefined : validateNode(given.having, allowModules),
        order: given.order === undefined ? undefined : orderTerms(given.order, allowModules),
        offset: given.offset,
        limit: given.limit,
      })
    case 'windowOrder':
      return windowOrderNode(orderOf(given, allowModules))
    case 'topRows':
      return topRowsNode(withoutFunctions(given.window), orderOf(given, allowModules))
    case 'output':
      return outputNode({ ...given, by: listOf(given.by, 'The columns of by', MAX_FIELDS) })
    case 'filterRows':
    case 'mapRows':
    case 'process': {
      if (allowModules !== true)
        throw planInvalid(`This plan names code to load for ${given.op}; allow it with { allowModules: true }`)
      const output = given.op === 'filterRows' ? scope.schema : schemaOf(fieldsOf(given.output))
      return rowsNode(given.op, given.fn, fieldSpecs(output), given.name)
    }
    case 'tee':
      return teeNode(given.name, nodesOf(given.plan, scope, options, depth + 1))
    default:
      throw planInvalid(`There is no step ${show(given.op)}`, { value: given.op })
  }
}

/** @throws EventfluxError `PLAN_INVALID` for a window with a trigger of functions, which no plan as data has. */
function withoutFunctions(window: unknown): WindowSpec {
  const checked = checkWindow(window)
  if (checked.kind !== 'global' || checked.trigger.kind !== 'own') return checked
  throw planInvalid('A trigger of its own is made of functions, which no plan as data can hold', { at: 'trigger' })
}

function orderOf(given: Record<string, unknown>, allowModules: boolean | undefined): WindowOrderParts {
  const { by, offset, limit, ties, rank } = given
  return {
    by: listOf(by, 'The columns of by', MAX_FIELDS),
    order: orderTerms(given.order, allowModules),
    ...{ offset, limit, ties, rank },
  }
}

const orderTerms = (order: unknown, allowModules: boolean | undefined): SortTerm[] =>
  listOf(order, 'The terms of an order', MAX_SORT_TERMS).map(term => sortTermOf(term, allowModules))

function sortTermOf(given: unknown, allowModules: boolean | undefined): SortTerm {
  const { expression, direction } = objectOf(given, 'A term of an order')
  if (direction !== 'asc' && direction !== 'desc')
    throw planInvalid(`An order is 'asc' or 'desc', not ${show(direction)}`, { value: direction })
  return { expression: validateNode(expression, allowModules), direction }
}

function fieldsOf(given: unknown): FieldSpec[] {
  return listOf(given, 'The columns of a schema', MAX_FIELDS).map(each => {
    const { name, type, nullable } = objectOf(each, 'A column')
    if (!isTypeName(type)) throw planInvalid(`There is no type ${show(type)}`, { value: type })
    if (typeof nullable !== 'boolean') throw planInvalid(`nullable is true or false, not ${show(nullable)}`)
    return { name: textOf(name, 'A column'), type, nullable }
  })
}

function objectOf(given: unknown, what: string): Record<string, unknown> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>
  throw planInvalid(`${what} is an object, not ${show(given)}`, { value: given })
}

function listOf(given: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(given)) throw planInvalid(`${what} are an array, not ${show(given)}`, { value: given })
  if (given.length > most) throw planInvalid(`${what} are at most ${most}, not ${given.length}`)
  return Array.from(given)
}

function textOf(given: unknown, what: string): string {
  if (typeof given === 'string') return given
  throw planInvalid(`${what} is named by a string, not ${show(given)}`, { value: given })
}
