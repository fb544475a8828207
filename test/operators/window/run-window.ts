import { count, first, last, max, min, sum, varianceSample } from '../../../src/expression/aggregates.ts'
import { collect } from '../../../src/expression/choice-aggregates.ts'
import { distinctCount } from '../../../src/expression/distribution-aggregates.ts'
import { pipeline } from '../../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../../src/schema/data-type.ts'
import { schema } from '../../../src/schema/schema.ts'
import type { WindowSpec } from '../../../src/time/windows.ts'
import type { ModelResult, ModelWindow, TimedRow } from './session-model.ts'

const rowSchema = schema({ time: timestamp(), key: utf8(), value: f64() })

export interface Manner {
  readonly engine: 'wasm' | 'js'
  readonly maxBatch: number
  /** Whether the sink takes every other row with a promise, so that emission is held up in the middle. */
  readonly stalls: boolean
}

export interface WindowRules {
  readonly lateness: number
  readonly outOfOrderness: number
  readonly keyed: boolean
}

/** Results as text, one line a window: so that whole streams can be compared, in their order. */
export interface Outcome {
  readonly lines: readonly string[]
  readonly late: number
}

/** Runs rows through a window to the end of the input. */
export async function runWindow(
  rows: readonly TimedRow[],
  spec: WindowSpec,
  { lateness, outOfOrderness, keyed }: WindowRules,
  { engine, maxBatch, stalls }: Manner,
): Promise<Outcome> {
  const timed = pipeline(rowSchema, { engine, maxBatch }).eventTime('time', {
    outOfOrdernessMs: outOfOrderness,
    allowedLatenessMs: lateness,
  })
  const windowed = (keyed ? timed.keyBy('key') : (timed as never as ReturnType<typeof timed.keyBy<'key'>>)).window(spec)
  const lines: string[] = []
  const job = await windowed
    .aggregate(e => ({
      n: count(),
      total: sum(e.value),
      least: min(e.value),
      most: max(e.value),
      first: first(e.value),
      last: last(e.key),
      spread: varianceSample(e.value),
      kinds: distinctCount(e.value),
      firstThree: collect(e.value, { max: 3 }),
    }))
    .run({
      sink: row => {
        const { windowStart, windowEnd, key, n, total, least, most, first, last, spread, kinds, firstThree } = row
        const { isRetraction } = row as { readonly isRetraction?: boolean }
        const rounded = spread === null ? null : Math.round(spread * 1e6)
        const values = [n, total, least, most, first, last, rounded, kinds, firstThree, isRetraction]
        const isOdd = lines.push([windowStart, windowEnd, key, ...values].join(' ')) % 2
        return stalls && isOdd === 1 ? Promise.resolve() : undefined
      },
    })
  const accepted = await job.pushColumns({
    time: Float64Array.from(rows, row => row.time),
    key: rows.map(row => row.key),
    value: Float64Array.from(rows, row => row.value),
  })
  if (!accepted) throw new Error('the job took no more rows')
  const { numLateRecordsDropped } = await job.drain()
  return { lines, late: numLateRecordsDropped }
}

/** What a model says, in the same form. */
export function expectedOutcome({ windows, late }: ModelResult, keyed: boolean): Outcome {
  return { lines: windows.map(window => lineOf(window, keyed)), late }
}

function lineOf({ start, end, key, rows, isRetraction }: ModelWindow, keyed: boolean): string {
  const values = rows.map(row => row.value)
  const total = values.reduce((sum, value) => sum + value, 0)
  const mean = total / rows.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const spread = rows.length < 2 ? null : Math.round((squares / (rows.length - 1)) * 1e6)
  const edges = [values[0], rows.at(-1)!.key]
  return [
    start,
    end,
    keyed ? key : undefined,
    rows.length,
    total,
    Math.min(...values),
    Math.max(...values),
    ...edges,
    spread,
    new Set(values).size,
    values.slice(0, 3),
    isRetraction,
  ].join(' ')
}
