import { CUT, events } from './program/conformance.mjs'

interface Event {
  readonly time: number
  readonly key: string
  readonly value: number
}

interface WindowRow {
  readonly windowStart: number
  readonly windowEnd: number
  readonly key: string
  readonly n: number
  readonly total: number
  readonly low: number
}

/** What comes out of the program's window. */
export interface Expected {
  readonly rows: readonly WindowRow[]
  readonly late: readonly Event[]
}

const [SIZE, OUT_OF_ORDERNESS, LATENESS] = [1000, 100, 300]

/**
 * What comes out, by the book: a row is late when the watermark had reached the last instant of its window before it; the
 * window gives its total anew for it until the lateness is over, then the row goes to the late ones.
 *
 * @returns The whole, and what comes out behind the cut.
 */
export function expected(): { readonly whole: Expected; readonly behindTheCut: Expected } {
  const windows = new Map<number, Map<string, number[]>>()
  const fired = new Set<number>()
  const out: { after: number; row: WindowRow }[] = []
  const late: { after: number; row: Event }[] = []
  let watermark = Number.NEGATIVE_INFINITY

  const rowOf = (start: number, key: string): WindowRow => {
    const values = windows.get(start)!.get(key)!
    const total = values.reduce((sum, value) => sum + value, 0)
    return { windowStart: start, windowEnd: start + SIZE, key, n: values.length, total, low: Math.min(...values) }
  }
  const fireTo = (limit: number, after: number): void => {
    for (const start of [...windows.keys()].sort((a, b) => a - b)) {
      if (fired.has(start) || start + SIZE - 1 > limit) continue
      fired.add(start)
      for (const key of windows.get(start)!.keys()) out.push({ after, row: rowOf(start, key) })
    }
  }

  for (const [i, event] of events().entries() as IterableIterator<[number, Event]>) {
    const start = Math.floor(event.time / SIZE) * SIZE
    if (event.value !== 0) {
      if (start + SIZE - 1 + LATENESS <= watermark) late.push({ after: i, row: event })
      else {
        const window = windows.get(start) ?? new Map<string, number[]>()
        windows.set(start, window.set(event.key, [...(window.get(event.key) ?? []), event.value]))
        if (start + SIZE - 1 <= watermark) {
          fired.add(start)
          out.push({ after: i, row: rowOf(start, event.key) })
        }
      }
    }
    watermark = Math.max(watermark, event.time - OUT_OF_ORDERNESS - 1)
    fireTo(watermark, i)
  }
  fireTo(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)

  const from = (index: number): Expected => ({
    rows: out.filter(({ after }) => after >= index).map(({ row }) => row),
    late: late.filter(({ after }) => after >= index).map(({ row }) => row),
  })
  return { whole: from(0), behindTheCut: from(CUT) }
}

/** What comes out of the window without lateness. */
export type Counted = Omit<WindowRow, 'low'>

/** What comes out of that, by the book: no row is taken once the watermark has reached the last instant of its window. */
export function counted(): readonly Counted[] {
  const windows = new Map<string, Counted>()
  let watermark = Number.NEGATIVE_INFINITY
  for (const { time, key, value } of events()) {
    const windowStart = Math.floor(time / SIZE) * SIZE
    const windowEnd = windowStart + SIZE
    if (watermark < windowEnd - 1) {
      const { n, total } = windows.get(`${windowStart} ${key}`) ?? { n: 0, total: 0 }
      windows.set(`${windowStart} ${key}`, { windowStart, windowEnd, key, n: n + 1, total: total + value })
    }
    watermark = Math.max(watermark, time - OUT_OF_ORDERNESS - 1)
  }
  return [...windows.values()]
}

/** The same rows in an order of their own: which of a window's keys comes first says nothing. */
export function inOrder<T>(rows: readonly T[]): readonly string[] {
  return rows.map(row => JSON.stringify(row, Object.keys(row as object).sort())).sort()
}
