import type { Firing } from '../../time/lateness.ts'
import type { RecordLayout } from './record-layout.ts'
import type { WindowSlices } from './window-slices.ts'

/** How windows of slices run and what bounds their state, for explain(). */
export function sliceNotes(
  { layout, windows, allowedLatenessMs, firing }: NotedWindows,
  keyKernels: readonly string[],
): readonly string[] {
  const { span, periodMs, hasHalves } = windows
  const combine = span === 1 ? [] : ['resolveCombine']
  const kernels = [...keyKernels, 'resolveOneSlice', ...layout.kernels, ...combine]
  const each = `${layout.recordBytes} bytes per key and`
  const kept = firing === 'discarding' ? 0 : Math.ceil(allowedLatenessMs / periodMs)
  if (span === 1) {
    const windows = allowedLatenessMs === 0 ? 'open window' : 'open or late window'
    const stays = kept > 0 ? `, and stays for ${kept} more` : ''
    return [
      `kernels ${kernels.join(', ')}`,
      `state: ${each} ${windows}; a window closes when the watermark passes its end${stays}`,
      ...layout.notes,
    ]
  }
  const late = kept > 0 ? `, twice that and ${kept} more slices for late rows` : ''
  return [
    `kernels ${kernels.join(', ')}`,
    `state: ${each} slice of time, ${hasHalves ? (span + 3) / 2 : span} slices a window${late}; a slice closes when the watermark passes its last window`,
    ...layout.notes,
  ]
}

interface NotedWindows {
  readonly layout: RecordLayout
  readonly windows: WindowSlices
  readonly allowedLatenessMs: number
  readonly firing: Firing
}
