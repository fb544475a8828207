import type { RowWindowSpec } from '../../../src/time/row-windows.ts'

/** A row on its way in: `at` by the clock, `ts` by its own column. */
export interface ModelRow {
  readonly id: number
  readonly at: number
  readonly ts: number
  readonly k: string
  readonly v: number | null
}

/** What a window does, step by step; a chunk is what it does at once. */
export type ModelEvent =
  | { readonly kind: 'current' | 'expired'; readonly row: ModelRow; readonly time: number }
  | { readonly kind: 'reset' }
export type Chunk = readonly ModelEvent[]

const current = (row: ModelRow, time: number): ModelEvent => ({ kind: 'current', row, time })
const expired = (row: ModelRow, time: number): ModelEvent => ({ kind: 'expired', row, time })
const reset: ModelEvent = { kind: 'reset' }

/** A batch after another: [what it does, when]. */
const batch = (before: readonly ModelRow[], rows: readonly ModelRow[], time: number, stamp = time): Chunk => [
  ...before.map(row => expired(row, time)),
  reset,
  ...rows.map(row => current(row, stamp)),
]

/** Chunks by their instant; what is due by a timer comes before what arrives, otherwise in the order given. */
function inTime(chunks: readonly { readonly at: number; readonly isTimer: boolean; readonly chunk: Chunk }[]): Chunk[] {
  return chunks
    .map((each, order) => ({ ...each, order }))
    .sort((a, b) => a.at - b.at || Number(b.isTimer) - Number(a.isTimer) || a.order - b.order)
    .map(({ chunk }) => chunk)
}

/**
 * What a window makes of rows, from its definition and the knowledge of all of them: nothing here goes row by row with
 * state where a formula will do. `end` is the last instant of the clock.
 */
