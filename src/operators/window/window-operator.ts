import type { Arena } from '../../memory/arena.ts'
import type { WindowSpec } from '../../time/windows.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import type { StageTimers } from '../stage-timers.ts'
import { EarlySessionWindows } from './early-session-windows.ts'
import { EarlyWindowOperator } from './early-window.ts'
import { EventWindowOperator } from './event-window.ts'
import { FillEmptyOperator, type FillEmptyOptions } from './fill-empty.ts'
import { GlobalWindowOperator } from './global-window.ts'
import { SessionWindows } from './session-windows.ts'
import { slicesOf } from './slices-of.ts'
import { SlidingPerEventWindows } from './sliding-per-event-windows.ts'
import type { SeenColumn } from './triggers/own-trigger.ts'
import { WindowAggregateOperator, type WindowAggregateOptions } from './window-aggregate.ts'

/** An operator that makes rows per window and key. */
export interface WindowOperator extends Operator {
  readonly rowsIn: number
  readonly rowsOut: number
  /** Rows no window took because they came too late, and that went nowhere else. */
  readonly lateRows: number
  /** How it runs, for explain(). */
  notes(): readonly string[]
}

/** What the windows of all kinds are made with. */
type WindowOptions = Omit<WindowAggregateOptions, 'windows'> & {
  readonly timers: StageTimers
  /** The columns a trigger looks at. */
  readonly seen: readonly SeenColumn[]
  /** See windows around events. */
  readonly firesApart: boolean
}

/** What gives rows for windows that have none, where a window is to. */
export function fillOperator(
  spec: WindowSpec,
  kernels: KernelExports,
  arena: Arena,
  next: Operator,
  options: Omit<FillEmptyOptions, 'windows' | 'limit'>,
): FillEmptyOperator | undefined {
  if (!('fillEmpty' in spec) || spec.fillEmpty === undefined) return undefined
  const windows = slicesOf(spec)
  return new FillEmptyOperator(kernels, arena, next, { ...options, windows, limit: spec.fillEmpty })
}

/** The operator of a kind of window. */
export function windowOperator(
  spec: WindowSpec,
  kernels: KernelExports,
  arena: Arena,
  next: Operator,
  options: WindowOptions,
): WindowOperator {
  switch (spec.kind) {
    case 'session':
      return new EventWindowOperator(kernels, arena, next, options, parts =>
        spec.early === undefined ? new SessionWindows(parts, spec) : new EarlySessionWindows(parts, spec, spec.early),
      )
    case 'slidingPerEvent':
      return new EventWindowOperator(kernels, arena, next, options, parts => new SlidingPerEventWindows(parts, spec))
    case 'global':
      return new GlobalWindowOperator(kernels, arena, next, spec, options)
    default:
      if (spec.early !== undefined)
        return new EarlyWindowOperator(kernels, arena, next, spec.early, { ...options, windows: slicesOf(spec) })
      return new WindowAggregateOperator(kernels, arena, next, { ...options, windows: slicesOf(spec) })
  }
}
