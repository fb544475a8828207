import { optionInvalid } from '../errors.ts'
import { columnsOf } from '../expression/columns.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { rowExpression } from '../plan/expression-arguments.ts'
import type { EventTimeNode } from '../plan/logical-node.ts'
import { eventTimeNode } from '../plan/make-node.ts'
import { boundedOutOfOrderness, type WatermarkStrategy } from '../plan/watermarks.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import { type Duration, durationMs } from '../time/duration.ts'

/** How event time moves on, and how long windows wait for it. */
export interface EventTimeOptions<F extends SchemaFields> {
  /** How watermarks come about; default `boundedOutOfOrderness(outOfOrderness)`. */
  readonly watermarks?: WatermarkStrategy<F>
  /** Short for `watermarks: boundedOutOfOrderness(…)`; default 0. */
  readonly outOfOrderness?: Duration
  /** The same as a number of milliseconds. */
  readonly outOfOrdernessMs?: number
  /**
   * How long windows take rows in after they have fired, each for a new result; default 0. A window may have a lateness of
   * its own.
   */
  readonly allowedLateness?: Duration
  /** The same as a number of milliseconds. */
  readonly allowedLatenessMs?: number
  /**
   * How long an input without rows holds the watermark back, by the job's clock (Flink's idleness). Each source of a job is
   * an input, and what is pushed is one; the watermark is the least of theirs. An idle input takes part again from its next
   * row on; when all are idle the watermark stays. Default: an input holds it back until it ends.
   */
  readonly idleness?: Duration
  /**
   * How far a row's time may be ahead of the job's clock. One that is further is an event that doesn't fit: it never enters,
   * and the policy `errors.source` decides on it. The event time has to be a column of the source as it came. Default: no
   * limit, and one wrong time makes all rows behind it late.
   */
  readonly maxFutureSkew?: Duration
}

const NAMES: OptionNames<EventTimeOptions<never>> = {
  watermarks: true,
  outOfOrderness: true,
  outOfOrdernessMs: true,
  allowedLateness: true,
  allowedLatenessMs: true,
  idleness: true,
  maxFutureSkew: true,
}

/** The step of `eventTime`. @throws EventfluxError `OPTION_INVALID`, `EXPRESSION_INVALID`. */
export function eventTimeStep<F extends SchemaFields>(
  schema: Schema<F>,
  column: string,
  options: EventTimeOptions<F>,
): EventTimeNode {
  checkOptions('eventTime', options, NAMES)
  const outOfOrdernessMs = lengthOf('outOfOrderness', options)
  const { watermarks } = options
  if (watermarks !== undefined && outOfOrdernessMs !== undefined)
    throw optionInvalid('outOfOrderness is short for watermarks: boundedOutOfOrderness(…): give one of the two', {
      at: 'outOfOrderness',
    })
  return eventTimeNode({
    column,
    watermarks:
      watermarks?.kind === 'punctuated'
        ? {
            kind: watermarks.kind,
            expression: rowExpression('punctuated', watermarks.mark(columnsOf(schema))),
          }
        : (watermarks ?? boundedOutOfOrderness(outOfOrdernessMs ?? 0)),
    allowedLatenessMs: lengthOf('allowedLateness', options) ?? 0,
    idlenessMs: given(options.idleness, 'idleness'),
    maxFutureSkewMs: given(options.maxFutureSkew, 'maxFutureSkew'),
  })
}

function lengthOf(
  name: 'outOfOrderness' | 'allowedLateness',
  options: Pick<EventTimeOptions<never>, `${typeof name}${'' | 'Ms'}`>,
): number | undefined {
  const { [name]: duration, [`${name}Ms` as const]: ms } = options
  if (duration !== undefined && ms !== undefined)
    throw optionInvalid(`${name} and ${name}Ms are the same: give one of the two`, { value: ms, at: name })
  return given(duration, name) ?? ms
}

const given = (duration: Duration | undefined, name: string): number | undefined =>
  duration === undefined ? undefined : durationMs(duration, name)
