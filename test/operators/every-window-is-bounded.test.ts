import { describe, expect, it } from 'vitest'
import { collect, topK } from '../../src/expression/choice-aggregates.ts'
import { distinctCount, percentile } from '../../src/expression/distribution-aggregates.ts'
import type { NumberExpression } from '../../src/expression/expression.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { unique } from '../../src/time/window-kinds/unique.ts'
import type { WindowSpec } from '../../src/time/windows.ts'
import { ROW_WINDOWS, WINDOWS } from './every-window.ts'

type Column = NumberExpression<boolean, 'row'>

/** Aggregates by what they hold of a group: some of its values, or each. */
const FIXED = { collect: (x: Column) => collect(x, { max: 9 }), topK: (x: Column) => topK(x, 3) }
const GROWING = { distinctCount: (x: Column) => distinctCount(x), percentile: (x: Column) => percentile(x, 0.5) }

/** When what a window holds is given up, as explain() has it. */
const ENDS: Readonly<Record<WindowSpec['kind'], RegExp>> = {
  tumbling: /per key and open (or late )?window/,
  hopping: /per key and (open (or late )?window|slice of time, \d+ slices a window)/,
  cumulate: /per key and (open (or late )?window|slice of time, \d+ slices a window)/,
  calendar: /per key and open (or late )?window/,
  session: /at most \d+ sessions, and one for each .* of out-of-orderness.*, per key/,
  slidingPerEvent: /at most one record for each time within .* per key/,
  global: /bytes per key, given up when it fires/,
}

const events = schema({ time: timestamp(), key: utf8(), n: f64() })
const keyed = () => pipeline(events).eventTime('time').keyBy('key')
const over = (window: WindowSpec, make: (x: Column) => unknown): string =>
  keyed()
    .window(window as never)
    .aggregate(e => ({ held: make(e.n as Column) }) as never)
    .explain()
const refused = expect.objectContaining({ code: expect.stringMatching(/^(PLAN_INVALID|OPTION_INVALID)$/) })

describe('the state of every window', () => {
  const kinds = Object.entries(WINDOWS).flatMap(([kind, manners]) =>
    Object.entries(manners).map(([manner, window]) => [kind as WindowSpec['kind'], manner, window] as const),
  )

  it.each(kinds)('has an end, or its size is fixed by key: %s, %s', (kind, _, window) => {
    const goesOn = window.kind === 'global' && window.purge !== true
    for (const make of Object.values(FIXED))
      expect(over(window, make)).toMatch(goesOn ? /bytes per key, kept for good/ : ENDS[kind])
  })

  it.each(kinds)('grows with its rows only where these have an end, or it was said: %s, %s', (kind, _, window) => {
    for (const make of Object.values(GROWING)) {
      if (window.kind !== 'global' || window.purge === true) {
        expect(over(window, make)).toMatch(ENDS[kind])
        continue
      }
      expect(() => over(window, make)).toThrow(refused)
      expect(over({ ...window, unbounded: true }, make)).toContain(', unbounded by key')
    }
  })

  it.each(Object.entries(ROW_WINDOWS))('is of so many rows, or of those of a stretch of time: %s', (_, window) => {
    const text = keyed()
      .window(window as RowWindowSpec<'current'>)
      .rows()
      .explain()
    expect(text).toMatch(/state: (\d+ rows|the rows of \d+ ms of (the clock|time)|a row for each n of the last 40 ms)/)
    expect(text).toMatch(/of each key, at most \d+ keys/)
  })

  it('is a row of every value there ever was only where that was said', () => {
    expect(() => unique('n')).toThrow(refused)
    for (const bound of [{ ttl: 5 }, { maxRows: 5 }, { unbounded: true }])
      expect(keyed().window(unique('n', bound)).rows().explain()).toMatch(/state: /)
    expect(
      keyed()
        .window(unique('n', { unbounded: true }))
        .rows()
        .explain(),
    ).toContain('unbounded')
  })
})
