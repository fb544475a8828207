import { planInvalid, show } from '../errors.ts'
import { checkMerging } from '../expression/aggregate-rules.ts'
import { inferResultType, inferType } from '../expression/infer-type.ts'
import { onlyColumns } from '../expression/no-column.ts'
import type { ExpressionNode, ResultNode } from '../expression/node.ts'
import { type DataType, typeOf } from '../schema/data-type.ts'
import { type Schema, schemaFrom } from '../schema/schema.ts'
import type { AlignedSpec } from '../time/aligned-windows.ts'
import type { CalendarSpec } from '../time/calendar-windows.ts'
import type { GlobalSpec } from '../time/global-windows.ts'
import { overlaps } from '../time/windows.ts'
import type {
  EventTimeNode,
  FieldSpec,
  LogicalNode,
  LogicalPlan,
  OutputNode,
  ProcessingTimeNode,
  RowWindowNode,
  TopRowsNode,
  WindowAggregateNode,
  WindowOrderNode,
  WindowSpec,
} from './logical-node.ts'
import { KIND, refuseByTime, rowWindowSchema, WINDOW_TIME } from './row-window-schema.ts'
import {
  filteredResults,
  IS_RETRACTION,
  keepsColumn,
  orderedResults,
  projectedResults,
  resultsOf,
  stagedResults,
  WINDOW_END,
  WINDOW_START,
  type WindowResults,
} from './window-results.ts'

export { IS_RETRACTION, keepsColumn, WINDOW_END, WINDOW_START } from './window-results.ts'

/** What stands at one point of a plan: the columns, and which of them is the event time. */
export interface PlanScope {
  readonly schema: Schema
  readonly eventTime: string | undefined
  /**
   * Set where rows are results of a window. Their time is the window's: it ends with its column, where that of events
   * travels along, and another column may take its place.
   */
  readonly isResultTime?: true
  /** How long windows over it take rows in after they have fired. */
  readonly allowedLatenessMs?: number
  /** Set where rows are results of windows over event time and have the columns that say of which. */
  readonly results?: WindowResults
  /** Set where rows are those of a window over rows, as they enter and leave it. */
  readonly tellsContent?: true
}

/** Names of the columns that say which window a result is of: its bounds, or where it has none, when it fired. */
export const stampsOf = (window: WindowSpec): readonly string[] =>
  window.kind === 'global' ? [WINDOW_TIME] : [WINDOW_START, WINDOW_END]

/** Whether results may be of windows without rows. */
export const fillsEmpty = (window: WindowSpec): boolean => 'fillEmpty' in window && window.fillEmpty !== undefined

/** The columns as aggregates over a window are given them, so that what may be empty is typed so. */
export const groupSchema = (schema: Schema, window: WindowSpec): Schema =>
  fillsEmpty(window)
    ? schemaFrom(schema.fields.map(({ name, type }) => [name, typeOf(type.name, true)] as const))
    : schema

/** The columns of its input a window's trigger looks at. */
export function columnsOfTrigger(window: WindowSpec, schema: Schema): readonly string[] {
  if (window.kind !== 'global') return []
  if (window.trigger.kind === 'delta') return [window.trigger.column]
  return window.trigger.kind === 'own' ? schema.fields.map(({ name }) => name) : []
}

/** Whether results of a window may be taken back. */
export const retracts = (window: WindowSpec): boolean => 'firing' in window && window.firing === 'retracting'

/** A schema as data. */
export const fieldSpecs = (schema: Schema): readonly FieldSpec[] =>
  Object.freeze(
    schema.fields.map(({ name, type }) => Object.freeze({ name, type: type.name, nullable: type.isNullable })),
  )

/** The schema of field specifications. */
export const schemaOf = (fields: readonly FieldSpec[]): Schema =>
  schemaFrom(fields.map(({ name, type, nullable }) => [name, typeOf(type, nullable)]))

/** The scope before the first node. */
export const sourceScope = (plan: LogicalPlan): PlanScope => ({ schema: schemaOf(plan.source), eventTime: undefined })

/** The scope before each node, and after the last: one more than there are nodes. */
export function scopesOf(nodes: readonly LogicalNode[], from: PlanScope): readonly PlanScope[] {
  const scopes = [from]
  for (const node of nodes) scopes.push(scopeAfter(scopes.at(-1)!, node))
  return scopes
}

/**
 * What stands behind a node, and whether the node can stand here at all.
 *
 * @throws EventfluxError `PLAN_INVALID` for a node out of place, `EXPRESSION_INVALID` for an expression that doesn't
 * fit the columns, `SCHEMA_INVALID` for output columns that make no schema.
 */
