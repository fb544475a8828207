import type { AlignedSpec } from '../../time/aligned-windows.ts'
import type { CalendarSpec } from '../../time/calendar-windows.ts'
import { CumulateSlices, HoppingSlices } from './aligned-slices.ts'
import { CalendarSlices } from './calendar-slices.ts'
import type { WindowSlices } from './window-slices.ts'

/** The slices of windows that lie where they lie whatever the rows. */
export function slicesOf(spec: AlignedSpec | CalendarSpec): WindowSlices {
  switch (spec.kind) {
    case 'tumbling':
      return new HoppingSlices(spec.sizeMs, spec.sizeMs, spec.offsetMs)
    case 'hopping':
      return new HoppingSlices(spec.sizeMs, spec.slideMs, spec.offsetMs)
    case 'cumulate':
      return new CumulateSlices(spec.stepMs, spec.maxMs, spec.offsetMs)
    case 'calendar':
      return new CalendarSlices(spec)
  }
}
