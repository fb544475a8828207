import { type EventColumns, WINDOW_MS } from './events.ts'
import type { WindowRow } from './window-rows.ts'

/** The workload said as plainly as possible: what every contestant's results are held against. */
export function expectedRows({ rows, time, key, value, dictionary }: EventColumns): WindowRow[] {
  const groups = new Map<string, { windowStart: number; key: string; values: number[] }>()
  for (let i = 0; i < rows; i++) {
    const v = value[i]!
    const t = time[i]!
    if (!(v > 0.25)) continue
    const windowStart = Math.floor(t / WINDOW_MS) * WINDOW_MS
    const name = dictionary.length > 0 ? dictionary[key[i]!]! : String(key[i]!)
    const id = `${windowStart} ${name}`
    let found = groups.get(id)
    if (found === undefined) groups.set(id, (found = { windowStart, key: name, values: [] }))
    found.values.push(v * 1.08 + (t % 7))
  }
  return Array.from(groups.values(), ({ windowStart, key: name, values }) => ({
    windowStart,
    windowEnd: windowStart + WINDOW_MS,
    key: name,
    count: values.length,
    sum: values.reduce((total, one) => total + one, 0),
    min: values.reduce((least, one) => Math.min(least, one)),
    max: values.reduce((greatest, one) => Math.max(greatest, one)),
  }))
}
