import type { Processor } from '../../src/connector/processor.ts'
import type {
  EventTimeNode,
  FieldSpec,
  LogicalNode,
  LogicalPlan,
  WindowAggregateNode,
} from '../../src/plan/logical-node.ts'
import { alignedWindowsStage } from './aligned-windows-interpreter.ts'
import { outputStage } from './output-interpreter.ts'
import { evaluate, type Row, type Value } from './scalar-interpreter.ts'
import { topRowsStage, windowOrderStage } from './window-order-interpreter.ts'

/**
 * A plan run in the plainest way there is: one row at a time through JavaScript closures over plain objects, windows
 * that keep all they saw in a Map. It is written from the rules alone and shares nothing with the library but the types
 * of plan nodes, so the library can be held against it.
 */
export interface Interpretation {
  /** What comes out at the end, in order. */
  readonly rows: Row[]
  /** What came out of each branch. */
  readonly branches: Map<string, Row[]>
  /** Rows that were too late for their window. */
  late: number
}

/** Counts what can't be seen in the rows. */
export interface Observed {
  /** Rows that were too late for some of their windows and not for others. */
  stragglers: number
}

/** What is known of a run so far. */
export type Run = Interpretation & Observed

/** A step: it takes rows and watermarks and hands both on. */
export interface Stage {
  row(row: Row): void
  /** No row with a time ≤ `watermark` is expected any more; +Infinity at the end. */
  watermark(watermark: number): void
}

/**
 * Runs `plan` over `input` to the end.
 *
 * @param input Rows as they are pushed: nullable columns may be missing.
 * @throws Overflow as soon as a row makes a checked integer leave its range.
 */
export function interpret(
  plan: LogicalPlan,
  input: readonly Readonly<Record<string, unknown>>[],
  observed: Observed = { stragglers: 0 },
): Interpretation {
  const run: Run = { rows: [], branches: new Map(), late: 0, stragglers: 0 }
  const first = stagesOf(plan.nodes, undefined, { row: row => run.rows.push(row), watermark: () => {} }, run)
  for (const row of input) first.row(intake(row, plan.source))
  first.watermark(Number.POSITIVE_INFINITY)
  observed.stragglers = run.stragglers
  return { rows: run.rows, branches: run.branches, late: run.late }
}

function intake(row: Readonly<Record<string, unknown>>, fields: readonly FieldSpec[]): Row {
  return Object.fromEntries(
    fields.map(({ name, type }) => {
      const value = (row[name] ?? null) as Value
      return [name, type === 'f32' && value !== null ? Math.fround(value as number) : value]
    }),
  )
}

/** The event time at a point of a plan. */
export interface TimeOfRows {
  readonly column: string
  readonly of: (row: Row) => number
  readonly allowedLatenessMs: number
}

/** The stages of `nodes`, the last of which hands on to `end`; the first is returned. */
function stagesOf(nodes: readonly LogicalNode[], time: TimeOfRows | undefined, end: Stage, result: Run): Stage {
  const [node, ...rest] = nodes
  if (node === undefined) return end
  const next = stagesOf(rest, timeAfter(node, time), end, result)
  return stageOf(node, time, next, result)
}

/** The event time behind `node`. */
function timeAfter(node: LogicalNode, time: TimeOfRows | undefined): TimeOfRows | undefined {
  switch (node.op) {
    case 'eventTime':
      return {
        column: node.column,
        of: row => row[node.column] as number,
        allowedLatenessMs: node.allowedLatenessMs,
      }
    case 'output':
      return undefined
    case 'topRows':
      return { column: 'windowEnd', of: row => (row.windowEnd as number) - 1, allowedLatenessMs: 0 }
    case 'windowAggregate':
      return {
        column: 'windowEnd',
        of: row => (row.windowEnd as number) - 1,
        allowedLatenessMs:
          ('allowedLatenessMs' in node.window ? node.window.allowedLatenessMs : undefined) ?? time!.allowedLatenessMs,
      }
    case 'project': {
      const kept = node.columns.find(({ name }) => name === time?.column)?.expression
      return kept?.kind === 'column' && kept.name === time?.column ? time : undefined
    }
    case 'mapRows':
    case 'process':
      return node.output.some(({ name, type, nullable }) => name === time?.column && type === 'timestamp' && !nullable)
        ? time
        : undefined
    default:
      return time
  }
}

