import { type EventRow, KEYS, WINDOW_MS } from './events.ts'
import { GroupTable } from './group-table.ts'
import { KeyTable } from './key-table.ts'
import type { WindowConsumer, WindowRow } from './window-rows.ts'

/** A hand-written form of the workload over an array of objects. Knows that the input is in order. */
export type RowLoop = (events: readonly EventRow[], consume: WindowConsumer, texts: string[]) => void

/** Flat accumulators in typed arrays; keys are positions 0 … 999. */
export const flatLoop: RowLoop = (events, consume) => {
  const groups = new GroupTable(consume, undefined)
  const { fields } = groups
  let end = Number.NEGATIVE_INFINITY
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!
    const v = event.value
    if (!(v > 0.25)) continue
    const t = event.time
    if (t >= end) {
      groups.flush(end)
      end = (Math.floor(t / WINDOW_MS) + 1) * WINDOW_MS
    }
    const v2 = v * 1.08 + (t - 7 * Math.floor(t / 7))
    const id = event.key as number
    const at = id << 2
    const count = fields[at]!
    fields[at] = count + 1
    if (count === 0) {
      groups.open(id)
      fields[at + 1] = v2
      fields[at + 2] = v2
      fields[at + 3] = v2
    } else {
      fields[at + 1]! += v2
      fields[at + 2] = Math.min(fields[at + 2]!, v2)
      fields[at + 3] = Math.max(fields[at + 3]!, v2)
    }
  }
  groups.flush(end)
  groups.finish()
}

/** `flatLoop` for arbitrary i32 keys, through an open-addressing table. */
export const flatLoopHashed: RowLoop = (events, consume) => {
  const keys = new KeyTable(KEYS)
  const groups = new GroupTable(consume, keys.keys)
  const { fields } = groups
  let end = Number.NEGATIVE_INFINITY
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!
    const v = event.value
    if (!(v > 0.25)) continue
    const t = event.time
    if (t >= end) {
      groups.flush(end)
      end = (Math.floor(t / WINDOW_MS) + 1) * WINDOW_MS
    }
    const v2 = v * 1.08 + (t - 7 * Math.floor(t / 7))
    const id = keys.idOf(event.key as number)
    const at = id << 2
    const count = fields[at]!
    fields[at] = count + 1
    if (count === 0) {
      groups.open(id)
      fields[at + 1] = v2
      fields[at + 2] = v2
      fields[at + 3] = v2
    } else {
      fields[at + 1]! += v2
      fields[at + 2] = Math.min(fields[at + 2]!, v2)
      fields[at + 3] = Math.max(fields[at + 3]!, v2)
    }
  }
  groups.flush(end)
  groups.finish()
}

/** `flatLoop` for text keys, through a `Map` from text to position; lists the texts in `texts`. */
export const flatLoopTexts: RowLoop = (events, consume, texts) => {
  const ids = new Map<string, number>()
  const groups = new GroupTable(consume, undefined)
  const { fields } = groups
  let end = Number.NEGATIVE_INFINITY
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!
    const v = event.value
    if (!(v > 0.25)) continue
    const t = event.time
    if (t >= end) {
      groups.flush(end)
      end = (Math.floor(t / WINDOW_MS) + 1) * WINDOW_MS
    }
    const v2 = v * 1.08 + (t - 7 * Math.floor(t / 7))
    const text = event.key as string
    let id = ids.get(text)
    if (id === undefined) {
      id = ids.size
      ids.set(text, id)
      texts.push(text)
    }
    const at = id << 2
    const count = fields[at]!
    fields[at] = count + 1
    if (count === 0) {
      groups.open(id)
      fields[at + 1] = v2
      fields[at + 2] = v2
      fields[at + 3] = v2
    } else {
      fields[at + 1]! += v2
      fields[at + 2] = Math.min(fields[at + 2]!, v2)
      fields[at + 3] = Math.max(fields[at + 3]!, v2)
    }
  }
  groups.flush(end)
  groups.finish()
}

interface Accumulator {
  count: number
  sum: number
  min: number
  max: number
}

/** What one writes first: a `Map` from key to an accumulator object per window, an object per result. */
export function mapLoop(events: readonly EventRow[], consume: (row: WindowRow) => void): void {
  let groups = new Map<number | string, Accumulator>()
  let windowStart = Number.NaN
  const flush = () => {
    for (const [key, { count, sum, min, max }] of groups) {
      consume({ windowStart, windowEnd: windowStart + WINDOW_MS, key: key as string, count, sum, min, max })
    }
  }
  for (const event of events) {
    if (!(event.value > 0.25)) continue
    const start = Math.floor(event.time / WINDOW_MS) * WINDOW_MS
    if (start !== windowStart) {
      flush()
      groups = new Map()
      windowStart = start
    }
    const v2 = event.value * 1.08 + (event.time % 7)
    const found = groups.get(event.key)
    if (found === undefined) groups.set(event.key, { count: 1, sum: v2, min: v2, max: v2 })
    else {
      found.count++
      found.sum += v2
      if (v2 < found.min) found.min = v2
      if (v2 > found.max) found.max = v2
    }
  }
  flush()
}
