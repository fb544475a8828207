import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import type { OutputKind } from '../../src/plan/output-rate.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { tumbling } from '../../src/time/windows.ts'

const ticks = schema({ key: utf8(), n: i32() })
const start = pipeline(ticks)
interface Tick {
  readonly key: string
  readonly n: number
}
interface Arrival extends Tick {
  readonly at: number
}

/** What comes out of stretches of the clock: when, and which rows. */
async function run(stream: unknown, arrivals: readonly Arrival[], endMs: number): Promise<[number, number][]> {
  const clock = new VirtualClock(0)
  const out: [number, number][] = []
  const job = await (stream as Pipeline).run({ clock, sink: row => void out.push([clock.now(), row.n as number]) })
  for (const { at, key, n } of arrivals) {
    clock.advanceTo(at)
    job.push({ key, n })
    await job.flush()
  }
  clock.advanceTo(endMs)
  await job.drain()
  return out
}

/** The same, by looking at every instant for itself. */
function model(which: OutputKind, every: number, byKey: boolean, arrivals: readonly Arrival[], endMs: number) {
  const out: [number, number][] = []
  const lastOfEach = (rows: readonly Arrival[]) => [...new Map(rows.map(row => [byKey ? row.key : '', row])).values()]
  const firstOfEach = (rows: readonly Arrival[]) =>
    rows.filter((row, i) => rows.findIndex(other => !byKey || other.key === row.key) === i)
  for (let from = 0; from <= endMs; from += every) {
    const rows = arrivals.filter(({ at }) => at >= from && at < from + every)
    if (which === 'first') for (const { at, n } of firstOfEach(rows)) out.push([at, n])
    const isOver = from + every <= endMs
    const given = {
      all: rows,
      first: [],
      last: lastOfEach(rows),
      snapshot: isOver ? lastOfEach(arrivals.filter(({ at }) => at < from + every)) : [],
    }[which]
    for (const { n } of given) out.push([isOver ? from + every : endMs, n])
  }
  return out
}

const arrivalsOf = fc
  .array(fc.record({ pause: fc.nat(12), key: fc.constantFrom('a', 'b', 'c') }), { maxLength: 20 })
  .map(steps => {
    let at = 0
    return steps.map(({ pause, key }, n): Arrival => ({ at: (at += pause), key, n }))
  })

describe('output by the clock', () => {
  it('is what a look at each stretch for itself gives', async () => {
    const kinds = fc.constantFrom('all', 'first', 'last', 'snapshot' as const)
    await fc.assert(
      fc.asyncProperty(
        kinds,
        fc.integer({ min: 1, max: 15 }),
        fc.boolean(),
        arrivalsOf,
        fc.nat(40),
        async (...given) => {
          const [which, every, wantsKeys, arrivals, rest] = given
          const byKey = wantsKeys && which !== 'all'
          const endMs = (arrivals.at(-1)?.at ?? 0) + rest
          const stream = start.output(which as OutputKind, { every, ...(byKey && { by: ['key'] }) })
          expect(await run(stream, arrivals, endMs)).toEqual(model(which as OutputKind, every, byKey, arrivals, endMs))
        },
      ),
    )
  })

  it('a row at the end of a stretch belongs to the next', async () => {
    const arrivals = [5, 10, 19, 20].map((at, n) => ({ at, key: 'a', n }))
    expect(await run(start.output('last', { every: 10 }), arrivals, 25)).toEqual([
      [10, 0],
      [20, 2],
      [25, 3],
    ])
  })

  it('a clock that leaves several stretches at once, late, gives one snapshot', async () => {
    const late = new VirtualClock(0)
    const rows: unknown[] = []
    const job = await start.output('snapshot', { every: 10 }).run({
      // Timers come as soon as the clock stops, as those of a machine that was asleep do.
      clock: {
        now: () => late.now(),
        monotonicNs: () => late.monotonicNs(),
        after: (ms, call) => late.after(ms + 1_000, call),
      },
      sink: row => void rows.push(row),
    })
    job.push({ key: 'a', n: 1 })
    await job.flush()
    late.advance(1_015)
    await job.stop()
    expect(rows).toEqual([{ key: 'a', n: 1 }])
  })
})

const all = { output: 'all' } as const

