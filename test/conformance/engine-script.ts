import { expect } from 'vitest'
import type { ScriptResult, WindowScript } from './window-script.ts'

/** A step of an engine's test: an element of a key, value and time, a watermark, or that the operator is made anew from its state. */
export type EngineStep =
  | readonly ['e', string, number, number]
  | readonly ['w', number | 'end']
  | readonly ['snapshot+restore']
  | 'snapshot+restore'

/** What a step is to bring: rows of a key, a value and either the result's time or its window. */
interface Brought {
  readonly at_watermark?: number | 'end'
  readonly immediately_after_event?: number
  readonly rows: readonly (readonly [string, number, number | readonly [number, number]])[]
}

/** Elements, then watermarks. */
export const stepsOf = ({
  steps,
  events = [],
  watermarks = [],
}: {
  steps?: readonly EngineStep[]
  events?: readonly (readonly unknown[])[]
  watermarks?: readonly (number | string)[]
}): readonly EngineStep[] =>
  steps ??
  ([
    ...events.map(event => ['e', ...event]),
    ...watermarks.map(each => (typeof each === 'number' ? ['w', each] : [each])),
  ] as unknown as EngineStep[])

/**
 * Runs a script and compares what each step brings, rows of one step in any order. Where a case tells of watermarks alone, what
 * a late element brings at once counts for the watermark behind it, as in the tests of operators that fire by timers.
 */
export function expectScript(script: WindowScript, steps: readonly EngineStep[], expected: readonly Brought[]): void {
  const atOnce = expected.some(each => each.immediately_after_event !== undefined)
  const isBounds = expected.some(({ rows }) => rows.some(row => Array.isArray(row[2])))
  const rowOf = ({ key, sum, windowStart, windowEnd }: ScriptResult) =>
    JSON.stringify([key, sum, isBounds ? [windowStart, windowEnd] : windowEnd - 1])
  const found: (readonly [string, readonly string[]])[] = []
  let early: string[] = []
  for (const step of steps) {
    if (step === 'snapshot+restore' || step[0] === 'snapshot+restore') script.restore()
    else if (step[0] === 'w') {
      const watermark = step[1] === 'end' ? Number.POSITIVE_INFINITY : step[1]
      const rows = [...early, ...script.watermark(watermark).map(rowOf)]
      if (rows.length > 0) found.push([`w ${step[1]}`, rows.sort()])
      early = []
    } else {
      const [, key, value, time] = step
      const rows = script.rows({ key, value, time }).map(rowOf)
      if (!atOnce) early.push(...rows)
      else if (rows.length > 0) found.push([`e ${time}`, rows.sort()])
    }
  }
  expect([...found, ...(early.length > 0 ? [['end', early]] : [])]).toEqual(
    expected.map(({ at_watermark, immediately_after_event, rows }) => [
      at_watermark === undefined ? `e ${immediately_after_event}` : `w ${at_watermark}`,
      rows.map(row => JSON.stringify(row)).sort(),
    ]),
  )
}

/** The last number a text has behind a word. */
export function numberBehind(word: string, text: string): number {
  const [, number] = new RegExp(`\\b${word} (-?\\d+)`).exec(text) ?? []
  if (number === undefined) throw new Error(`"${text}" tells of no ${word}`)
  return Number(number)
}