export function scopeAfter(scope: PlanScope, node: LogicalNode): PlanScope {
  const { schema, eventTime } = scope
  switch (node.op) {
    case 'eventTime':
      checkEventTime(scope, node)
      return { schema, eventTime: node.column, allowedLatenessMs: node.allowedLatenessMs }
    case 'processingTime':
      return { schema: stampedSchema(scope, node), eventTime: node.column, allowedLatenessMs: 0 }
    case 'filter': {
      const type = inferType(node.predicate, schema)
      if (type.name !== 'bool') throw planInvalid(`A filter takes a condition, not a value of type ${type.name}`)
      return behindFilter(scope, node.predicate)
    }
    case 'project': {
      const columns = node.columns.map(({ name, expression }) => [name, inferType(expression, schema)] as const)
      const projected = schemaFrom(columns)
      if (eventTime === undefined) return { schema: projected, eventTime }
      if (keepsColumn(node, eventTime)) {
        const { results, tellsContent: _, ...kept } = scope
        return { ...kept, ...some(results && projectedResults(results, node)), schema: projected }
      }
      if (scope.isResultTime) return { schema: projected, eventTime: undefined }
      throw planInvalid(
        `project keeps the event time ${show(eventTime)} as it is: give the computed column another name, or set the ` +
          'event time after it',
        { at: eventTime },
      )
    }
    case 'windowAggregate':
      return {
        schema: windowSchema(scope, node),
        eventTime: stampsOf(node.window).at(-1)!,
        isResultTime: true,
        ...behindWindow(scope, node),
      }
    case 'rowWindow':
      return {
        schema: rowWindowSchema(schema, node),
        eventTime: WINDOW_TIME,
        isResultTime: true,
        ...(tellsContent(node) && { tellsContent: true }),
      }
    case 'output':
      checkOutput(schema, node)
      return { schema, eventTime: undefined }
    case 'topRows': {
      const behind = { schema: topRowsSchema(scope, node), isResultTime: true } as const
      if (node.window.kind === 'global') return { ...behind, eventTime: WINDOW_TIME }
      return { ...behind, eventTime: WINDOW_END, allowedLatenessMs: 0, results: { keys: [] } }
    }
    case 'windowOrder':
      return { ...scope, results: orderedResults(scope.results), schema: rankedSchema(scope.schema, node) }
    case 'filterRows':
      return behindFilter(scope, undefined)
    case 'mapRows':
    case 'process': {
      const output = schemaOf(node.output)
      const { results: _, tellsContent: __, ...kept } = scope
      return isTime(output, eventTime) ? { ...kept, schema: output } : { schema: output, eventTime: undefined }
    }
    case 'tee':
      scopesOf(node.plan, scope)
      return scope
  }
}

const behindFilter = (scope: PlanScope, predicate: ExpressionNode | undefined): PlanScope =>
  scope.results === undefined ? scope : { ...scope, results: filteredResults(scope.results, predicate) }

const isTime = (schema: Schema, name: string | undefined): boolean => {
  const type = name === undefined ? undefined : schema.field(name)?.type
  return type?.name === 'timestamp' && !type.isNullable
}

/** Whether rows that come out of a window over rows are its own, and both sides of them are told. */
const tellsContent = ({ window, results }: RowWindowNode): boolean =>
  window.output === 'all' && results.every(each => 'expression' in each)

/** @throws EventfluxError `PLAN_INVALID` for a column that isn't there. */
function checkOutput(schema: Schema, { by, content }: OutputNode): void {
  checkKeys('output', schema, by)
  const kind = schema.field(KIND)?.type
  if (content && (kind?.name !== 'utf8' || kind.isNullable))
    throw planInvalid(`The snapshot of a window's rows goes by their column ${KIND}`, { at: 'output' })
}

/** How long the windows of a step take rows in, and what is known of their results. */
function behindWindow(scope: PlanScope, node: WindowAggregateNode): Pick<PlanScope, 'allowedLatenessMs' | 'results'> {
  const { window } = node
  if (window.kind === 'global') return {}
  const allowedLatenessMs = window.allowedLatenessMs ?? scope.allowedLatenessMs ?? 0
  return { allowedLatenessMs, ...some(resultsOf(node, allowedLatenessMs)) }
}

const some = (results: WindowResults | undefined): Pick<PlanScope, 'results'> =>
  results === undefined ? {} : { results }

