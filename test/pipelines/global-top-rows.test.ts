import { describe, expect, expectTypeOf, it } from 'vitest'
import { count, max } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import type { Columns } from '../../src/expression/columns.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { RowOrdering } from '../../src/pipeline/window-order-step.ts'
import type { LogicalPlan } from '../../src/plan/logical-node.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import type { ResultRow } from '../../src/schema/row-types.ts'
import { schema } from '../../src/schema/schema.ts'
import { type GlobalSpec, globalWindow } from '../../src/time/global-windows.ts'
import { everyInterval, everyRows, onDelta } from '../../src/time/triggers.ts'
import { tumbling } from '../../src/time/windows.ts'
import { partOf } from '../bounded.ts'
import { Random } from '../kernels/random.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { type Manner, runPlanRows } from './run-plan-rows.ts'

const fields = {
  i: i32(),
  time: timestamp(),
  key: utf8(),
  n: i32(),
  l: i64(),
  x: f64().nullable(),
  note: utf8().nullable(),
  flag: bool().nullable(),
}
const stream = pipeline(schema(fields)).eventTime('time', { outOfOrderness: 20 })
type Event = ResultRow<typeof stream.outputSchema>

const random = new Random(7)
const input: readonly Event[] = Array.from({ length: 500 }, (_, i) => ({
  i,
  time: i * 5 + random.below(20),
  key: `key ${random.below(6)}`,
  n: random.below(5) - 2,
  l: BigInt(random.below(4)) - 2n,
  x: random.below(6) === 0 ? null : random.below(8) / 4,
  note: random.below(5) === 0 ? null : `note ${random.below(7)}`,
  flag: random.below(3) === 0 ? null : random.below(2) === 0,
}))

const manner: Manner = { engine: 'wasm', maxBatch: 64, bufferSize: 64, way: 'pushMany', blockRows: 50, stalls: false }
const manners: readonly Manner[] = [
  { ...manner, maxBatch: 1, bufferSize: 1 },
  { ...manner, engine: 'js', maxBatch: 7, stalls: true },
  { ...manner, maxBatch: 4096, bufferSize: 4096, blockRows: 500 },
]

async function given({ plan }: { readonly plan: LogicalPlan }): Promise<readonly Row[]> {
  const first = await runPlanRows(plan, input as readonly Row[], manner)
  for (const other of manners)
    expect(await runPlanRows(plan, input as readonly Row[], other), JSON.stringify(other)).toEqual(first)
  if ('code' in first) throw new Error(first.code)
  return first.rows
}

/** Of two values: which comes first; nothing comes last. */
function compare(x: unknown, y: unknown, isDescending: boolean): number {
  if (x === y) return 0
  if (x === null || y === null) return x === null ? 1 : -1
  return (x as number) < (y as number) === isDescending ? 1 : -1
}

type Terms = readonly (readonly [of: (row: Event) => unknown, isDescending?: boolean])[]
const byTerms =
  (terms: Terms) =>
  (a: Event, b: Event): number =>
    terms.reduce((way, [of, isDescending = false]) => way || compare(of(a), of(b), isDescending), 0)

const ORDERS: Readonly<Record<string, readonly [(e: Columns<typeof fields>) => RowOrdering, Terms]>> = {
  'a number, which may be missing': [e => desc(e.x), [[row => row.x, true]]],
  'an integer, and the time': [e => [asc(e.n), desc(e.time)], [[row => row.n], [row => row.time, true]]],
  'whole numbers of 64 bits': [e => desc(e.l), [[row => row.l, true]]],
  'a text, and a number': [e => [desc(e.note), asc(e.x)], [[row => row.note, true], [row => row.x]]],
  'computed values': [
    e => [desc(e.l.add(2n)), asc(e.n.mul(e.n)), desc(e.note.upper())],
    [[row => row.l, true], [row => row.n * row.n], [row => row.note, true]],
  ],
  'true and false': [e => [asc(e.flag), desc(e.i)], [[row => row.flag && 1], [row => row.i, true]]],
}

const WINDOWS: Readonly<Record<string, GlobalSpec>> = {
  'every three rows': globalWindow({ trigger: everyRows(3) }),
  'every 100 ms': globalWindow({ trigger: everyInterval(100), fireAtEnd: true }),
  'whenever a value has moved on': globalWindow({ trigger: onDelta('n', 1), purge: true }),
  'every seven rows, taking back': globalWindow({ trigger: everyRows(7), firing: 'retracting', fireAtEnd: true }),
  'as a function says': globalWindow({
    trigger: {
      onRow: (_, row: { n: number; x: number | null }) => (row.n > 1 && row.x !== null ? 'fire' : 'continue'),
    },
  }),
}

