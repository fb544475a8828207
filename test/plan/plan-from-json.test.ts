import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { planFromJSON } from '../../src/plan/plan-from-json.ts'
import { f64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { planOf } from './plan-arbitraries.ts'
import { tapes } from './tape.ts'

const ticks = schema({ time: timestamp(), price: f64() })
const source = [
  { name: 'time', type: 'timestamp', nullable: false },
  { name: 'price', type: 'f64', nullable: false },
]
const plan = (...nodes: unknown[]) => ({ version: 1, source, nodes })
const eventTimeBy = (watermarks: unknown) => ({ op: 'eventTime', column: 'time', watermarks, allowedLatenessMs: 0 })
const eventTime = eventTimeBy({ kind: 'boundedOutOfOrderness', outOfOrdernessMs: 0 })
const price = { kind: 'column', name: 'price' }
const windowed = {
  op: 'windowAggregate',
  keys: [],
  window: { kind: 'tumbling', sizeMs: 5, offsetMs: 0 },
  results: [{ name: 'n', result: { kind: 'aggregate', fn: 'count', args: [] } }],
}

describe('pipelineFromJSON', () => {
  it('rebuilds every plan JSON can hold', () => {
    fc.assert(
      fc.property(
        tapes(300).map(tape => planOf(tape)),
        given => {
          const text = JSON.stringify(given)
          expect(planFromJSON(text)).toEqual(given)
          expect(JSON.stringify(pipelineFromJSON(JSON.parse(text)))).toBe(text)
        },
      ),
    )
  })

  it('gives a pipeline that goes on', () => {
    const first = pipeline(ticks).eventTime('time')
    const again = pipelineFromJSON(JSON.stringify(first), { config: { bufferSize: 7 } })
    expect(again.config.bufferSize).toBe(7)
    expect(again.eventTimeColumn).toBe('time')
    expect(again.filter(e => e.price!.isNotNull()).plan.nodes).toHaveLength(2)
  })

  it('appends the event time to projections that leave it out', () => {
    const { nodes } = planFromJSON(
      plan(eventTime, { op: 'project', columns: [{ name: 'p', expression: price }] }, windowed),
    )
    expect(nodes[1]).toMatchObject({ columns: [{ name: 'p' }, { name: 'time' }] })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['broken text', '{"version": 1'],
    ['another version', { ...plan(), version: 2 }],
    ['no source', { version: 1, nodes: [] }],
    ['a source of no columns', { version: 1, source: [], nodes: [] }],
    ['an inherited type', { version: 1, source: [{ name: 'a', type: 'constructor', nullable: false }], nodes: [] }],
    ['a forbidden name', { version: 1, source: [{ name: '__proto__', type: 'f64', nullable: false }], nodes: [] }],
    ['two columns of one name', { version: 1, source: [...source, ...source], nodes: [] }],
    ['a nullability that is none', { version: 1, source: [{ name: 'a', type: 'f64' }], nodes: [] }],
    ['a million columns', { version: 1, source: new Array(1_000_000).fill(source[0]), nodes: [] }],
    ['steps that are no array', { ...plan(), nodes: { length: 1 } }],
    ['too many steps', plan(...new Array(1_001).fill(eventTime))],
    ['an unknown step', plan({ op: 'toString' })],
    ['a filter of numbers', plan({ op: 'filter', predicate: price })],
    [
      'a filter on no column',
      plan({ op: 'filter', predicate: { kind: 'call', fn: 'isNull', args: [{ kind: 'column', name: 'x' }] } }),
    ],
    [
      'a wrong operand',
      plan({
        op: 'filter',
        predicate: { kind: 'call', fn: 'eq', args: [price, { kind: 'literal', type: 'utf8', value: 'x' }] },
      }),
    ],
    ['a window without event time', plan(windowed)],
    ['a window of no size', plan(eventTime, { ...windowed, window: { kind: 'tumbling', sizeMs: 0, offsetMs: 0 } })],
    ['a negative bound', plan(eventTimeBy({ kind: 'boundedOutOfOrderness', outOfOrdernessMs: -1 }))],
    ['a bound of text', plan(eventTimeBy({ kind: 'boundedOutOfOrderness', outOfOrdernessMs: '5' }))],
    ['no watermarks', plan(eventTimeBy(undefined))],
    ['watermarks of no kind', plan(eventTimeBy({ kind: 'toString' }))],
    ['a wait without end', plan(eventTimeBy({ kind: 'physical', waitMs: Number.POSITIVE_INFINITY }))],
    ['watermarks by nothing', plan(eventTimeBy({ kind: 'punctuated' }))],
    ['watermarks that are no times', plan(eventTimeBy({ kind: 'punctuated', expression: price }))],
    [
      'watermarks by a column that is not there',
      plan(eventTimeBy({ kind: 'punctuated', expression: { kind: 'column', name: 'end' } })),
    ],
    ['keys that are no names', plan(eventTime, { ...windowed, keys: [1] })],
    ['a key twice', plan(eventTime, { ...windowed, keys: ['price', 'price'] })],
    ['no results', plan(eventTime, { ...windowed, results: [] })],
    [
      'code to load',
      plan({ op: 'filterRows', fn: { module: 'node:fs', export: 'rmSync' }, output: source, name: 'x' }),
    ],
    ['two branches of one name', plan({ op: 'tee', name: 'a', plan: [] }, { op: 'tee', name: 'a', plan: [] })],
    ['a wrong step in a branch', plan({ op: 'tee', name: 'a', plan: [windowed] })],
  ])('refuses %s', (_, given) => {
    expect(() => pipelineFromJSON(given)).toThrow(EventfluxError)
  })

  it('refuses branches nested without end', () => {
    const endless: Record<string, unknown> = { op: 'tee', name: 'a' }
    endless.plan = [endless]
    expect(() => pipelineFromJSON(plan(endless))).toThrow(/deep/)
  })

  it('takes named functions only where it is told to, and checks their output', () => {
    const map = {
      op: 'mapRows',
      fn: { module: './map.js', export: 'map', extra: 1 },
      output: [{ name: 'a', type: 'f64', nullable: false }],
      name: 'm',
    }
    const { nodes } = planFromJSON(plan(map), { allowModules: true })
    expect(nodes[0]).toMatchObject({ fn: { module: './map.js', export: 'map' } })
    expect(() => planFromJSON(plan({ ...map, fn: 'alert(1)' }), { allowModules: true })).toThrow(EventfluxError)
    expect(() => planFromJSON(plan({ ...map, output: [] }), { allowModules: true })).toThrow(EventfluxError)
  })

  it('answers any JSON with a plan or a typed error', () => {
    const node = fc.record({
      op: fc.constantFrom('eventTime', 'filter', 'project', 'windowAggregate', 'tee', 'mapRows', 'x'),
      column: fc.jsonValue(),
      predicate: fc.jsonValue(),
      columns: fc.jsonValue(),
      keys: fc.jsonValue(),
      window: fc.jsonValue(),
      results: fc.jsonValue(),
      name: fc.jsonValue(),
      plan: fc.jsonValue(),
    })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.array(node, { maxLength: 3 }).map(nodes => plan(...nodes)),
        ),
        given => {
          try {
            pipelineFromJSON(given)
          } catch (error) {
            expect(error).toBeInstanceOf(EventfluxError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('a plan with one part replaced', () => {
  const bottomless: unknown[] = []
  for (let depth = 0, inner = bottomless; depth < 10_000; depth++) inner.push((inner = []))
  const circular: Record<string, unknown> = { kind: 'call', fn: 'neg' }
  circular.args = [circular]
  const HOSTILE: readonly unknown[] = [
    ...[undefined, null, true, '', '__proto__', 'constructor', 'toString', 'x'.repeat(100_000), 5n, Symbol('s')],
    ...[0, -0, -1, 0.5, 5e-324, 1e308, 2 ** 31, 2 ** 53, -(2 ** 63), Number.NaN, Number.POSITIVE_INFINITY],
    ...[[], {}, [[]], [null], { length: 1e9 }, new Array(1e6), bottomless, circular, () => true, new Date(Number.NaN)],
    JSON.parse('{"__proto__": {"kind": "literal", "type": "bool", "value": true}}'),
  ]

  /** Every place in a plan, as the object and the name or index in it. */
  function placesOf(
    value: unknown,
    into: [Record<string, unknown>, string][] = [],
  ): [Record<string, unknown>, string][] {
    if (typeof value !== 'object' || value === null) return into
    for (const name of Object.keys(value)) {
      into.push([value as Record<string, unknown>, name])
      placesOf((value as Record<string, unknown>)[name], into)
    }
    return into
  }

  it('is a plan that explains itself, or refused with a typed error, and soon', () => {
    fc.assert(
      fc.property(tapes(300), fc.nat(), fc.constantFrom(...HOSTILE), (tape, nth, hostile) => {
        const given = JSON.parse(JSON.stringify(planOf(tape))) as Record<string, unknown>
        const places = placesOf(given)
        const [holder, name] = places[nth % places.length]!
        holder[name] = hostile
        const began = process.cpuUsage()
        try {
          pipelineFromJSON(given).explain()
        } catch (error) {
          if (!(error instanceof EventfluxError)) throw error
        }
        const { user, system } = process.cpuUsage(began)
        expect((user + system) / 1_000).toBeLessThan(2_000)
        expect(Object.prototype).not.toHaveProperty('kind')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('toJSON', () => {
  it('refuses plans with functions, in branches too, and takes named ones', () => {
    const start = pipeline(ticks)
    expect(() => JSON.stringify(start.filterRows(row => row.price > 1))).toThrow(/module, export/)
    expect(() => JSON.stringify(start.tee('a', b => b.filterRows(() => true)))).toThrow(EventfluxError)
    const named = start.filterRows({ module: './keep.js', export: 'keep' })
    expect(pipelineFromJSON(JSON.stringify(named), { allowModules: true }).plan).toEqual(named.plan)
  })
})
