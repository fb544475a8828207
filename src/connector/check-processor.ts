import { type EventfluxError, optionInvalid, show, stageFailed } from '../errors.ts'
import { isNumber } from '../options.ts'
import { isPromise } from './error-policy-runner.ts'
import type { Processor } from './processor.ts'

/** @throws EventfluxError `OPTION_INVALID` for what is no processor, such as a function. */
export function checkProcessor(processor: unknown, at: string): void {
  if (typeof (processor as Processor<unknown, unknown> | null | undefined)?.process === 'function') return
  throw optionInvalid(`"${at}" is no processor, an object with process(row, emit), but ${show(processor)}`, {
    value: processor,
    at,
  })
}

/**
 * Whoever looks at a row is through with it when its function returns: what is emitted or answered behind an `await` would
 * come too late, beside other rows.
 *
 * @throws EventfluxError `STAGE_FAILED` for a promise.
 */
export function checkAnswer<T>(answer: T): T {
  if (!isPromise<unknown>(answer)) return answer
  // It may fail, too: nobody else looks at it.
  answer.then(undefined, () => {})
  throw stageFailed('it gave a promise, and rows are not waited for here: wait in the source or in the sink')
}

/** For a row that is emitted when no callback of its stage is running, from a timer or a promise: nobody would take it. */
export const emittedTooLate = (stage: string, row: unknown): EventfluxError =>
  stageFailed(`"${stage}" emitted a row after it had returned, which is too late: wait in the source or in the sink`, {
    value: row,
    at: stage,
  })

/** @throws EventfluxError `OPTION_INVALID` for what is no instant a timer could be set for. */
export function checkInstant(atMs: unknown): void {
  if (isNumber(atMs)) return
  throw optionInvalid(`setTimer takes milliseconds since the Unix epoch, not ${show(atMs)}`, {
    value: atMs,
    at: 'atMs',
  })
}
