import { optionInvalid, show } from '../errors.ts'
import type { Columns } from '../expression/columns.ts'
import type { BooleanExpression, TimestampExpression } from '../expression/expression.ts'
import { formatExpression } from '../expression/format.ts'
import type { ExpressionNode } from '../expression/node.ts'
import { validateNode } from '../expression/validate-node.ts'
import type { SchemaFields } from '../schema/schema.ts'
import { type Duration, durationMs, formatDuration } from '../time/duration.ts'

/** The watermark is the greatest time so far, less the out-of-orderness, less 1. */
export interface BoundedOutOfOrderness {
  readonly kind: 'boundedOutOfOrderness'
  readonly outOfOrdernessMs: number
}

/** The watermark stands in the rows: a timestamp, or the time of those that meet a condition. */
interface PunctuatedSpec {
  readonly kind: 'punctuated'
  readonly expression: ExpressionNode
}

/** The watermark is the greatest time so far, less the wait, and moves on with the clock from there. */
export interface PhysicalWatermarks {
  readonly kind: 'physical'
  readonly waitMs: number
}

/** How watermarks come about, as data. */
export type WatermarkSpec = BoundedOutOfOrderness | PunctuatedSpec | PhysicalWatermarks

/** Watermarks that stand in the rows, of columns `F`. */
export interface Punctuated<F extends SchemaFields> {
  readonly kind: 'punctuated'
  readonly mark: (e: Columns<F>) => WatermarkExpression
}

/** A condition or a timestamp of one row. */
export type WatermarkExpression =
  | BooleanExpression<boolean, 'literal' | 'row'>
  | TimestampExpression<boolean, 'literal' | 'row'>

/** How watermarks come about, over columns `F`. */
export type WatermarkStrategy<F extends SchemaFields> = BoundedOutOfOrderness | Punctuated<F> | PhysicalWatermarks

/**
 * Rows out of order by at most `bound` (Flink's `forBoundedOutOfOrderness`): watermark = greatest time so far - `bound` -
 * 1 ms.
 *
 * @param bound At least 0.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.eventTime('time', { watermarks: boundedOutOfOrderness('5s') })
 * ```
 */
export function boundedOutOfOrderness(bound: Duration): BoundedOutOfOrderness {
  return checkBounded(durationMs(bound, 'outOfOrderness'))
}

/**
 * Rows in order of their times (Flink's `forMonotonousTimestamps`): watermark = greatest time so far - 1 ms. A row behind
 * its predecessors is no error, only late.
 *
 * @example
 * ```ts
 * stream.eventTime('time', { watermarks: monotonous() })
 * ```
 */
export function monotonous(): BoundedOutOfOrderness {
  return checkBounded(0)
}

/**
 * Watermarks that stand in the rows (Flink's punctuated ones). A condition: the time of a row that meets it is the
 * watermark from that row on. A timestamp: it is the watermark itself. Null and false change nothing, and the watermark
 * never goes back. A watermark says that no row of that time or before follows.
 *
 * @example
 * ```ts
 * stream.eventTime('time', { watermarks: punctuated(e => e.symbol.eq('END')) })
 * ```
 */
export function punctuated<F extends SchemaFields>(mark: (e: Columns<F>) => WatermarkExpression): Punctuated<F> {
  if (typeof mark !== 'function')
    throw optionInvalid(`punctuated takes e => condition or timestamp, not ${show(mark)}`, {
      value: mark,
      at: 'watermarks',
    })
  return Object.freeze({ kind: 'punctuated', mark })
}

/**
 * Watermarks that move on with the job's clock (Bytewax's): a row leads the watermark to its time - `wait`, and from there
 * it advances as the clock does, so that windows close though no row comes. For streams whose times are about now: a row
 * is late when it is longer under way than `wait`.
 *
 * @param wait At least 0.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.eventTime('time', { watermarks: physical('10s') })
 * ```
 */
export function physical(wait: Duration): PhysicalWatermarks {
  return checkPhysical(durationMs(wait, 'wait'))
}

/** Checks a strategy given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`, `EXPRESSION_INVALID`. */
export function checkWatermarks(given: unknown): WatermarkSpec {
  const spec = given as
    | Partial<Record<'kind' | 'outOfOrdernessMs' | 'waitMs' | 'expression', unknown>>
    | null
    | undefined
  switch (spec?.kind) {
    case 'boundedOutOfOrderness':
      return checkBounded(spec.outOfOrdernessMs)
    case 'physical':
      return checkPhysical(spec.waitMs)
    case 'punctuated':
      return Object.freeze({ kind: 'punctuated', expression: validateNode(spec.expression) })
    default:
      throw optionInvalid(`watermarks are made by boundedOutOfOrderness(…), punctuated(…), …, not ${show(given)}`, {
        value: given,
        at: 'watermarks',
      })
  }
}

/** A strategy as `explain()` shows it. */
export function describeWatermarks(spec: WatermarkSpec): string {
  switch (spec.kind) {
    case 'boundedOutOfOrderness':
      return `out of order by up to ${formatDuration(spec.outOfOrdernessMs)}`
    case 'punctuated':
      return `watermarks by ${formatExpression(spec.expression)}`
    case 'physical':
      return `watermark ${formatDuration(spec.waitMs)} behind, on with the clock`
  }
}

const checkBounded = (given: unknown): BoundedOutOfOrderness =>
  Object.freeze({ kind: 'boundedOutOfOrderness', outOfOrdernessMs: lengthOf(given, 'outOfOrderness') })

const checkPhysical = (given: unknown): PhysicalWatermarks =>
  Object.freeze({ kind: 'physical', waitMs: lengthOf(given, 'wait') })

function lengthOf(given: unknown, at: string): number {
  if (Number.isSafeInteger(given) && (given as number) >= 0) return given as number
  throw optionInvalid(`${at} is at least 0 ms, not ${show(given)}`, { value: given, at })
}
