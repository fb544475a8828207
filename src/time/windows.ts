import { optionInvalid, show } from '../errors.ts'
import {
  type AlignedSpec,
  type CumulateSpec,
  checkCumulate,
  checkHopping,
  checkTumbling,
  describeAligned,
  type HoppingSpec,
} from './aligned-windows.ts'
import { type CalendarSpec, checkCalendar, describeCalendar } from './calendar-windows.ts'
import { checkGlobal, describeGlobal, type GlobalSpec } from './global-windows.ts'
import {
  checkSession,
  checkSlidingPerEvent,
  describeSession,
  type SessionSpec,
  type SlidingPerEventSpec,
} from './session-windows.ts'

export { cumulate, hopping, tumbling } from './aligned-windows.ts'

/** The windows a plan can name; durations in milliseconds. */
export type WindowSpec = AlignedSpec | CalendarSpec | SessionSpec | SlidingPerEventSpec | GlobalSpec

/**
 * Checks a window given as data and freezes a copy.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 */
export function checkWindow(given: unknown): WindowSpec {
  const spec = given as { readonly kind?: unknown } | null | undefined
  switch (spec?.kind) {
    case 'tumbling':
      return checkTumbling(spec)
    case 'hopping':
      return checkHopping(spec)
    case 'cumulate':
      return checkCumulate(spec)
    case 'calendar':
      return checkCalendar(spec)
    case 'session':
      return checkSession(spec)
    case 'slidingPerEvent':
      return checkSlidingPerEvent(spec)
    case 'global':
      return checkGlobal(spec)
    default:
      throw optionInvalid(`A window is made by tumbling(size), session(gap), …, not ${show(given)}`, {
        value: given,
        at: 'window',
      })
  }
}

/** Whether a row belongs to several windows, which are put together from the slices they share. */
export function overlaps(window: WindowSpec): window is HoppingSpec | CumulateSpec {
  if (window.kind === 'hopping') return window.sizeMs > window.slideMs
  return window.kind === 'cumulate' && window.maxMs > window.stepMs
}

/** A window as `explain()` shows it. */
export function describeWindow(window: WindowSpec): string {
  switch (window.kind) {
    case 'calendar':
      return describeCalendar(window)
    case 'global':
      return describeGlobal(window)
    case 'session':
    case 'slidingPerEvent':
      return describeSession(window)
    default:
      return describeAligned(window)
  }
}
