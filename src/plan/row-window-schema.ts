import { planInvalid, show } from '../errors.ts'
import { inferResultType, inferType } from '../expression/infer-type.ts'
import type { AggregateName, ResultNode } from '../expression/node.ts'
import { type DataType, typeOf } from '../schema/data-type.ts'
import { type Schema, schemaFrom } from '../schema/schema.ts'
import { clockColumnsOf, columnsOfWindow, type RowWindowSpec } from '../time/row-windows.ts'
import type { RowWindowNode } from './logical-node.ts'

/** Name of the column that says when a row came out of a window over rows. */
export const WINDOW_TIME = 'windowTime'
/** Name of the column that says whether a row entered or left, where both come out. */
export const KIND = 'kind'

/** Whether it may be asked what a window holds when that is nothing: a window that tells of rows that leave is. */
export const mayBeEmpty = (window: RowWindowSpec): boolean => window.output !== 'current'

/** The columns as the aggregates over a window are given them, so that what may be empty is typed so. */
export const contentSchema = (schema: Schema, window: RowWindowSpec): Schema =>
  mayBeEmpty(window)
    ? schemaFrom(schema.fields.map(({ name, type }) => [name, typeOf(type.name, true)] as const))
    : schema

/**
 * The output columns of a window over rows of `schema`, and whether it fits them.
 *
 * @throws EventfluxError `PLAN_INVALID`, `EXPRESSION_INVALID`, `SCHEMA_INVALID`.
 */
export function rowWindowSchema(schema: Schema, node: RowWindowNode): Schema {
  checkWindowColumns(schema, node)
  const { window } = node
  const entries: (readonly [string, DataType])[] = [[WINDOW_TIME, typeOf('timestamp', false)]]
  if (window.output === 'all') entries.push([KIND, typeOf('utf8', false)])
  for (const each of node.results) {
    if (entries[0]![0] === each.name || (window.output === 'all' && each.name === KIND))
      throw planInvalid(`${show(each.name)} is a column of every such window's rows: give yours another name`, {
        at: each.name,
      })
    if ('result' in each) refuseByTime(each.result, 'windows over rows do not')
    const type =
      'result' in each ? inferResultType(each.result, schema, mayBeEmpty(window)) : inferType(each.expression, schema)
    entries.push([each.name, type])
  }
  const output = schemaFrom(entries)
  if (node.having !== undefined && inferType(node.having, output).name !== 'bool')
    throw planInvalid('having takes a condition over the results')
  for (const { expression } of node.order ?? [])
    if (inferType(expression, output).name === 'object') throw planInvalid('Rows are not ordered by objects')
  return output
}

/** @throws EventfluxError `PLAN_INVALID` when a column the window looks at isn't there or doesn't fit. */
export function checkWindowColumns(
  schema: Schema,
  { window, keys, groupBy }: Pick<RowWindowNode, 'window' | 'keys' | 'groupBy'>,
): void {
  for (const name of [...keys, ...groupBy, ...columnsOfWindow(window)]) checkColumn(schema, name, window.kind)
  for (const name of clockColumnsOf(window)) checkClock(schema, name, window.kind)
}

/**
 * @param why What speaks against it.
 * @throws EventfluxError `PLAN_INVALID` for an aggregate that goes by the time of a window's rows.
 */
export function refuseByTime(result: ResultNode, why: string): void {
  if (result.kind === 'call') for (const arg of result.args) refuseByTime(arg, why)
  if (result.kind !== 'aggregate' || !BY_TIME.has(result.fn)) return
  throw planInvalid(`${result.fn} goes by event time, and ${why}: use another window`, {
    value: result.fn,
  })
}

const BY_TIME: ReadonlySet<AggregateName> = new Set<AggregateName>(['rate', 'ema'])

function checkColumn(schema: Schema, name: string, kind: string): void {
  const field = schema.field(name)
  if (field === undefined)
    throw planInvalid(`There is no column ${show(name)} for the window ${kind}`, { value: name, at: kind })
  if (field.type.name === 'object')
    throw planInvalid(`${show(name)} holds objects, which ${kind} can't tell apart or order`, { value: name, at: kind })
}

function checkClock(schema: Schema, name: string, kind: string): void {
  const { type } = schema.field(name)!
  if (type.name !== 'timestamp' || type.isNullable)
    throw planInvalid(`The time of ${kind} is a timestamp() column that is never null; ${show(name)} isn't`, {
      value: name,
      at: kind,
    })
}
