import { describe, expect, it } from 'vitest'
import { typeErrorsOf } from '../docs/type-check.ts'
import { ROOT } from '../source-files.ts'

// What TypeScript says to mistakes people make: one error each, at the place of the mistake, in words.

const BEFORE = `import { count, desc, f64, i64, max, pipeline, schema, session, sum, timestamp, tumbling, utf8, when } from 'eventflux'
const events = schema({ time: timestamp(), user: utf8(), value: f64(), big: i64() })
const start = pipeline(events)
const timed = start.eventTime('time')
const counted = timed.keyBy('user').window(tumbling('1m')).aggregate(() => ({ n: count() }))
export const used = [count, desc, f64, i64, max, session, sum, when, counted]
`

const MISTAKES: Record<string, readonly [code: string, message: RegExp]> = {
  'a column that is not there': ['start.filter(e => e.valeu.gt(1))', /'valeu' does not exist.*Did you mean 'value'/],
  'a number beside text': [
    "start.filter(e => e.value.gt('5'))",
    /'string' is not assignable to parameter of type 'NumberOperand'/,
  ],
  'a number beside an i64': [
    'start.filter(e => e.big.gt(5))',
    /'number' is not assignable to parameter of type 'BigIntOperand'/,
  ],
  'a sum of text': [
    'timed.window(tumbling("1m")).aggregate(e => ({ total: sum(e.user) }))',
    /'StringExpression<false, "row">' is not assignable to parameter of type 'Numeric'/,
  ],
  'an aggregate of a name': [
    "timed.window(tumbling('1m')).aggregate(() => ({ total: sum('value') }))",
    /'string' is not assignable to parameter of type 'Numeric'/,
  ],
  'a row among groups': [
    "timed.window(tumbling('1m')).aggregate(e => ({ value: e.value }))",
    /'NumberExpression<false, "row">' is not assignable to type 'GroupExpression'/,
  ],
  'an aggregate among rows': [
    'start.project(e => ({ most: max(e.value) }))',
    /'NumberExpression<false, "group">' is not assignable to type 'RowExpression'/,
  ],
  'cases of two kinds': [
    "start.project(e => ({ tier: when(e.value.gt(1), 'a').otherwise(5) }))",
    /'5' is not assignable to parameter of type 'StringOperand \| null'/,
  ],
  'a window without event time': [
    "start.window(tumbling('1m'))",
    /this window goes by time: call \.eventTime\(column\)/,
  ],
  'a session without event time': ["start.keyBy('user').window(session('1m'))", /call \.eventTime\(column\)/],
  'an order before a window': ['timed.orderBy(r => desc(r.value))', /stands behind \.window\(\)\.aggregate\(\)/],
  'a limit before a window': ['timed.limit(3)', /stands behind \.window\(\)\.aggregate\(\)/],
  'the first before a window': ['timed.topN(3, r => desc(r.value))', /stands behind \.window\(\)\.aggregate\(\)/],
  'a duration that is none': ["tumbling('1 parsec')", /'"1 parsec"' is not assignable to parameter of type 'Duration'/],
  'a forgotten aggregate': ["timed.window(tumbling('1m')).run()", /'run' does not exist on type 'WindowedPipeline/],
  'a misspelt option': ["tumbling('1m', { offset: '1s', latenes: '1s' })", /not assignable to type 'never'/],
  'a row where text belongs': [
    'export const text = counted.run({ sink: (row): void => { const text: string = row } })',
    /Type '\{ readonly windowStart: number; readonly windowEnd: number; readonly user: string; readonly n: number; \}' is not/,
  ],
  'a column of the rows in the results': ['counted.filter(r => r.value.gt(1))', /'value' does not exist/],
}

describe('the type checker', () => {
  const snippets = Object.entries(MISTAKES).map(([at, [code]]) => ({ at, code: `${BEFORE}${code}`, output: undefined }))
  const errors = typeErrorsOf(ROOT, snippets)

  it.each(Object.entries(MISTAKES))('says one thing, in words, to %s', (name, [, message]) => {
    expect(errors.filter(error => error.startsWith(`${name}:`))).toEqual([expect.stringMatching(message)])
  })
})
