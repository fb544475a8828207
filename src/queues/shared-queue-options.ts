import { optionInvalid, show } from '../errors.ts'
import type { EngineChoice } from '../kernels/engine.ts'
import type { SharedRingKind } from '../memory/shared-ring.ts'
import type { AsyncWaitOptions } from '../memory/wait-cell.ts'
import type { LedgerSnapshot } from '../metrics/ledger.ts'
import { checkNeededOptions, checkOptions, expectSignal, isNumber, type OptionNames } from '../options.ts'
import { MAX_CAPACITY } from '../runtime/event-store/event-store.ts'
import { checkRange, checkStrategy, MAX_MEMBERS, type SharedStrategy } from './shared-queue-handle.ts'

/** How a shared queue is made. */
export interface SharedEventQueueOptions {
  /** Events it can hold: 1 … 2^24, kept exactly. */
  readonly capacity: number
  /** `'spsc'`: one thread pushes and one pops, each in a fixed number of steps. Default `'mpmc'`: any number of either. */
  readonly kind?: SharedRingKind
  /** What `push` does when it is full; default `'block'`. */
  readonly backpressure?: SharedStrategy
  /** Threads that can be attached at once: 1 … 1,024; default 16. */
  readonly members?: number
  /** Default `'auto'`. */
  readonly engine?: EngineChoice
}

const NAMES: OptionNames<SharedEventQueueOptions> = {
  capacity: true,
  kind: true,
  backpressure: true,
  members: true,
  engine: true,
}

/** The options with every default filled in. @throws EventfluxError `OPTION_INVALID` */
export function sharedOptions(options: SharedEventQueueOptions): Required<SharedEventQueueOptions> {
  checkNeededOptions('SharedEventQueue', options, NAMES)
  const { kind = 'mpmc', backpressure = 'block', members = 16, engine = 'auto' } = options
  const capacity = checkRange('capacity', options.capacity, MAX_CAPACITY)
  checkRange('members', members, MAX_MEMBERS)
  return { capacity, kind, backpressure: checkStrategy(backpressure, kind), members, engine }
}

/** How long a push or a pop waits. */
export type SharedWaitOptions = Pick<AsyncWaitOptions, 'timeoutMs' | 'signal'>

const WAIT_NAMES: OptionNames<SharedWaitOptions> = { timeoutMs: true, signal: true }

/** @throws EventfluxError `OPTION_INVALID` for what is no wait. */
export function checkWait(wait: SharedWaitOptions | undefined): void {
  if (wait === undefined) return
  checkOptions('a wait', wait, WAIT_NAMES)
  if (wait.timeoutMs !== undefined) checkTimeout(wait.timeoutMs)
  expectSignal(wait.signal)
}

/** @throws EventfluxError `OPTION_INVALID` for what is no number of milliseconds. Below 0 is as good as 0. */
export function checkTimeout(timeoutMs: number): number {
  if (isNumber(timeoutMs)) return timeoutMs
  throw optionInvalid(`timeoutMs is a number of milliseconds, not ${show(timeoutMs)}`, {
    value: timeoutMs,
    at: 'timeoutMs',
  })
}

/** A shared queue's numbers, of all threads together. Counters of threads at work are a moment old. */
export interface SharedEventQueueStats extends LedgerSnapshot {
  readonly capacity: number
}
