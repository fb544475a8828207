import { describe, expect, it } from 'vitest'
import * as aggregates from '../../src/expression/aggregates.ts'
import { bottomK, collect, collectSet, topK } from '../../src/expression/choice-aggregates.ts'
import { distinctCount, median } from '../../src/expression/distribution-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { session } from '../../src/time/session-windows.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'

const TYPES = { f64, i64, utf8 } as const

/** The aggregates cases name, of a column. */
const AGGREGATES = {
  ...aggregates,
  'count()': () => aggregates.count(),
  distinctCount,
  median,
  topK2: (value: never) => topK(value, 2),
  bottomK2: (value: never) => bottomK(value, 2),
  collect: (value: never) => collect(value),
  collectSet: (value: never) => collectSet(value),
} as unknown as Readonly<Record<string, (value: unknown) => never>>

type Asked = 'tumbling' | 'hopping' | 'session' | 'length'

/** What aggregates of a column give over all of its values, in a window of some kind. */
async function valuesIn(
  { input: { type, values }, expected }: TimeCase,
  engine: 'wasm' | 'js',
  kind: Asked,
): Promise<Record<string, unknown>> {
  const isWhole = type === 'i64'
  const rows = values.map((value: never, i: number) => ({
    time: i,
    value: isWhole && value !== null ? BigInt(value) : value,
  }))
  const source = pipeline(schema({ time: timestamp(), value: TYPES[type as keyof typeof TYPES]().nullable() }), {
    engine,
  })
  const asked = (e: { value: unknown }) =>
    Object.fromEntries(Object.keys(expected).map(name => [name, AGGREGATES[name]!(e.value)]))
  const timed = source.eventTime('time')
  const windows = {
    tumbling: () => timed.window(tumbling(1_000)).aggregate(asked),
    hopping: () => timed.window(hopping(1_000, 100)).aggregate(asked),
    session: () => timed.window(session(10)).aggregate(asked),
    length: () => source.window(length(1_000)).aggregate(asked as never),
  }
  const results: Record<string, unknown>[] = []
  const job = await windows[kind]().run({ sink: (row: Record<string, unknown>) => void results.push(row) })
  await job.pushMany(rows)
  await job.drain()
  const result = kind === 'hopping' ? results.find(({ windowStart }) => windowStart === 0)! : results.at(-1)!
  return Object.fromEntries(
    Object.keys(expected).map(name => [name, typeof result[name] === 'bigint' ? String(result[name]) : result[name]]),
  )
}

describe.each(['wasm', 'js'] as const)('cases of aggregates on %s', engine => {
  describe.each(['tumbling', 'hopping', 'session', 'length'] as const)('in a %s window', kind => {
    const areas = {
      'aggregate.values': async (given: TimeCase) =>
        expect(await valuesIn(given, engine, kind)).toEqual(given.expected),
    }
    for (const { name, check } of checksOf('aggregate-values', { areas })) it(name, check as () => unknown)
  })
})