describe('output by the clock behind a window', () => {
  it('a snapshot of a window holds what the window holds, whichever of its rows leave', () => {
    const { rows } = verifyPipeline(
      start
        .window(sort(2, 'n', all))
        .rows()
        .output('snapshot', { every: 10 }),
      [3, 1, 2, 5].map(n => ({ key: 'a', n })),
      { arrivalMs: (_, i) => 10 * i, endMs: 40 },
    )
    // 3; 3 and 1; 1 and 2, for 3 has left; 5 entered and left at once.
    expect(rows.map(({ n }) => n)).toEqual([3, 3, 1, 1, 2, 1, 2])
  })
})

describe('a step of output', () => {
  it('ends event time: windows behind it take theirs from a column', () => {
    const timed = pipeline(schema({ time: timestamp(), key: utf8(), n: i32() })).eventTime('time')
    const thinned = timed.output('last', { everyRows: 2 })
    expect(thinned.eventTimeColumn).toBeUndefined()
    expect(() => thinned.window(tumbling(5) as never)).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
    const { rows } = verifyPipeline(
      thinned
        .eventTime('time')
        .window(tumbling(10))
        .aggregate(e => ({ n: sum(e.n) })),
      [1, 2, 3, 14, 15].map(time => ({ time, key: 'a', n: time })),
    )
    expect(rows.map(({ windowStart, n }) => [windowStart, n])).toEqual([
      [0, 2],
      [10, 29],
    ])
  })

  it('says in explain() what it does and what bounds it', () => {
    expect(start.output('last', { every: '1s', by: ['key'] }).explain()).toContain('output      last every 1s by key')
    const content = start.window(length(4, all)).rows().output('snapshot', { every: '2s', maxRows: 9 })
    expect(content.explain()).toContain('output      snapshot of the window every 2s')
    expect(content.explain()).toContain('state: the rows of the window, at most 9, then the job fails')
  })

  it.each([
    ['neither rows nor time', 'all', {}, 'OPTION_INVALID'],
    ['rows and time', 'all', { every: 1, everyRows: 1 }, 'OPTION_INVALID'],
    ['no rows', 'all', { everyRows: 0 }, 'OPTION_INVALID'],
    ['half a row', 'all', { everyRows: 1.5 }, 'OPTION_INVALID'],
    ['no time', 'last', { every: 0 }, 'OPTION_INVALID'],
    ['another word', 'some', { every: 1 }, 'OPTION_INVALID'],
    ['no rate', 'all', null, 'OPTION_INVALID'],
    ['snapshots by rows', 'snapshot', { everyRows: 2 }, 'OPTION_INVALID'],
    ['groups of all', 'all', { everyRows: 2, by: ['key'] }, 'PLAN_INVALID'],
    ['a column that is not there', 'last', { everyRows: 2, by: ['nil'] }, 'PLAN_INVALID'],
    ['a column twice', 'last', { everyRows: 2, by: ['key', 'key'] }, 'PLAN_INVALID'],
    ['text for columns', 'last', { everyRows: 2, by: 'key' }, 'PLAN_INVALID'],
    ['a bound of what is bounded', 'last', { every: 2, maxRows: 5 }, 'OPTION_INVALID'],
  ])('refuses %s', (_, which, rate, code) => {
    expect(() => start.output(which as 'all', rate as never)).toThrow(expect.objectContaining({ code }))
  })

  it('refuses data that no builder makes', () => {
    const { plan } = start.output('snapshot', { every: 5 })
    const changed = (change: object) => ({ ...plan, nodes: [{ ...plan.nodes[0], ...change }] })
    expect(() => pipelineFromJSON(changed({ everyMs: 7 }))).not.toThrow()
    for (const change of [{ content: true }, { content: 1 }, { by: 'key' }, { everyMs: -1 }, { which: 'toString' }])
      expect(() => pipelineFromJSON(changed(change))).toThrow(/./)
  })

  it('fails with STATE_FULL where more rows or groups come than it may hold', () => {
    const rows = ['a', 'b', 'c', 'd'].map((key, n) => ({ key, n }))
    const full = expect.objectContaining({ code: 'STATE_FULL' })
    expect(() => verifyPipeline(start.output('all', { every: 10, maxRows: 3 }), rows)).toThrow(full)
    expect(() => verifyPipeline(start.output('all', { every: 10, maxRows: 4 }), rows)).not.toThrow()
  })
})
