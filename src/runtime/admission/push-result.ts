import type { RejectReason } from '../../metrics/counters.ts'

/** Why nothing (more) was handed over. The caller still has the event. */
export interface Rejected {
  readonly ok: false
  readonly reason: RejectReason
}

/** What became of one pushed event: `true`, or why it was refused. Compare with `=== true`: a refusal is truthy. */
export type PushResult = true | Rejected

/** A batch of which only the first `accepted` rows went in. */
export interface BatchRejected extends Rejected {
  readonly accepted: number
  readonly rejected: number
}

/** What became of a pushed batch: `true` when all of it went in. */
export type BatchResult = true | BatchRejected

const rejection = (reason: RejectReason): Rejected => Object.freeze({ ok: false, reason })

/** One frozen refusal per reason, so that refusing allocates nothing. */
export const REJECTED: Readonly<Record<RejectReason, Rejected>> = Object.freeze({
  full: rejection('full'),
  closed: rejection('closed'),
  timeout: rejection('timeout'),
  aborted: rejection('aborted'),
  circuitOpen: rejection('circuitOpen'),
  invalid: rejection('invalid'),
})
