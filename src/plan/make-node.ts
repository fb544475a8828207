import { optionInvalid, planInvalid, show } from '../errors.ts'
import { isModuleExport } from '../expression/module-export.ts'
import type { ExpressionNode, ResultNode } from '../expression/node.ts'
import type { SortTerm } from '../expression/ordering.ts'
import { checkFieldName, MAX_FIELDS } from '../schema/schema.ts'
import { checkRowWindow } from '../time/row-windows.ts'
import { checkWindow, type WindowSpec } from '../time/windows.ts'
import { branchNames } from './branch-names.ts'
import { futureLimits } from './future-limits.ts'
import { checkLinks, type LinkSpec } from './link-options.ts'
import type {
  EventTimeNode,
  FieldSpec,
  FilterNode,
  LogicalNode,
  LogicalPlan,
  ProcessingTimeNode,
  ProjectNode,
  RowsNode,
  RowWindowNode,
  RowWindowResult,
  TeeNode,
  WindowAggregateNode,
} from './logical-node.ts'
import type { PlanScope } from './plan-scope.ts'
import { givenIds } from './step-ids.ts'
import { checkWatermarks } from './watermarks.ts'
import { windowOrderNode } from './window-order.ts'

/** Most nodes of a plan, and of each of its branches. */
export const MAX_PLAN_NODES = 1_000

/** The frozen nodes the builder and `pipelineFromJSON` put into plans. Whether they fit their place: `scopeAfter`. */

export function eventTimeNode(parts: {
  readonly column: string
  readonly watermarks: unknown
  readonly allowedLatenessMs: unknown
  readonly idlenessMs?: unknown
  readonly maxFutureSkewMs?: unknown
}): EventTimeNode {
  const { idlenessMs, maxFutureSkewMs } = parts
  return Object.freeze({
    op: 'eventTime',
    column: parts.column,
    watermarks: checkWatermarks(parts.watermarks),
    allowedLatenessMs: milliseconds('allowedLatenessMs', parts.allowedLatenessMs, 0),
    ...(idlenessMs !== undefined && { idlenessMs: milliseconds('idleness', idlenessMs, 1) }),
    ...(maxFutureSkewMs !== undefined && { maxFutureSkewMs: milliseconds('maxFutureSkew', maxFutureSkewMs, 0) }),
  })
}

export function processingTimeNode(column: unknown): ProcessingTimeNode {
  checkFieldName(column)
  return Object.freeze({ op: 'processingTime', column })
}

export const filterNode = (predicate: ExpressionNode): FilterNode => Object.freeze({ op: 'filter', predicate })

/** Appends the event-time column of `scope` when it isn't among `columns`; that of a window's results doesn't travel along. */
export function projectNode(
  scope: PlanScope,
  columns: readonly { readonly name: string; readonly expression: ExpressionNode }[],
): ProjectNode {
  const time = scope.isResultTime ? undefined : scope.eventTime
  const all = columns.map(({ name, expression }) => Object.freeze({ name, expression }))
  if (time !== undefined && !all.some(({ name }) => name === time))
    all.push(Object.freeze({ name: time, expression: Object.freeze({ kind: 'column', name: time }) }))
  return Object.freeze({ op: 'project', columns: Object.freeze(all) })
}

export function windowAggregateNode(
  keys: readonly string[],
  window: unknown,
  results: readonly { readonly name: string; readonly result: ResultNode }[],
): WindowAggregateNode {
  if (results.length === 0) throw planInvalid('aggregate needs at least one result')
  return Object.freeze({
    op: 'windowAggregate',
    keys: Object.freeze([...keys]),
    window: checkWindow(window) satisfies WindowSpec,
    results: Object.freeze(results.map(({ name, result }) => Object.freeze({ name, result }))),
  })
}