describe('the first rows so far of each key', () => {
  const cases = Object.entries(WINDOWS).flatMap(([when, window], i) =>
    partOf(i, 2, Object.entries(ORDERS)).map(([by, order], j) => ({
      when,
      by,
      window,
      order,
      most: [1, 3, 9][(i + j) % 3]!,
    })),
  )
  it.each(cases)('come whole $when, by $by: $most', async ({ window, order: [order, terms], most }) => {
    // What a window has taken in of each key when it fires, as numbers of rows, says the same.
    const held = await given(
      stream
        .keyBy('key')
        .window(window)
        .aggregate(e => ({ rows: collect(e.i, { max: 1_000 }) })),
    )
    const wanted = held.flatMap(({ windowTime, rows, isRetraction }) =>
      (rows as unknown as readonly number[])
        .map(i => input[i]!)
        .sort(byTerms(terms))
        .slice(0, most)
        .map((row, at) => ({ windowTime, ...row, place: at + 1, ...(isRetraction !== undefined && { isRetraction }) })),
    )
    expect(wanted.length).toBeGreaterThan(50)
    expect(await given(stream.keyBy('key').window(window).topRows(most, order, { rank: 'place' }))).toEqual(wanted)
  })

  it('are those of all rows without a key, and belong to the instant they are given at', async () => {
    const top = stream.window(globalWindow({ trigger: everyInterval(200) })).topRows(2, e => [desc(e.x), asc(e.i)])
    const rows = await given(top)
    expect(rows.map(({ windowTime }) => windowTime)).toEqual(rows.map((_, i) => 200 * ((i >> 1) + 1)))
    const counted = await given(top.window(tumbling(500)).aggregate(r => ({ rows: count(), last: max(r.windowTime) })))
    const ends = [...new Set(rows.map(row => Math.floor((row.windowTime as number) / 500) * 500 + 500))]
    expect(counted.map(({ windowEnd, rows, last }) => [windowEnd, rows, last])).toEqual(
      ends.map(end => {
        const own = rows.map(row => row.windowTime as number).filter(time => time >= end - 500 && time < end)
        return [end, own.length, Math.max(...own)]
      }),
    )
  })
})

it('a step of them is typed, says how it runs, and travels as data', () => {
  const top = stream
    .keyBy('key')
    .window(globalWindow({ trigger: everyInterval('1m') }))
    .topRows(10, e => desc(e.l), { rank: 'place' })
  expectTypeOf<ResultRow<typeof top.outputSchema>>().toEqualTypeOf<{
    readonly windowTime: number
    readonly i: number
    readonly time: number
    readonly key: string
    readonly n: number
    readonly l: bigint
    readonly x: number | null
    readonly note: string | null
    readonly flag: boolean | null
    readonly place: number
  }>()
  expect(pipelineFromJSON(JSON.stringify(top)).plan).toEqual(top.plan)
  expect(top.explain()).toMatch(/window {6}global, every 1m\nrows {8}l desc; by key; the first 10 of each window/)
  expect(top.explain()).toMatch(/kernels .*accumulateTopRows/)
  expect(top.explain()).toMatch(/state besides: the first 10 rows, \d+ bytes each/)
  const byText = stream.window(globalWindow({ trigger: everyRows(2) })).topRows(1, e => asc(e.note))
  expect(byText.explain()).toMatch(/in TypeScript, row by row: the order by text/)
  const takenBack = stream
    .window(globalWindow({ trigger: everyRows(2), firing: 'retracting' }))
    .topRows(1, e => asc(e.n))
  expectTypeOf<ResultRow<typeof takenBack.outputSchema>['isRetraction']>().toEqualTypeOf<boolean>()
})

describe('refused', () => {
  const window = globalWindow({ trigger: everyRows(2) })
  const named = pipeline(schema({ windowTime: timestamp(), n: i32() })).eventTime('windowTime')
  const lists = stream
    .keyBy('key')
    .window(window)
    .aggregate(e => ({ list: collect(e.i) }))
  it.each([
    ['rows equal to the last', /ties/, () => stream.window(window).topRows(1, e => asc(e.n), { ties: 'keep' })],
    ['more than 10,000 rows', /at most 10000 rows/, () => stream.window(window).topRows(10_001, e => asc(e.n))],
    ['a second windowTime', /"windowTime"/, () => named.window(window).topRows(1, e => asc(e.n))],
    ['rows with objects', /"list"/, () => lists.window(window).topRows(1, e => asc(e.windowTime))],
    [
      'a delta of texts',
      /onDelta/,
      () => stream.window(globalWindow({ trigger: onDelta('note', 1) })).topRows(1, e => asc(e.n)),
    ],
  ])('%s', (_, why, use) => {
    expect(use).toThrow(why)
  })

  it('data of a plan with an offset, or whose trigger is code', () => {
    const plan = JSON.parse(JSON.stringify(stream.window(window).topRows(1, e => asc(e.n)))) as {
      nodes: Record<string, unknown>[]
    }
    const changed = (parts: object) => () =>
      pipelineFromJSON({ ...plan, nodes: [...plan.nodes.slice(0, -1), { ...plan.nodes.at(-1), ...parts }] })
    expect(changed({})).not.toThrow()
    expect(changed({ offset: 1 })).toThrow(/offset/)
    const own = globalWindow({ trigger: { onRow: () => 'fire' as const } })
    expect(changed({ window: own })).toThrow(/made of functions/)
  })
})
