import { type EventColumns, KEYS, WINDOW_MS } from './events.ts'
import { GroupTable } from './group-table.ts'
import { KeyTable } from './key-table.ts'
import type { WindowConsumer } from './window-rows.ts'

/** A hand-written form of the workload over whole columns. Knows that the input is in order. */
export type ColumnLoop = (events: EventColumns, consume: WindowConsumer) => void

/** Rows a block holds: its selection stays in the first-level cache. */
const BLOCK = 1_024

/** One plain loop: branches for filter, minimum and maximum. Keys are positions 0 … 999. */
export const onePass: ColumnLoop = ({ rows, time, key, value }, consume) => {
  const groups = new GroupTable(consume, undefined)
  const { fields } = groups
  let end = Number.NEGATIVE_INFINITY
  for (let i = 0; i < rows; i++) {
    const v = value[i]!
    if (!(v > 0.25)) continue
    const t = time[i]!
    if (t >= end) {
      groups.flush(end)
      end = (Math.floor(t / WINDOW_MS) + 1) * WINDOW_MS
    }
    const v2 = v * 1.08 + (t - 7 * Math.floor(t / 7))
    const id = key[i]!
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
      if (v2 < fields[at + 2]!) fields[at + 2] = v2
      if (v2 > fields[at + 3]!) fields[at + 3] = v2
    }
  }
  groups.flush(end)
  groups.finish()
}

/**
 * Blocks: a filter without a branch, then runs of rows of one window, minimum and maximum without a branch. Floor
 * division instead of `%`, which is fmod for epoch milliseconds. Keys are positions 0 … 999.
 */
export const blocked: ColumnLoop = ({ rows, time, key, value }, consume) => {
  const groups = new GroupTable(consume, undefined)
  const { fields } = groups
  const selection = new Int32Array(BLOCK)
  let end = Number.NEGATIVE_INFINITY
  for (let block = 0; block < rows; block += BLOCK) {
    const blockEnd = Math.min(rows, block + BLOCK)
    let selected = 0
    for (let i = block; i < blockEnd; i++) {
      selection[selected] = i
      selected += +(value[i]! > 0.25) | 0
    }
    for (let j = 0; j < selected; ) {
      const t = time[selection[j]!]!
      if (t >= end) {
        groups.flush(end)
        end = (Math.floor(t / WINDOW_MS) + 1) * WINDOW_MS
      }
      let run = selected
      if (!(time[selection[selected - 1]!]! < end)) {
        run = j + 1
        while (time[selection[run]!]! < end) run++
      }
      for (; j < run; j++) {
        const i = selection[j]!
        const at = key[i]! << 2
        const rowTime = time[i]!
        const v2 = value[i]! * 1.08 + (rowTime - 7 * Math.floor(rowTime / 7))
        const count = fields[at]!
        fields[at] = count + 1
        if (count === 0) {
          groups.open(at >> 2)
          fields[at + 1] = v2
          fields[at + 2] = v2
          fields[at + 3] = v2
        } else {
          fields[at + 1]! += v2
          fields[at + 2] = Math.min(fields[at + 2]!, v2)
          fields[at + 3] = Math.max(fields[at + 3]!, v2)
        }
      }
    }
  }
  groups.flush(end)
  groups.finish()
}

/** `blocked` for arbitrary i32 keys: an open-addressing table of typed arrays turns a key into a position. */
export const blockedHashed: ColumnLoop = ({ rows, time, key, value }, consume) => {
  const keys = new KeyTable(KEYS)
  const groups = new GroupTable(consume, keys.keys)
  const { fields } = groups
  const selection = new Int32Array(BLOCK)
  let end = Number.NEGATIVE_INFINITY
  for (let block = 0; block < rows; block += BLOCK) {
    const blockEnd = Math.min(rows, block + BLOCK)
    let selected = 0
    for (let i = block; i < blockEnd; i++) {
      selection[selected] = i
      selected += +(value[i]! > 0.25) | 0
    }
    for (let j = 0; j < selected; ) {
      const t = time[selection[j]!]!
      if (t >= end) {
        groups.flush(end)
        end = (Math.floor(t / WINDOW_MS) + 1) * WINDOW_MS
      }
      let run = selected
      if (!(time[selection[selected - 1]!]! < end)) {
        run = j + 1
        while (time[selection[run]!]! < end) run++
      }
      for (; j < run; j++) {
        const i = selection[j]!
        const at = keys.idOf(key[i]!) << 2
        const rowTime = time[i]!
        const v2 = value[i]! * 1.08 + (rowTime - 7 * Math.floor(rowTime / 7))
        const count = fields[at]!
        fields[at] = count + 1
        if (count === 0) {
          groups.open(at >> 2)
          fields[at + 1] = v2
          fields[at + 2] = v2
          fields[at + 3] = v2
        } else {
          fields[at + 1]! += v2
          fields[at + 2] = Math.min(fields[at + 2]!, v2)
          fields[at + 3] = Math.max(fields[at + 3]!, v2)
        }
      }
    }
  }
  groups.flush(end)
  groups.finish()
}

/** The same with a `Map` from key to position. */
export const blockedMapped: ColumnLoop = ({ rows, time, key, value }, consume) => {
  const ids = new Map<number, number>()
  const keyOf = new Int32Array(KEYS)
  const groups = new GroupTable(consume, keyOf)
  const { fields } = groups
  const selection = new Int32Array(BLOCK)
  let end = Number.NEGATIVE_INFINITY
  for (let block = 0; block < rows; block += BLOCK) {
    const blockEnd = Math.min(rows, block + BLOCK)
    let selected = 0
    for (let i = block; i < blockEnd; i++) {
      selection[selected] = i
      selected += +(value[i]! > 0.25) | 0
    }
    for (let j = 0; j < selected; j++) {
      const i = selection[j]!
      const rowTime = time[i]!
      if (rowTime >= end) {
        groups.flush(end)
        end = (Math.floor(rowTime / WINDOW_MS) + 1) * WINDOW_MS
      }
      let id = ids.get(key[i]!)
      if (id === undefined) {
        id = ids.size
        ids.set(key[i]!, id)
        keyOf[id] = key[i]!
      }
      const at = id << 2
      const v2 = value[i]! * 1.08 + (rowTime - 7 * Math.floor(rowTime / 7))
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
  }
  groups.flush(end)
  groups.finish()
}