/** The columns of the first rows of windows, and whether rows can be ranked in them here. */
function topRowsSchema(scope: PlanScope, node: TopRowsNode): Schema {
  const { schema, eventTime } = scope
  if (eventTime === undefined) throw noEventTime()
  const { window } = node
  if (window.kind === 'global') checkKeptRows(schema, window)
  else checkNoneLate(scope, window)
  const stamps = stampsOf(window)
  const added = [...stamps, ...(retracts(window) ? [IS_RETRACTION] : [])]
  for (const name of added)
    if (schema.field(name) !== undefined || name === node.rank)
      throw planInvalid(`${show(name)} is a column of every window's rows: give yours another name`, { at: name })
  const { fields } = rankedSchema(schema, node)
  return schemaFrom([
    ...stamps.map(name => [name, typeOf('timestamp', false)] as const),
    ...fields.map(({ name, type }) => [name, type] as const),
    ...(retracts(window) ? [[IS_RETRACTION, typeOf('bool', false)] as const] : []),
  ])
}

function checkNoneLate({ allowedLatenessMs = 0 }: PlanScope, window: AlignedSpec | CalendarSpec): void {
  if ((window.allowedLatenessMs ?? allowedLatenessMs) > 0)
    throw planInvalid(
      'topRows gives the final rows of a window: where rows may be late say allowedLateness: 0 for the window, and wait ' +
        'for them with outOfOrderness',
    )
}

/** A global window keeps its rows in linear memory. */
function checkKeptRows(schema: Schema, window: GlobalSpec): void {
  checkTrigger(schema, window)
  for (const { name, type } of schema.fields)
    if (type.name === 'object')
      throw planInvalid(`A global window keeps no rows with objects, as ${show(name)} has: project it away`, {
        at: name,
      })
}

/** The columns of rows that are ranked. */
function rankedSchema(schema: Schema, node: Omit<WindowOrderNode, 'op'>): Schema {
  checkKeys('topN', schema, node.by)
  for (const { expression } of node.order)
    if (inferType(expression, schema).name === 'object') throw planInvalid('Rows are not ordered by objects')
  if (node.rank === undefined) return schema
  return schemaFrom([
    ...schema.fields.map(({ name, type }) => [name, type] as const),
    [node.rank, typeOf('u32', false)] as const,
  ])
}

/**
 * What stands where a stage begins.
 *
 * @throws EventfluxError `PLAN_INVALID` where another thread would not know how far the time was at each row.
 */
export function stagedScope(scope: PlanScope): PlanScope {
  const { eventTime, isResultTime, results } = scope
  if (eventTime === undefined || isResultTime) return results ? { ...scope, results: stagedResults(results) } : scope
  throw planInvalid(
    'A stage begins before eventTime() or behind a window: the watermark as of each row does not travel',
    {
      at: eventTime,
    },
  )
}

/** A window where rows have no event time. */
export const noEventTime = () =>
  planInvalid(
    'A window needs event time: call .eventTime(column) before, and keep that column. Results of a window have theirs in ' +
      `${WINDOW_END} (${WINDOW_TIME} where rows come out of it): a projection ends it that doesn't keep that column as it is`,
  )

/** @throws EventfluxError `PLAN_INVALID` where rows have a time of their own already. */
function checkTimeIsOpen({ eventTime, isResultTime }: PlanScope, column: string): void {
  if (eventTime !== undefined && !isResultTime)
    throw planInvalid(`The event time is already set, to the column ${show(eventTime)}`, { value: column })
}

/** The columns, and behind them the time at which rows are worked on. */
function stampedSchema(scope: PlanScope, { column }: ProcessingTimeNode): Schema {
  checkTimeIsOpen(scope, column)
  const fields = scope.schema.fields.map(({ name, type }) => [name, type] as const)
  return schemaFrom([...fields, [column, typeOf('timestamp', false)]])
}

function checkEventTime(scope: PlanScope, { column, watermarks }: EventTimeNode): void {
  checkTimeIsOpen(scope, column)
  const { schema } = scope
  if (schema.field(column) === undefined)
    throw planInvalid(`There is no column ${show(column)} to take the event time from, ${onlyColumns(schema)}`, {
      value: column,
    })
  if (!isTime(schema, column))
    throw planInvalid(`The event time is a timestamp() column that is never null; ${show(column)} isn't`, {
      value: column,
    })
  if (watermarks.kind !== 'punctuated') return
  const { name } = inferType(watermarks.expression, schema)
  if (name !== 'bool' && name !== 'timestamp')
    throw planInvalid(`Punctuated watermarks come from a condition or a timestamp, not a value of type ${name}`)
}

