import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { session } from '../../src/time/session-windows.ts'
import { bounded } from '../bounded.ts'
import { interpret } from '../plan/row-interpreter.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'
import { planOver, rows, windows } from './aggregate-events.ts'
import { ENGINES, manner, runPlanRows } from './run-plan-rows.ts'

/** What rounding or approximation may shift, and by which share. */
const INEXACT: Readonly<Record<string, number>> = { recent: 1e-12, rough: 0.02 }

/** Rows of one firing in an order of their own: a key's place may depend on slices. */
function settled(given: readonly Row[]): { exact: string; inexact: Value[] }[] {
  const shown = given.map(row => ({
    exact: JSON.stringify(row, (name, value) => {
      if (name in INEXACT) return undefined
      if (typeof value === 'bigint') return `${value}n`
      return Object.is(value, -0) || (typeof value === 'number' && !Number.isFinite(value))
        ? `${1 / value} ${value}`
        : value
    }),
    inexact: Object.keys(INEXACT).map(name => row[name]!),
  }))
  const firings: (typeof shown)[] = []
  given.forEach(({ windowEnd }, i) => {
    if (i > 0 && given[i - 1]!.windowEnd === windowEnd) firings.at(-1)!.push(shown[i]!)
    else firings.push([shown[i]!])
  })
  return firings.flatMap(firing => firing.sort((a, b) => (a.exact < b.exact ? -1 : 1)))
}

describe('every aggregate', () => {
  it.each(ENGINES)('gives what the plain model gives, in any window, late rows and all, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        windows,
        rows,
        fc.constantFrom(0, 15),
        fc.constantFrom(1, 7, 4096),
        async (window, input, disorder, size) => {
          const plan = planOver(window, disorder)
          const found = await runPlanRows(plan, input, manner(engine, size))
          if ('code' in found) expect.fail(found.code)
          const wanted = settled(interpret(plan, input).rows)
          const got = settled(found.rows)
          expect(got.map(({ exact }) => exact)).toEqual(wanted.map(({ exact }) => exact))
          got.forEach(({ inexact }, i) => {
            Object.values(INEXACT).forEach((share, which) => {
              const value = wanted[i]!.inexact[which] as number
              expect(Math.abs((inexact[which] as number) - value)).toBeLessThanOrEqual(Math.abs(value) * share)
            })
          })
        },
      ),
      { numRuns: bounded(40, 150) },
    )
  })

  it('gives the same bits on both engines, whatever the batch size', async () => {
    await fc.assert(
      fc.asyncProperty(windows, rows, fc.constantFrom(1, 7, 64), async (window, input, size) => {
        const plan = planOver(window, 15)
        const whole = await runPlanRows(plan, input, manner('js', 4096))
        for (const engine of ENGINES) expect(await runPlanRows(plan, input, manner(engine, size))).toEqual(whole)
      }),
      { numRuns: bounded(15, 60) },
    )
  })

  it.each(ENGINES)('is put together from sessions that merge, and taken back from them, on %s', async engine => {
    const window = session(10, { allowedLateness: 100, firing: 'retracting' } as never)
    const input: Row[] = [0, 15, 40, 8].map((time, i) => ({
      time,
      key: 'a',
      x: i,
      n: i + 1,
      l: BigInt(i),
      p: i > 0,
      t: `t${i}`,
    }))
    const found = await runPlanRows(planOver(window, 0), input, manner(engine, 2))
    if ('code' in found) expect.fail(found.code)
    const shown = found.rows.map(({ windowStart, windowEnd, texts, middle, list, best, span, isRetraction }) => ({
      windowStart,
      windowEnd,
      texts,
      middle,
      list,
      best,
      span,
      isRetraction,
    }))
    const row = (start: number, end: number, which: readonly number[], isRetraction = false) => ({
      windowStart: start,
      windowEnd: end,
      texts: which.length,
      middle: which[which.length >>> 1],
      list: which.map(i => `t${i}`),
      best: [...which].sort((a, b) => b - a).slice(0, 3),
      span: [Math.min(...which) + 1, Math.max(...which) + 1],
      isRetraction,
    })
    expect(shown).toEqual([
      row(0, 10, [0]),
      row(15, 25, [1]),
      row(0, 10, [0], true),
      row(15, 25, [1], true),
      row(0, 25, [0, 1, 3]),
      row(40, 50, [2]),
    ])
  })
})
