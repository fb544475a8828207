import { ABORTED, type AbortGate } from './abort-gate.ts'
import type { IntakeResult } from './source.ts'

/**
 * Whether a source shall go on after a push: not when the signal aborted while it waited for room, nor when nothing is
 * taken any more. Other refusals (a full queue that drops) are the queue's to count. A promise only when there is a wait.
 */
export function goesOn(pushed: IntakeResult | Promise<IntakeResult>, gate: AbortGate): boolean | Promise<boolean> {
  if (pushed === true) return true
  if ('then' in pushed) return gate.wait(pushed).then(result => result !== ABORTED && isOpen(result))
  return isOpen(pushed)
}

function isOpen(result: IntakeResult): boolean {
  return result === true || result.reason !== 'closed'
}
