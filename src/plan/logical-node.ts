import type { ExpressionNode, ResultNode } from '../expression/node.ts'
import type { SortTerm } from '../expression/ordering.ts'
import type { TypeName } from '../schema/data-type.ts'
import type { RowWindowSpec } from '../time/row-windows.ts'
import type { WindowSpec } from '../time/windows.ts'
import type { LinkSpec } from './link-options.ts'
import type { OutputNode } from './output-rate.ts'
import type { WatermarkSpec } from './watermarks.ts'

import type { TopRowsNode, WindowOrderNode } from './window-order.ts'

export type { WindowSpec } from '../time/windows.ts'
export type { OutputNode } from './output-rate.ts'
export type { TopRowsNode, WindowOrderNode } from './window-order.ts'

/** A schema as data. */
export interface FieldSpec {
  readonly name: string
  readonly type: TypeName
  readonly nullable: boolean
}

export interface EventTimeNode {
  readonly op: 'eventTime'
  readonly column: string
  readonly watermarks: WatermarkSpec
  readonly allowedLatenessMs: number
  /** How long an input without rows holds the watermark back; left out: as long as it likes. */
  readonly idlenessMs?: number
  /** How far ahead of the clock a time may be; rows beyond are refused at the door. */
  readonly maxFutureSkewMs?: number
}
/** Adds a column with the instant of the job's clock at which a row is worked on, which is its time from there on. */
export interface ProcessingTimeNode {
  readonly op: 'processingTime'
  readonly column: string
}
export interface FilterNode {
  readonly op: 'filter'
  readonly predicate: ExpressionNode
}
/** Replaces the columns by `columns`, in this order. The event-time column is appended when it is not among them. */
export interface ProjectNode {
  readonly op: 'project'
  readonly columns: readonly { readonly name: string; readonly expression: ExpressionNode }[]
}
/** keyBy + window + aggregate become one node when the builder's `aggregate` is called. Output columns: windowStart, windowEnd, keys, results. */
export interface WindowAggregateNode {
  readonly op: 'windowAggregate'
  readonly keys: readonly string[]
  readonly window: WindowSpec
  readonly results: readonly { readonly name: string; readonly result: ResultNode }[]
}
/**
 * A window over rows in the order they arrive, and what is made of the rows it puts out. Output columns: windowTime (the
 * instant a row entered or left), kind where both come out, results. `keys`: each has a window of its own; `groupBy`: the
 * rows of a window are aggregated by these columns. A result is made of aggregates over what the window holds, or an
 * expression over the row put out.
 */
export interface RowWindowNode {
  readonly op: 'rowWindow'
  readonly keys: readonly string[]
  readonly groupBy: readonly string[]
  readonly window: RowWindowSpec
  readonly results: readonly RowWindowResult[]
  /** A condition over the output columns. In a batch the last row of each group that meets it comes out. */
  readonly having?: ExpressionNode
  /** Of the rows that come out together, after `having`: in this order those behind the first `offset`, at most `limit`. */
  readonly order?: readonly SortTerm[]
  readonly offset?: number
  readonly limit?: number
}
export type RowWindowResult =
  | { readonly name: string; readonly result: ResultNode }
  | { readonly name: string; readonly expression: ExpressionNode }
/** A column that goes along with rows, under another name from there on. */
export interface CarriedColumn {
  readonly column: string
  readonly as: string
}
/** The slow path: a user function over row objects. It can't travel as JSON unless it is given as `{ module, export }`. */
export interface RowsNode {
  readonly op: 'filterRows' | 'mapRows' | 'process'
  readonly fn: unknown
  readonly output: readonly FieldSpec[]
  readonly name: string
  /** Columns that go along with the rows unseen: see total-order.ts. No plan of a user has any. */
  readonly carries?: readonly CarriedColumn[]
}
/** A side branch: the rows flow on unchanged and also through `plan` into a sink of the same name given to run(). */
export interface TeeNode {
  readonly op: 'tee'
  readonly name: string
  readonly plan: readonly LogicalNode[]
}
/** Any step. What one with an `id` keeps is found again by it, wherever in the plan the step stands. */
export type LogicalNode = (
  | EventTimeNode
  | ProcessingTimeNode
  | FilterNode
  | ProjectNode
  | WindowAggregateNode
  | RowWindowNode
  | WindowOrderNode
  | TopRowsNode
  | OutputNode
  | RowsNode
  | TeeNode
) & { readonly id?: string }

/** A whole pipeline as frozen data: printable, comparable, JSON unless it holds user functions. */
export interface LogicalPlan {
  readonly version: 1
  readonly source: readonly FieldSpec[]
  readonly nodes: readonly LogicalNode[]
  /** The steps that each begin a further stage: ascending, each greater than 0. Left out: all is one stage. */
  readonly stages?: readonly number[]
  /** The links in front of some of these, as far as something was said of them. */
  readonly links?: readonly LinkSpec[]
}
