import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import type { CalendarSpec } from '../../src/time/calendar-windows.ts'
import { windowsOf } from '../plan/aligned-windows-interpreter.ts'
import type { Row } from '../plan/scalar-interpreter.ts'

interface Group {
  readonly rows: number[]
  /** Rows since the key last gave a result, and what it gave. */
  since: number
  given: number[] | undefined
}

interface Window {
  readonly start: number
  readonly end: number
  readonly groups: Map<string, Group>
  changed: string[]
}

/** A row; or the job's clock comes to an instant. */
export type EarlyStep =
  | { readonly time: number; readonly key: string; readonly value: number }
  | { readonly clockMs: number }

const countAndTotal = (values: readonly number[]): Row => ({
  n: values.length,
  total: values.reduce((a, b) => a + b, 0),
})

/**
 * Windows with early firings row by row, from their rules alone: a list of values per window and key.
 *
 * @param resultsOf What a result has beside its bounds and its key.
 */
export function earlyWindowsModel(
  spec: AlignedSpec | CalendarSpec,
  input: readonly EarlyStep[],
  outOfOrderness: number,
  resultsOf: (values: readonly number[]) => Row = countAndTotal,
): { readonly rows: Row[]; readonly late: number; readonly firings: readonly (readonly Row[])[] } {
  const { allowedLatenessMs = 0, firing = 'accumulating' } = spec
  const early = spec.early!
  const windows = new Map<number, Window>()
  const out: Row[] = []
  /** The same, by what came out together. */
  const firings: Row[][] = []
  let late = 0
  let watermark = Number.NEGATIVE_INFINITY
  let tickAt = Number.POSITIVE_INFINITY

  const emit = ({ start, end }: Window, key: string, values: readonly number[], isRetraction: boolean) =>
    out.push({
      windowStart: start,
      windowEnd: end,
      key,
      ...resultsOf(values),
      ...(firing === 'retracting' && { isRetraction }),
    })

  const fire = (window: Window, keys: readonly string[]) => {
    const from = out.length
    for (const key of keys) {
      const { given } = window.groups.get(key)!
      if (firing === 'retracting' && given !== undefined) emit(window, key, given, true)
    }
    for (const key of keys) {
      const group = window.groups.get(key)!
      emit(window, key, group.rows, false)
      group.given = [...group.rows]
      group.since = 0
      if (firing === 'discarding') window.groups.delete(key)
    }
    firings.push(out.slice(from))
  }

  const takeChanged = (window: Window): string[] => {
    const keys =
      early.kind === 'rows'
        ? [...window.groups].filter(([, { since }]) => since > 0).map(([key]) => key)
        : window.changed
    window.changed = []
    return keys
  }

  const inOrder = () => [...windows.values()].sort((a, b) => a.end - b.end)
  const nextTick = (after: number) =>
    early.kind === 'interval' && early.by === 'eventTime'
      ? (Math.floor(after / early.everyMs) + 1) * early.everyMs
      : Number.POSITIVE_INFINITY

  const advance = (to: number) => {
    while (to > watermark || (tickAt <= to && tickAt < Number.POSITIVE_INFINITY)) {
      const first = inOrder().find(({ end }) => end - 1 > watermark)
      const end = first === undefined ? Number.POSITIVE_INFINITY : first.end - 1
      if (first !== undefined && end <= Math.min(to, tickAt)) {
        watermark = end
        fire(first, takeChanged(first))
      } else if (tickAt <= to) {
        watermark = Math.max(watermark, tickAt)
        for (const window of inOrder()) if (window.end - 1 > watermark) fire(window, takeChanged(window))
        tickAt = nextTick(to)
      } else {
        watermark = to
        if (tickAt === Number.POSITIVE_INFINITY) tickAt = nextTick(to)
      }
    }
    for (const { end } of inOrder()) if (end - 1 + allowedLatenessMs <= watermark) windows.delete(end)
  }

  let clockMs = Number.NEGATIVE_INFINITY
  const isTick = (toMs: number) =>
    early.kind === 'interval' &&
    early.by === 'clock' &&
    Math.floor(toMs / early.everyMs) > Math.floor(clockMs / early.everyMs)

  for (const step of input) {
    if ('clockMs' in step) {
      // However many multiples are on the way: at all but the first, nothing has changed.
      if (isTick(step.clockMs))
        for (const window of inOrder()) if (window.end - 1 > watermark) fire(window, takeChanged(window))
      clockMs = step.clockMs
      continue
    }
    const { time, key, value } = step
    const all = windowsOf(spec, time)
    const open = all.filter(({ end }) => end - 1 + allowedLatenessMs > watermark)
    if (open.length === 0 && all.length > 0) late++
    for (const bounds of open) {
      let window = windows.get(bounds.end)
      if (window === undefined) windows.set(bounds.end, (window = { ...bounds, groups: new Map(), changed: [] }))
      let group = window.groups.get(key)
      if (group === undefined) window.groups.set(key, (group = { rows: [], since: 0, given: undefined }))
      group.rows.push(value)
      if (bounds.end - 1 <= watermark) fire(window, [key])
      else if (early.kind === 'rows') {
        if (++group.since >= early.rows) fire(window, [key])
      } else if (!window.changed.includes(key)) window.changed.push(key)
    }
    advance(time - outOfOrderness - 1)
  }
  advance(Number.POSITIVE_INFINITY)
  return { rows: out, late, firings }
}