export function modelOf(spec: RowWindowSpec, rows: readonly ModelRow[], end: number): Chunk[] {
  const arrivals = (chunkOf: (row: ModelRow, i: number) => Chunk) =>
    rows.map((row, i) => ({ at: row.at, isTimer: false, chunk: chunkOf(row, i) }))
  switch (spec.kind) {
    case 'length':
      return rows.map((row, i) =>
        i < spec.n ? [current(row, row.at)] : [expired(rows[i - spec.n]!, row.at), current(row, row.at)],
      )
    case 'lengthBatch': {
      const { n } = spec
      if (spec.streamCurrent)
        return rows.map((row, i) =>
          i > 0 && i % n === 0
            ? [...rows.slice(i - n, i).map(old => expired(old, row.at)), reset, current(row, row.at)]
            : [current(row, row.at)],
        )
      const chunks: Chunk[] = []
      for (let i = n; i <= rows.length; i += n)
        chunks.push(batch(rows.slice(Math.max(0, i - 2 * n), i - n), rows.slice(i - n, i), rows[i - 1]!.at))
      const left = rows.length % n
      if (spec.emitIncomplete && left > 0) {
        const from = rows.length - left
        chunks.push(batch(rows.slice(Math.max(0, from - n), from), rows.slice(from), rows.at(-1)!.at))
      }
      return chunks
    }
    case 'hoppingCount': {
      const chunks: Chunk[] = []
      let before: readonly ModelRow[] = []
      for (let i = spec.every; i <= rows.length; i += spec.every) {
        if (spec.waitForFull && i < spec.n) continue
        const latest = rows.slice(Math.max(0, i - spec.n), i)
        chunks.push(batch(before, latest, latest.at(-1)!.at))
        before = latest
      }
      return chunks
    }
    case 'time':
    case 'timeLength': {
      const n = spec.kind === 'timeLength' ? spec.n : Number.POSITIVE_INFINITY
      const leaves = (i: number) => rows[i]!.at + spec.lengthMs
      const displaces = (i: number) => i - n >= 0 && leaves(i - n) > rows[i]!.at
      return inTime([
        ...rows
          .map((row, i) => ({ at: leaves(i), isTimer: true, chunk: [expired(row, leaves(i))] }))
          .filter(({ at }, i) => at <= end && !(i + n < rows.length && displaces(i + n))),
        ...arrivals((row, i) =>
          displaces(i) ? [expired(rows[i - n]!, row.at), current(row, row.at)] : [current(row, row.at)],
        ),
      ])
    }
    case 'delay':
      // What is still held when the input ends comes out then.
      return rows.map(row => [current(row, row.at + spec.lengthMs)])
    case 'timeBatch': {
      const { lengthMs: length } = spec
      if (rows.length === 0) return []
      const start = spec.startMs ?? rows[0]!.at
      const cell = (row: ModelRow) => Math.floor((row.at - start) / length)
      const tick = (index: number) => start + (index + 1) * length
      const within = (index: number) => rows.filter(row => cell(row) === index)
      const ticks: { at: number; isTimer: boolean; chunk: Chunk }[] = []
      for (const index of new Set(rows.map(cell))) {
        const flush = spec.streamCurrent
          ? [...within(index).map(row => expired(row, tick(index))), reset]
          : batch(within(index - 1), within(index), tick(index))
        ticks.push({ at: tick(index), isTimer: true, chunk: flush })
        if (!spec.streamCurrent && within(index + 1).length === 0)
          ticks.push({ at: tick(index + 1), isTimer: true, chunk: batch(within(index), [], tick(index + 1)) })
      }
      const due = ticks.filter(({ at }) => at <= end)
      return inTime(spec.streamCurrent ? [...due, ...arrivals(row => [current(row, row.at)])] : due)
    }
    case 'externalTime': {
      let held: ModelRow[] = []
      return rows.map(row => {
        const young = held.findIndex(old => row.ts - old.ts < spec.lengthMs)
        const leaving = young < 0 ? held : held.slice(0, young)
        held = [...held.slice(leaving.length), row]
        return [...leaving.map(old => expired(old, row.ts)), current(row, row.ts)]
      })
    }
    case 'externalTimeBatch': {
      const { lengthMs: length } = spec
      const start = spec.startMs ?? rows[0]?.ts ?? 0
      const chunks: Chunk[] = []
      let [before, open]: ModelRow[][] = [[], []]
      // A row opens a batch when it is beyond the end of the one its predecessor is in, however many are skipped.
      let cell = Number.NEGATIVE_INFINITY
      for (const row of rows) {
        const its = Math.floor((row.ts - start) / length)
        if (open!.length > 0 && its > cell) {
          const end = start + (cell + 1) * length
          chunks.push(batch(before!, open!, row.ts, spec.stampWithEnd ? end : row.ts))
          ;[before, open] = [open!, []]
        }
        if (open!.length === 0) cell = its
        open!.push(row)
      }
      return chunks
    }
    case 'sort': {
      let held: ModelRow[] = []
      const order = (a: ModelRow, b: ModelRow): number => {
        for (const { column, direction } of spec.by) {
          const [x, y] = [a[column as 'v'], b[column as 'v']]
          const [none, other] = [x === null || Number.isNaN(x), y === null || Number.isNaN(y)]
          if (none !== other) return none ? 1 : -1
          if (none || x === y) continue
          return x! < y! === (direction === 'asc') ? -1 : 1
        }
        return 0
      }
      return rows.map(row => {
        held = [...held, row].sort(order)
        const last = held.length > spec.n ? held.pop() : undefined
        return last === undefined ? [current(row, row.at)] : [current(row, row.at), expired(last, row.at)]
      })
    }
    case 'unique': {
      const ttl = spec.ttlMs ?? Number.POSITIVE_INFINITY
      const key = (row: ModelRow) => JSON.stringify(spec.columns.map(name => String(row[name as 'k'])))
      const previous = (i: number) => rows.slice(0, i).findLast(old => key(old) === key(rows[i]!))
      const replaced = (row: ModelRow) => rows.find(later => later.id > row.id && key(later) === key(row))
      return inTime([
        ...rows
          .map(row => ({ at: row.at + ttl, isTimer: true, row, chunk: [expired(row, row.at + ttl)] }))
          .filter(({ at, row }) => at <= end && (replaced(row)?.at ?? end + 1) >= at),
        ...arrivals((row, i) => {
          const old = previous(i)
          return old === undefined || old.at + ttl <= row.at
            ? [current(row, row.at)]
            : [expired(old, row.at), current(row, row.at)]
        }),
      ])
    }
  }
}