export function rowWindowNode(parts: {
  readonly keys: readonly string[]
  readonly groupBy: readonly string[]
  readonly window: unknown
  readonly results: readonly RowWindowResult[]
  readonly having?: ExpressionNode | undefined
  readonly order?: readonly SortTerm[] | undefined
  readonly offset?: unknown
  readonly limit?: unknown
}): RowWindowNode {
  if (parts.results.length === 0) throw planInvalid('a window needs at least one result')
  const {
    order = [],
    offset = 0,
    limit,
  } = windowOrderNode({ order: parts.order ?? [], offset: parts.offset, limit: parts.limit })
  return Object.freeze({
    op: 'rowWindow',
    keys: Object.freeze([...parts.keys]),
    groupBy: Object.freeze([...parts.groupBy]),
    window: checkRowWindow(parts.window),
    results: Object.freeze(
      parts.results.map(each =>
        'result' in each
          ? Object.freeze({ name: each.name, result: each.result })
          : Object.freeze({ name: each.name, expression: each.expression }),
      ),
    ),
    ...(parts.having && { having: parts.having }),
    ...(order.length > 0 && { order }),
    ...(offset > 0 && { offset }),
    ...(limit !== undefined && { limit }),
  })
}

/** `fn` is the user's function, or the name of a module's export. */
export function rowsNode(op: RowsNode['op'], fn: unknown, output: readonly FieldSpec[], name: unknown): RowsNode {
  checkFieldName(name)
  if (typeof fn !== 'function' && !isModuleExport(fn))
    throw planInvalid(`${op} takes a function or { module, export }, not ${show(fn)}`, { value: fn, at: name })
  const kept = typeof fn === 'function' ? fn : Object.freeze({ module: fn.module, export: fn.export })
  return Object.freeze({ op, fn: kept, output, name })
}

export function teeNode(name: unknown, plan: readonly LogicalNode[]): TeeNode {
  checkFieldName(name)
  return Object.freeze({ op: 'tee', name, plan: Object.freeze([...plan]) })
}

/** The same step, found again by this name in a checkpoint. @throws EventfluxError `SCHEMA_INVALID` for no name of a column. */
export function identified(node: LogicalNode, id: unknown): LogicalNode {
  checkFieldName(id)
  return Object.freeze({ ...node, id })
}

/** The plan with a name for its last step. @throws EventfluxError `PLAN_INVALID`, `SCHEMA_INVALID` */
export function namedPlan({ source, nodes, stages, links }: LogicalPlan, name: string): LogicalPlan {
  const last = nodes.at(-1)
  if (last === undefined) throw planInvalid('named comes behind the step it names', { value: name })
  return makePlan(source, [...nodes.slice(0, -1), identified(last, name)], stages, links)
}

/**
 * A plan of these nodes, frozen.
 *
 * @throws EventfluxError `PLAN_INVALID` for too many nodes, two branches or two steps of one name, or a limit on times made
 * on the way.
 */
export function makePlan(
  source: readonly FieldSpec[],
  nodes: readonly LogicalNode[],
  stages: readonly number[] = [],
  links: readonly LinkSpec[] = [],
): LogicalPlan {
  checkLength(nodes)
  const names = branchNames(nodes)
  if (names.length > MAX_FIELDS) throw planInvalid(`A plan has at most ${MAX_FIELDS} branches`)
  refuseTwice(names, 'branches')
  refuseTwice(givenIds(nodes), 'steps')
  futureLimits(source, nodes)
  for (const [i, stage] of stages.entries())
    if (!Number.isInteger(stage) || stage <= (stages[i - 1] ?? 0) || stage > nodes.length)
      throw planInvalid(`Each stage begins behind a step of the one before; none can begin behind ${show(stage)} steps`)
  checkLinks(links, stages)
  return Object.freeze({
    version: 1,
    source,
    nodes: Object.freeze([...nodes]),
    ...(stages.length > 0 && { stages: Object.freeze([...stages]) }),
    ...(links.length > 0 && { links: Object.freeze([...links]) }),
  })
}

function refuseTwice(names: readonly string[], of: string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw planInvalid(`Two ${of} are called ${show(name)}`, { at: name })
    seen.add(name)
  }
}

function checkLength(nodes: readonly LogicalNode[]): void {
  if (nodes.length > MAX_PLAN_NODES) throw planInvalid(`A plan has at most ${MAX_PLAN_NODES} steps`)
  for (const node of nodes) if (node.op === 'tee') checkLength(node.plan)
}

function milliseconds(name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw optionInvalid(`${name} is a whole number of milliseconds, at least ${least}, not ${show(value)}`, {
    value,
    at: name,
  })
}
