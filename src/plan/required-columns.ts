import { canFail } from '../expression/can-fail.ts'
import { inferResultType, inferType } from '../expression/infer-type.ts'
import type { ResultNode } from '../expression/node.ts'
import { collectColumns } from '../expression/walk.ts'
import type { Schema } from '../schema/schema.ts'
import { columnsOfWindow } from '../time/row-windows.ts'
import type { LogicalNode, ProjectNode, WindowAggregateNode } from './logical-node.ts'
import {
  columnsOfTrigger,
  IS_RETRACTION,
  type PlanScope,
  retracts,
  scopesOf,
  stampsOf,
  WINDOW_END,
  WINDOW_START,
} from './plan-scope.ts'

/** The names of the source's columns whose values no step reads, in the source's order. */
export function unreadColumns(source: Schema, nodes: readonly LogicalNode[]): ReadonlySet<string> {
  const required = requiredBefore(nodes, { schema: source, eventTime: undefined })[0]!
  return new Set(source.fields.map(({ name }) => name).filter(name => !required.has(name)))
}

/** The columns read from each step on, and behind the last: one set more than there are nodes. */
export function requiredBefore(nodes: readonly LogicalNode[], from: PlanScope): readonly ReadonlySet<string>[] {
  const scopes = scopesOf(nodes, from)
  const required = [namesOf(scopes.at(-1)!.schema)]
  for (let i = nodes.length - 1; i >= 0; i--) required.unshift(before(nodes[i]!, required[0]!, scopes[i]!))
  return required
}

function before(node: LogicalNode, after: ReadonlySet<string>, scope: PlanScope): Set<string> {
  switch (node.op) {
    case 'eventTime': {
      const required = new Set(after).add(node.column)
      const { watermarks } = node
      return watermarks.kind === 'punctuated' ? collectColumns(watermarks.expression, required) : required
    }
    case 'processingTime': {
      const required = new Set(after)
      required.delete(node.column)
      return required
    }
    case 'filter':
      return collectColumns(node.predicate, new Set(after))
    case 'project': {
      const required = new Set<string>()
      for (const { expression } of keptColumns(node, after, scope)) collectColumns(expression, required)
      return required
    }
    case 'windowAggregate': {
      if ('lateTo' in node.window && node.window.lateTo !== undefined) return namesOf(scope.schema)
      const required = new Set([...node.keys, ...columnsOfTrigger(node.window, scope.schema)])
      if (scope.eventTime !== undefined) required.add(scope.eventTime)
      for (const { result } of keptResults(node, after, scope)) collectColumns(result, required)
      return required
    }
    case 'rowWindow': {
      const required = new Set([...node.keys, ...node.groupBy, ...columnsOfWindow(node.window)])
      for (const each of node.results) collectColumns('result' in each ? each.result : each.expression, required)
      return required
    }
    case 'topRows': {
      if ('lateTo' in node.window && node.window.lateTo !== undefined) return namesOf(scope.schema)
      const required = new Set([...after, ...node.by, ...columnsOfTrigger(node.window, scope.schema)])
      for (const name of [...stampsOf(node.window), node.rank]) if (name !== undefined) required.delete(name)
      if (retracts(node.window)) required.delete(IS_RETRACTION)
      if (scope.eventTime !== undefined) required.add(scope.eventTime)
      for (const { expression } of node.order) collectColumns(expression, required)
      return required
    }
    case 'windowOrder': {
      const { again, keys } = scope.results!
      const told = again === undefined || again === 'discarding' ? [] : keys
      const required = new Set([...after, ...node.by, ...told, WINDOW_START, WINDOW_END])
      if (again === 'retracting') required.add(IS_RETRACTION)
      if (node.rank !== undefined) required.delete(node.rank)
      for (const { expression } of node.order) collectColumns(expression, required)
      return required
    }
    case 'output':
      return node.content ? namesOf(scope.schema) : new Set([...after, ...node.by])
    case 'filterRows':
    case 'mapRows':
    case 'process':
      return namesOf(scope.schema)
    case 'tee':
      return new Set([...after, ...requiredBefore(node.plan, scope)[0]!])
  }
}

/** The columns of a projection that are needed: read later, the event time, or able to fail. Never none. */
export function keptColumns(node: ProjectNode, after: ReadonlySet<string>, scope: PlanScope): ProjectNode['columns'] {
  const kept = node.columns.filter(
    ({ name, expression }) =>
      after.has(name) || (name === scope.eventTime && !scope.isResultTime) || canFail(expression, scope.schema),
  )
  return kept.length > 0 ? kept : node.columns.slice(0, 1)
}

/** The results of a window that are needed, by the same rule. */
export function keptResults(
  node: WindowAggregateNode,
  after: ReadonlySet<string>,
  scope: PlanScope,
): WindowAggregateNode['results'] {
  const kept = node.results.filter(({ name, result }) => after.has(name) || resultCanFail(result, scope.schema))
  return kept.length > 0 ? kept : node.results.slice(0, 1)
}

/** i64 sums and whatever is computed of i64 results are checked; so are i64 arguments. */
function resultCanFail(node: ResultNode, schema: Schema): boolean {
  if (node.kind === 'literal') return false
  if (node.kind === 'call' && node.fn === 'user') return true
  if (inferResultType(node, schema).name === 'i64' && (node.kind === 'call' || node.fn === 'sum')) return true
  if (node.kind === 'call') return node.args.some(arg => resultCanFail(arg, schema))
  if (node.fn === 'rate' && node.args.some(arg => inferType(arg, schema).name === 'i64')) return true
  return node.args.some(arg => canFail(arg, schema))
}

const namesOf = (schema: Schema) => new Set(schema.fields.map(({ name }) => name))
