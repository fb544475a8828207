import type { GlobalSpec } from '../../src/time/global-windows.ts'
import type { Trigger, TriggerResult } from '../../src/time/triggers.ts'

export interface GivenRow {
  readonly time: number
  readonly key: string
  readonly value: number | null
}

export interface GivenResult {
  readonly windowTime: number
  readonly key: string
  readonly n: number
  readonly total: number | null
  readonly values: readonly number[]
  readonly isRetraction?: boolean
}

interface Group {
  rows: GivenRow[]
  /** Rows since the last firing that counts them. */
  since: number
  isChanged: boolean
  reference: number | undefined
  /** Whether what it holds has been given by an interval. */
  hasFired: boolean
  state: unknown
  wakeAt: number
  order: number
  /** What it gave last, where that is taken back. */
  given: Omit<GivenResult, 'windowTime'> | undefined
}

/** A global window row by row, from its rules alone: a list of rows per key. */
export function globalWindowModel(spec: GlobalSpec, input: readonly GivenRow[], outOfOrderness: number): GivenResult[] {
  const out: GivenResult[] = []
  const groups = new Map<string, Group>()
  const { trigger, purge = false, fireAtEnd = false, firing } = spec
  const isRetracting = firing === 'retracting'
  const own = trigger.kind === 'own' ? (trigger.definition as Trigger<unknown, unknown>) : undefined
  let watermark = Number.NEGATIVE_INFINITY
  /** Keys that wait for a multiple of the interval, in the order in which they changed. */
  let waiting: { readonly key: string; readonly at: number }[] = []
  let asked = 0

  const holds = (key: string): Omit<GivenResult, 'windowTime'> => {
    const { rows } = groups.get(key)!
    const values = rows.flatMap(({ value }) => (value === null ? [] : [value]))
    const total = values.length === 0 ? null : values.reduce((a, b) => a + b, 0)
    return { key, n: rows.length, total, values, ...(isRetracting && { isRetraction: false }) }
  }

  /** Keys that act together: what they gave is taken back, then they give what they hold. */
  const act = (keys: readonly string[], atMs: number, action: TriggerResult) => {
    const full = action === 'purge' ? [] : keys.filter(key => groups.get(key)!.rows.length > 0)
    for (const key of full) {
      const { given } = groups.get(key)!
      if (given !== undefined) out.push({ windowTime: atMs, ...given, isRetraction: true })
    }
    for (const key of full) out.push({ windowTime: atMs, ...holds(key) })
    for (const key of keys) {
      const group = groups.get(key)!
      group.isChanged = false
      if (full.includes(key) && isRetracting) group.given = holds(key)
      if (purge || action !== 'fire') Object.assign(group, { rows: [], since: 0, given: undefined, hasFired: false })
    }
  }

  const advance = (to: number) => {
    if (to <= watermark) return
    watermark = to
    for (;;) {
      const at = Math.min(...waiting.map(each => each.at))
      if (waiting.length === 0 || at > to) break
      const keys = waiting.filter(each => each.at === at).map(({ key }) => key)
      waiting = waiting.filter(each => each.at !== at)
      for (const key of keys) groups.get(key)!.hasFired = true
      act(keys, at, 'fire')
    }
    for (;;) {
      const [first] = [...groups]
        .filter(([, { wakeAt }]) => wakeAt <= to && wakeAt < Number.POSITIVE_INFINITY)
        .sort(([, a], [, b]) => a.wakeAt - b.wakeAt || a.order - b.order)
      if (first === undefined) return
      const [key, group] = first
      const { wakeAt } = group
      group.wakeAt = Number.POSITIVE_INFINITY
      const action = own!.onTime!(group.state, wakeAt, {
        rowTime: wakeAt,
        watermark: to === Number.POSITIVE_INFINITY ? to : wakeAt,
        wakeAt(atMs) {
          group.wakeAt = to === Number.POSITIVE_INFINITY ? to : Math.max(atMs, wakeAt + 1)
          group.order = asked++
        },
      })
      if (action !== 'continue') act([key], wakeAt, action)
    }
  }

  for (const row of input) {
    const { key, time, value } = row
    let group = groups.get(key)
    if (group === undefined) {
      group = {
        rows: [],
        since: 0,
        isChanged: false,
        reference: undefined,
        hasFired: false,
        state: own?.create?.(),
        wakeAt: Number.POSITIVE_INFINITY,
        order: 0,
        given: undefined,
      }
      groups.set(key, group)
    }
    const isEmpty = group.rows.length === 0
    if (isEmpty) {
      // The end of the input fires keys in the order in which what they hold began.
      groups.delete(key)
      groups.set(key, group)
    }
    group.rows.push(row)
    group.since++
    group.isChanged = true
    switch (trigger.kind) {
      case 'rows':
        if (group.since === trigger.rows) {
          group.since = 0
          act([key], time, 'fire')
        }
        break
      case 'delta':
        if (value === null) break
        if (group.reference === undefined) group.reference = value
        else if (Math.abs(value - group.reference) > trigger.threshold) {
          group.reference = value
          act([key], time, 'fire')
        }
        break
      case 'interval':
        if (waiting.some(each => each.key === key)) break
        // From the first multiple behind the row it began with, at each.
        waiting.push({
          key,
          at:
            (Math.floor((group.hasFired ? watermark : Math.max(time, watermark)) / trigger.everyMs) + 1) *
            trigger.everyMs,
        })
        break
      case 'own': {
        const met = watermark
        const of = group
        const action = own!.onRow(group.state, row, {
          rowTime: time,
          watermark: met,
          wakeAt(atMs) {
            of.wakeAt = Math.max(atMs, met + 1)
            of.order = asked++
          },
        })
        if (action !== 'continue') act([key], time, action)
      }
    }
    advance(time - outOfOrderness - 1)
  }
  advance(Number.POSITIVE_INFINITY)
  const latest = Math.max(...input.map(({ time }) => time))
  if (fireAtEnd)
    act(
      [...groups].flatMap(([key, { isChanged, rows }]) => (isChanged && rows.length > 0 ? [key] : [])),
      latest,
      'fire',
    )
  return out
}