function windowSchema({ schema, eventTime }: PlanScope, node: WindowAggregateNode): Schema {
  if (eventTime === undefined) throw noEventTime()
  const { window } = node
  const stamps = stampsOf(window)
  const entries = stamps.map((name): readonly [string, DataType] => [name, typeOf('timestamp', false)])
  if (window.kind === 'global') checkTrigger(schema, window)
  checkKeys('keyBy', schema, node.keys)
  for (const key of node.keys) {
    entries.push([key, schema.field(key)!.type])
  }
  for (const { name, result } of node.results) {
    if (window.kind === 'global') {
      refuseByTime(result, 'a global window has no bounds')
      if (!isBounded(window)) refuseGrowing(result)
    }
    if (fillsEmpty(window)) refuseForever(result, "so gaps can't be filled with it: leave fillEmpty out", 'fillEmpty')
    if (retracts(window) && window.kind !== 'global')
      refuseForever(result, "so what it was can't be taken back: leave firing: 'retracting' out", 'firing')
    entries.push([name, inferResultType(result, schema, fillsEmpty(window))])
  }
  const isRetracting = retracts(node.window)
  const isOfParts = overlaps(window) || window.kind === 'session' || window.kind === 'slidingPerEvent'
  if (isOfParts || isRetracting) for (const { result } of node.results) checkMerging(result)
  for (const [name] of entries.slice(stamps.length))
    if (stamps.includes(name) || (isRetracting && name === IS_RETRACTION))
      throw planInvalid(`${show(name)} is a column of every window's result: give yours another name`, { at: name })
  if (isRetracting) entries.push([IS_RETRACTION, typeOf('bool', false)])
  return schemaFrom(entries)
}

/** @throws EventfluxError `PLAN_INVALID` for an aggregate that goes by more windows than its own. */
function refuseForever(result: ResultNode, why: string, at: string): void {
  if (result.kind === 'call') for (const arg of result.args) refuseForever(arg, why, at)
  if (result.kind !== 'aggregate' || (result.fn !== 'minForever' && result.fn !== 'maxForever')) return
  throw planInvalid(`${result.fn} is not of a window, ${why}`, { value: result.fn, at })
}

/** Whether something takes rows out of a global window, or it was said that nothing has to. */
const isBounded = ({ purge, trigger, unbounded }: GlobalSpec): boolean =>
  purge === true || trigger.kind === 'own' || unbounded === true

/** @throws EventfluxError `PLAN_INVALID` for an aggregate whose state grows with the rows, where nothing ends them. */
function refuseGrowing(result: ResultNode): void {
  if (result.kind === 'call') for (const arg of result.args) refuseGrowing(arg)
  if (result.kind !== 'aggregate' || (result.fn !== 'distinctCount' && result.fn !== 'percentile')) return
  throw planInvalid(
    `${result.fn} grows with the rows, and nothing empties this global window: say purge: true or unbounded: true, or ` +
      'take what has a fixed size (approxDistinct, percentile with relativeError)',
    { value: result.fn, at: 'window' },
  )
}

/** @throws EventfluxError `PLAN_INVALID` for a column a trigger can't go by. */
function checkTrigger(schema: Schema, { trigger }: GlobalSpec): void {
  if (trigger.kind !== 'delta') return
  const type = schema.field(trigger.column)?.type.name
  if (type === undefined || type === 'utf8' || type === 'bool' || type === 'object')
    throw planInvalid(`onDelta goes by a column of numbers or times; ${show(trigger.column)} is none`, {
      value: trigger.column,
      at: 'onDelta',
    })
}

/**
 * @param least Fewest columns there may be.
 * @throws EventfluxError `PLAN_INVALID` for a column that isn't there, or is given twice.
 */
export function checkKeys(method: string, schema: Schema, names: readonly string[], least = 0): void {
  if (names.length < least) throw planInvalid(`${method} takes at least one column`)
  for (const [i, name] of names.entries()) {
    if (typeof name !== 'string')
      throw planInvalid(`${method} takes names of columns, one by one, not ${show(name)}`, { value: name, at: method })
    if (schema.field(name) === undefined)
      throw planInvalid(`There is no column ${show(name)} to key by, ${onlyColumns(schema)}`, {
        value: name,
        at: method,
      })
    if (schema.field(name)!.type.name === 'object')
      throw planInvalid(`${show(name)} holds objects, which make no keys`, { value: name, at: method })
    if (names.indexOf(name) !== i) throw planInvalid(`${show(name)} is given to ${method} twice`, { value: name })
  }
}
