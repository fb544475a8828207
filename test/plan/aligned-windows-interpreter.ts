import type { AggregateNode, ResultNode } from '../../src/expression/node.ts'
import type { WindowAggregateNode } from '../../src/plan/logical-node.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import type { CalendarSpec } from '../../src/time/calendar-windows.ts'
import { Collected } from './aggregate-interpreter.ts'
import { stretchOf } from './calendar-stretches.ts'
import type { Run, Stage, TimeOfRows } from './row-interpreter.ts'
import { alignedStart, evaluateResult, type Row, type Value } from './scalar-interpreter.ts'

/** A window's bounds; no two windows of a kind end at the same time. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

/** The windows a time belongs to, by their ends: from the definition, one by one. */
export function windowsOf(spec: AlignedSpec | CalendarSpec, time: number): Bounds[] {
  if (spec.kind === 'calendar') return [stretchOf(spec, time)]
  const windows: Bounds[] = []
  if (spec.kind === 'cumulate') {
    const start = alignedStart(time, spec.maxMs, spec.offsetMs)
    for (let end = start + spec.stepMs; end <= start + spec.maxMs; end += spec.stepMs)
      if (time < end) windows.push({ start, end })
    return windows
  }
  const slide = spec.kind === 'tumbling' ? spec.sizeMs : spec.slideMs
  for (let start = alignedStart(time, slide, spec.offsetMs); start > time - spec.sizeMs; start -= slide)
    windows.unshift({ start, end: start + spec.sizeMs })
  return windows
}

/** Where the slice of a time begins: at the last edge of any window. */
function sliceStart(spec: AlignedSpec | CalendarSpec, time: number): number {
  switch (spec.kind) {
    case 'calendar':
      return stretchOf(spec, time).start
    case 'tumbling':
      return alignedStart(time, spec.sizeMs, spec.offsetMs)
    case 'cumulate':
      return alignedStart(time, spec.stepMs, spec.offsetMs)
    case 'hopping':
      return Math.max(
        alignedStart(time, spec.slideMs, spec.offsetMs),
        alignedStart(time, spec.slideMs, spec.offsetMs + spec.sizeMs),
      )
  }
}

interface Group {
  readonly keys: Row
  readonly aggregates: Map<AggregateNode, Collected>
  /** The first slice in which the key appeared, and when it did so there. */
  slice: number
  arrival: number
}

interface Window extends Bounds {
  readonly groups: Map<string, Group>
}

/** Windows that keep what they saw by key, every row in each window it belongs to. */
export function alignedWindowsStage(
  node: WindowAggregateNode,
  spec: AlignedSpec | CalendarSpec,
  time: TimeOfRows,
  next: Stage,
  result: Run,
): Stage {
  const { allowedLatenessMs = time.allowedLatenessMs, firing = 'accumulating', lateTo } = spec
  const firesOnUpdate = spec.emit === 'onUpdate'
  const calls = node.results.flatMap(({ result }) => aggregatesIn(result))
  const windows = new Map<number, Window>()
  let now = Number.NEGATIVE_INFINITY
  let arrivals = 0
  const late: Row[] = []
  if (lateTo !== undefined) result.branches.set(lateTo, late)

  const newGroup = (keys: Row, slice: number): Group => ({
    keys,
    aggregates: new Map(calls.map(call => [call, new Collected(call, time.of)])),
    slice,
    arrival: arrivals,
  })

  const emit = ({ start, end }: Bounds, { keys, aggregates }: Group, isRetraction = false) => {
    const results = node.results.map(({ name, result }) => [
      name,
      evaluateResult(result, call => aggregates.get(call)!.result({ start, end })),
    ])
    next.row({
      windowStart: start,
      windowEnd: end,
      ...keys,
      ...Object.fromEntries(results),
      ...(firing === 'retracting' && { isRetraction }),
    })
  }

  const add = (row: Row, keys: Row, bounds: Bounds) => {
    const slice = sliceStart(spec, time.of(row))
    const id = node.keys.map(name => `${typeof keys[name]}:${String(keys[name]).length}:${keys[name]}`).join()
    let window = windows.get(bounds.end)
    if (window === undefined) windows.set(bounds.end, (window = { ...bounds, groups: new Map() }))
    const hasFired = firesOnUpdate || bounds.end - 1 <= now
    const known = firing === 'discarding' && hasFired ? undefined : window.groups.get(id)
    const group = known ?? newGroup(keys, slice)
    if (hasFired && firing === 'retracting' && known !== undefined) emit(bounds, known, true)
    window.groups.set(id, group)
    if (slice < group.slice) Object.assign(group, { slice, arrival: arrivals })
    for (const collected of group.aggregates.values()) collected.add(row)
    if (hasFired) emit(bounds, group)
  }

  return {
    row(row) {
      arrivals++
      const keys = Object.fromEntries(node.keys.map(name => [name, keyValue(row[name]!)]))
      const all = windowsOf(spec, time.of(row))
      const open = all.filter(({ end }) => end - 1 + allowedLatenessMs > now)
      if (!firesOnUpdate && open.length > 0 && open.at(-1)!.end - 1 > now && all[0]!.end - 1 <= now) result.stragglers++
      for (const bounds of open) add(row, keys, bounds)
      if (open.length > 0 || all.length === 0) return
      if (lateTo === undefined) result.late++
      else late.push({ ...row })
    },
    watermark(value) {
      const before = now
      now = value
      for (const window of [...windows.values()].sort((a, b) => a.end - b.end)) {
        const lastTime = window.end - 1
        if (lastTime > now) break
        const groups = [...window.groups.values()].sort((a, b) => a.slice - b.slice || a.arrival - b.arrival)
        if (lastTime > before && !firesOnUpdate) for (const group of groups) emit(window, group)
        if (lastTime + allowedLatenessMs <= now) windows.delete(window.end)
      }
      next.watermark(value)
    },
  }
}

function aggregatesIn(node: ResultNode): AggregateNode[] {
  if (node.kind === 'aggregate') return [node]
  return node.kind === 'call' ? node.args.flatMap(aggregatesIn) : []
}

/** Keys that compare equal are one key: there is one zero and one NaN. */
const keyValue = (value: Value): Value => (value === 0 ? 0 : value)