function stageOf(node: LogicalNode, time: TimeOfRows | undefined, next: Stage, result: Run): Stage {
  const watermark = (value: number) => next.watermark(value)
  switch (node.op) {
    case 'eventTime':
      return eventTimeStage(node, next)
    case 'processingTime':
      throw new Error('the interpreter has no clock')
    case 'filter':
      return { row: row => evaluate(node.predicate, row) === true && next.row(row), watermark }
    case 'project': {
      const row = (row: Row) =>
        next.row(Object.fromEntries(node.columns.map(({ name, expression }) => [name, evaluate(expression, row)])))
      return { row, watermark }
    }
    case 'windowAggregate':
      return windowStage(node, time!, next, result)
    case 'topRows':
      return topRowsStage(node, time!, next, result)
    case 'windowOrder':
      return windowOrderStage(node, next)
    case 'rowWindow':
      throw new Error('windows over rows have models of their own')
    case 'output':
      return outputStage(node, next)
    case 'filterRows': {
      const keeps = node.fn as (row: Row) => boolean
      return { row: row => keeps({ ...row }) && next.row(row), watermark }
    }
    case 'mapRows': {
      const map = node.fn as (row: Row) => Record<string, unknown>
      return { row: row => next.row(intake(map({ ...row }), node.output)), watermark }
    }
    case 'process': {
      const processor = (node.fn as () => Processor<Row, Record<string, unknown>>)()
      const emit = (row: Record<string, unknown>) => next.row(intake(row, node.output))
      const context = {
        setTimer: () => {
          throw new Error('the interpreter has no clock')
        },
      }
      return {
        row: row => processor.process({ ...row }, emit, context),
        watermark: value => {
          processor.onWatermark?.(value, emit, context)
          next.watermark(value)
        },
      }
    }
    case 'tee': {
      const rows: Row[] = []
      result.branches.set(node.name, rows)
      const branch = stagesOf(node.plan, time, { row: row => rows.push(row), watermark: () => {} }, result)
      return {
        row: row => {
          branch.row({ ...row })
          next.row(row)
        },
        watermark: value => {
          branch.watermark(value)
          next.watermark(value)
        },
      }
    }
  }
}

/** What a row leads the watermark to. */
function watermarkOf({ column, watermarks }: EventTimeNode, row: Row): number {
  const time = row[column] as number
  switch (watermarks.kind) {
    case 'boundedOutOfOrderness':
      return time - watermarks.outOfOrdernessMs - 1
    case 'punctuated': {
      const mark = evaluate(watermarks.expression, row)
      if (typeof mark === 'number') return mark
      return mark === true ? time : Number.NEGATIVE_INFINITY
    }
    case 'physical':
      throw new Error('the interpreter has no clock')
  }
}

/** The watermark is as of each row: it advances behind the row that advances it. */
function eventTimeStage(node: EventTimeNode, next: Stage): Stage {
  let latest = Number.NEGATIVE_INFINITY
  return {
    row(row) {
      next.row(row)
      const watermark = watermarkOf(node, row)
      if (watermark <= latest) return
      latest = watermark
      next.watermark(watermark)
    },
    // Watermarks from before say nothing about this column; the end of the input does.
    watermark: value => value === Number.POSITIVE_INFINITY && next.watermark(value),
  }
}

function windowStage(node: WindowAggregateNode, time: TimeOfRows, next: Stage, result: Run): Stage {
  const { window } = node
  switch (window.kind) {
    case 'tumbling':
    case 'hopping':
    case 'cumulate':
    case 'calendar':
      return alignedWindowsStage(node, window, time, next, result)
    default:
      throw new Error(`the interpreter has no ${window.kind} windows`)
  }
}
