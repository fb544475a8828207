import { describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { punctuated } from '../../src/plan/watermarks.ts'
import { bool, f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { type TimeCase, timeCases } from './cases.ts'
import { type Step, windowOf } from './window-of-case.ts'

/*
 * The scripts of windows once more, as a user writes them: a watermark of a script is a row that carries it and goes no
 * further than a filter, the end is the end of the input.
 */

const CASES = timeCases.filter(({ area }) => area === 'window.script')

interface Result {
  readonly key: string
  readonly sum: number | null
  readonly windowStart: number
  readonly windowEnd: number
  readonly isRetraction?: boolean
}

const readings = schema({ time: timestamp(), key: utf8(), value: f64(), mark: timestamp().nullable(), isRow: bool() })

const rowOf = ([what, ...args]: Step) =>
  what === 'w'
    ? { time: args[0] as number, key: '', value: 0, mark: args[0] as number, isRow: false }
    : { time: args[2] as number, key: args[0] as string, value: args[1] as number, mark: null, isRow: true }

/** Runs a script, flushed behind each step or not before its end; what each step brought, and the times that were late. */
async function run(
  { input: { window, script, watermark, fromZero } }: TimeCase,
  engine: 'wasm' | 'js',
  byStep: boolean,
) {
  let results: unknown[] = []
  const late: number[] = []
  const job = await pipeline(readings, { engine })
    .eventTime(
      'time',
      watermark === undefined ? { watermarks: punctuated(e => e.mark) } : { outOfOrdernessMs: watermark },
    )
    .filter(e => e.isRow)
    .keyBy('key')
    .window(windowOf({ ...window, lateTo: 'late' }))
    .aggregate(e => ({ sum: sum(e.value) }))
    .run({
      sink: row => {
        const { key, sum, windowStart, windowEnd, isRetraction } = row as Result
        if (!fromZero || windowStart >= 0)
          results.push([key, sum, windowStart, windowEnd, ...(isRetraction ? ['taken back'] : [])])
      },
      sinks: { late: ({ time }: { time: number }) => void late.push(time) },
    })
  const found: [number, unknown[]][] = []
  const take = (place: number) => {
    if (results.length > 0) found.push([place, results])
    results = []
  }
  for (const [place, step] of (script as Step[]).entries()) {
    if (step[1] === 'end') await job.drain()
    else job.push(rowOf(step) as never)
    if (!byStep) continue
    await job.flush()
    take(place)
  }
  await job.flush()
  take(script.length)
  await job.stop()
  return { found, late }
}

const sorted = (rows: readonly unknown[]): unknown[] => rows.map(row => JSON.stringify(row)).sort()

describe.each(['wasm', 'js'] as const)('cases of windows as pipelines on %s', engine => {
  it.each(CASES.map(given => [given.id, given] as const))('%s', async (_, given) => {
    const { out, late, anyOrder } = given.expected
    const inOrder = (all: readonly (readonly [number, unknown[]])[]) =>
      anyOrder ? all.map(([place, rows]) => [place, sorted(rows)]) : all
    const step = await run(given, engine, true)
    expect(inOrder(step.found)).toEqual(inOrder(out))
    expect(step.late).toEqual(late)
    const whole = await run(given, engine, false)
    expect(whole.found.flatMap(([, rows]) => rows)).toEqual(step.found.flatMap(([, rows]) => rows))
    expect(whole.late).toEqual(late)
  })
})
