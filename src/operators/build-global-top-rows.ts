import type { TopRowsNode } from '../plan/logical-node.ts'
import { argumentColumn, type NamedExpression, seenExpression } from '../plan/lower-window.ts'
import { lowerKeptOrder } from '../plan/lower-window-order.ts'
import { columnsOfTrigger, IS_RETRACTION, retracts } from '../plan/plan-scope.ts'
import { WINDOW_TIME } from '../plan/row-window-schema.ts'
import { bool, timestamp, u32 } from '../schema/data-type.ts'
import { schemaFrom } from '../schema/schema.ts'
import type { GlobalSpec } from '../time/global-windows.ts'
import type { WindowHost } from './build-window.ts'
import type { InputColumn } from './evaluator/evaluation-frame.ts'
import type { Operator } from './operator.ts'
import { ProjectOperator } from './project.ts'
import { type EventTimeColumn, ROW_TIME } from './time-of-rows.ts'
import { GlobalWindowOperator } from './window/global-window.ts'
import { eachKeptRow, KeptRows } from './window/kept-rows.ts'
import { keyIndexFor } from './window/key-index-for.ts'
import type { RecordFields } from './window/record-fields.ts'
import { RecordLayout } from './window/record-layout.ts'
import { TopRowsAccumulator } from './window/top-rows-accumulator.ts'
import { TopRowsEmitter } from './window/top-rows-emitter.ts'
import { windowShape } from './window/window-shape.ts'

/**
 * Prepare → the first rows so far of each key, given whenever it fires. Their record is one of a window that aggregates, with
 * rows in the place of aggregates.
 */
export function buildGlobalTopRows(
  node: TopRowsNode,
  window: GlobalSpec,
  columns: readonly InputColumn[],
  time: EventTimeColumn,
  parts: WindowHost & { readonly next: (columns: readonly InputColumn[], time: EventTimeColumn) => Operator },
): Operator {
  const schema = schemaFrom(columns.map(({ name, type }) => [name, type] as const))
  const lowered = lowerKeptOrder(node.order, schema)
  const timeColumn = lowered.prepare.length
  const prepare: NamedExpression[] = [...lowered.prepare, { name: 'time:', expression: time.expression }]
  const seen = columnsOfTrigger(window, schema).map(name => ({
    name,
    column: argumentColumn(prepare, seenExpression(window, schema, name)),
  }))
  const { context } = parts
  const windowed = (prepared: readonly InputColumn[]): Operator => {
    const rows = new KeptRows(prepared.slice(0, timeColumn), lowered.keys)
    const operator = windowOf(node, window, rows, {
      ...parts,
      carried: columns.length,
      timeColumn,
      seen: seen.map(({ name, column }) => ({ ...prepared[column]!, name, column })),
    })
    parts.windows.push(operator)
    return parts.counted(node, operator)
  }
  // As in windows that aggregate: what a row is ordered by may overflow where the row is not taken in.
  return parts.counted(
    node,
    new ProjectOperator({
      name: 'prepare',
      expressions: prepare,
      columns,
      context,
      defersFaults: true,
      next: windowed,
    }),
  )
}

function windowOf(
  node: TopRowsNode,
  window: GlobalSpec,
  rows: KeptRows,
  parts: Parameters<typeof buildGlobalTopRows>[4] &
    Pick<ConstructorParameters<typeof GlobalWindowOperator>[4], 'timeColumn' | 'seen'> & { readonly carried: number },
): GlobalWindowOperator {
  const { context, timers, maxKeys, carried, timeColumn, seen, shardOf } = parts
  const { kernels, arena, maxBatch } = context
  const { rank, limit } = node
  const takesBack = retracts(window)
  const results: readonly InputColumn[] = [
    { name: WINDOW_TIME, type: timestamp() },
    ...rows.columns.slice(0, carried),
    ...(rank === undefined ? [] : [{ name: rank, type: u32() }]),
    ...(takesBack ? [{ name: IS_RETRACTION, type: bool() }] : []),
  ]
  const keys = node.by.map(name => {
    const column = rows.columns.findIndex(each => each.name === name)
    return { ...rows.columns[column]!, column }
  })
  let fieldAt = 0
  const layout = new RecordLayout(context, [], fields => {
    fieldAt = placeRows(fields, rows, limit!)
  })
  const next = parts.next(results, ROW_TIME)
  return new GlobalWindowOperator(kernels, arena, next, window, {
    name: 'top rows of global windows',
    allowedLatenessMs: 0,
    firing: window.firing ?? 'accumulating',
    firesOnUpdate: false,
    sendLate: undefined,
    maxBatch,
    timeColumn,
    layout,
    keys: liveIds => keyIndexFor(context, keys, { maxKeys, liveIds, shard: shardOf(node) }),
    columns: [],
    keyCount: keys.length,
    tellsFirings: false,
    shape: windowShape(window, keys, `the first ${limit} rows of ${rows.signature}`),
    timers,
    seen,
    emitter: scope =>
      new TopRowsEmitter(context, scope, {
        rows,
        carried,
        recordBytes: layout.recordBytes,
        fieldAt,
        columns: results.map(({ type, dictionary }) => ({ type, dictionary })),
        hasRank: rank !== undefined,
        retracts: takesBack,
        next,
      }),
  })
}

/** Gives the rows of a record their place, and returns it. */
function placeRows(fields: RecordFields, rows: KeptRows, most: number): number {
  const { memory } = fields.frame
  const { at } = fields.place(new TopRowsAccumulator(fields.frame, rows, most))
  fields.bounds.add(`the first ${most} rows, ${rows.rowBytes} bytes each`)
  for (const { dictionary, at: word } of rows.columns)
    fields.holdCodes(dictionary, {
      mark: (record, mark) =>
        eachKeptRow(memory, record + at, rows.rowBytes, row => mark(memory.u32[(row + word) >>> 2]!)),
      replace: (record, codeOf) =>
        eachKeptRow(memory, record + at, rows.rowBytes, row => {
          memory.u32[(row + word) >>> 2] = codeOf(memory.u32[(row + word) >>> 2]!)
        }),
    })
  return at
}
