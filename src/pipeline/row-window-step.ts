import { expressionInvalid } from '../errors.ts'
import { columnsOf } from '../expression/columns.ts'
import type { BooleanExpression, Expression } from '../expression/expression.ts'
import { sortTerms } from '../expression/ordering.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { namedRowResults, rowExpression, said } from '../plan/expression-arguments.ts'
import type { RowWindowNode, RowWindowResult } from '../plan/logical-node.ts'
import { rowWindowNode } from '../plan/make-node.ts'
import { checkKeys } from '../plan/plan-scope.ts'
import { checkWindowColumns, contentSchema, rowWindowSchema } from '../plan/row-window-schema.ts'
import type { Schema } from '../schema/schema.ts'
import { checkRowWindow, type RowWindowSpec } from '../time/row-windows.ts'

/** A window over rows of a schema, before it is known what becomes of its rows. */
export interface OpenRowWindow {
  readonly schema: Schema
  readonly keys: readonly string[]
  readonly spec: RowWindowSpec
}

/** @throws EventfluxError `OPTION_INVALID`, or `PLAN_INVALID` for a column that isn't there. */
export function openRowWindow(schema: Schema, keys: readonly string[], spec: RowWindowSpec): OpenRowWindow {
  const open = { schema, keys, spec: checkRowWindow(spec) }
  checkWindowColumns(schema, { ...open, window: open.spec, groupBy: [] })
  return open
}

interface ChunkOrderOptions {
  readonly orderBy?: (row: never) => unknown
  readonly limit?: unknown
  readonly offset?: unknown
}

interface AggregateOptions extends ChunkOrderOptions {
  readonly groupBy?: readonly string[]
  readonly having?: (row: never) => unknown
}

const CHUNK: OptionNames<ChunkOrderOptions> = { orderBy: true, limit: true, offset: true }
const AGGREGATE: OptionNames<AggregateOptions> = { ...CHUNK, groupBy: true, having: true }

/** The step that aggregates a window's rows. */
export function aggregateStep(
  { schema, keys, spec }: OpenRowWindow,
  results: (e: never, row: never) => Readonly<Record<string, Expression>>,
  options: AggregateOptions,
): RowWindowNode {
  checkOptions('aggregate', options, AGGREGATE)
  const { groupBy = [], having, ...chunk } = options
  checkKeys('groupBy', schema, groupBy)
  const content = columnsOf(contentSchema(schema, spec)) as never
  const given = namedRowResults('aggregate', said('aggregate', results, content, columnsOf(schema) as never))
  const passed = [...new Set([...keys, ...groupBy])].map(name => columnResult(name))
  const parts = { keys, groupBy, window: spec, results: [...passed, ...given] }
  const output = columnsOf(rowWindowSchema(schema, rowWindowNode(parts))) as never
  return rowWindowNode({
    ...parts,
    ...(having && { having: condition(said('having', having, output)) }),
    ...orderOf('aggregate', chunk, output),
  })
}

/** The step that hands a window's rows on as they are. */
export function rowsStep({ schema, keys, spec }: OpenRowWindow, chunk: ChunkOrderOptions): RowWindowNode {
  checkOptions('rows', chunk, CHUNK)
  const results = schema.fields.map(({ name }) => columnResult(name))
  const parts = { keys, groupBy: [], window: spec, results }
  const output = columnsOf(rowWindowSchema(schema, rowWindowNode(parts))) as never
  return rowWindowNode({ ...parts, ...orderOf('rows', chunk, output) })
}

const orderOf = (method: string, { orderBy, limit, offset }: ChunkOrderOptions, output: never) => ({
  order: orderBy && sortTerms(method, said(method, orderBy, output)),
  limit,
  offset,
})

const columnResult = (name: string): RowWindowResult => ({ name, expression: Object.freeze({ kind: 'column', name }) })

function condition(given: unknown): RowWindowNode['having'] & object {
  const node = rowExpression('having', given)
  if ((given as BooleanExpression).type.name === 'bool') return node
  throw expressionInvalid('having takes a condition over the results', { value: node })
}
