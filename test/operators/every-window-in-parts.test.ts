import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, first, max, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { createEngineSync, type Engine } from '../../src/kernels/engine.ts'
import { pipeline } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import type { WindowAggregateNode } from '../../src/plan/logical-node.ts'
import { optimise } from '../../src/plan/optimise.ts'
import { ChainInstance } from '../../src/testing/chain-instance.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { session } from '../../src/time/session-windows.ts'
import { everyRows } from '../../src/time/triggers.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import { time } from '../../src/time/window-kinds/time.ts'
import { hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import { bounded, partOf, takingTurns } from '../bounded.ts'
import { textOf } from '../threads/events.ts'
import { all, ROW_WINDOWS, WINDOWS } from './every-window.ts'
import { aggregates, type Event, eventRows, events, inTurns, timedAggregates } from './state-events.ts'

type Tumbling = ReturnType<typeof tumbling>

const ROWS = eventRows(60)
const SIZE = 5
interface Batch {
  readonly atMs: number
  readonly rows: readonly Event[]
}
const batchesOf = (rows: readonly Event[]): Batch[] =>
  Array.from({ length: Math.ceil(rows.length / SIZE) }, (_, i) => ({
    atMs: 9 * i,
    rows: rows.slice(i * SIZE, (i + 1) * SIZE),
  }))
const BATCHES = batchesOf(ROWS)
const CUTS = Array.from({ length: BATCHES.length + 1 }, (_, cut) => cut)
const END_MS = 400

/** Engines of instances that are closed: a memory is all zeros for the next. */
const engines: Engine[] = []
function engine(): Engine {
  const used = engines.pop()
  used?.memory.u8.fill(0)
  return used ?? createEngineSync({ engine: 'js', maxBytes: 2 ** 24, module: undefined })
}

/** Replicas of a plan that are sent the same rows; one with no rows of others where `count` is undefined: one thread. */
class Replicas {
  readonly #used: Engine[] = []
  readonly #instances: readonly ChainInstance[]

  constructor(stream: Pick<Pipeline, 'plan'>, count: number | undefined, startMs: number) {
    const plan = optimise(stream.plan)
    const before = plan.nodes.findIndex(({ op }) => op === 'windowAggregate' || op === 'rowWindow')
    const { keys } = plan.nodes[before] as WindowAggregateNode
    const partitioning = { before, keys, end: plan.nodes.length }
    this.#instances = Array.from({ length: count ?? 1 }, (_, index) => {
      const made = engine()
      this.#used.push(made)
      const partition = count === undefined ? undefined : { ...partitioning, shard: { index, count } }
      const given = { engine: made, maxBatch: 64, maxKeys: 1_000, fullEvery: 0, startMs, partition }
      return new ChainInstance(plan, given)
    })
  }

  send({ atMs, rows }: Batch): void {
    for (const instance of this.#instances) {
      instance.advanceTo(atMs)
      instance.process(rows)
    }
  }

  end(): void {
    for (const instance of this.#instances) {
      instance.advanceTo(END_MS)
      instance.end()
    }
  }

  snapshot(): Uint8Array[] {
    return this.#instances.map(instance => instance.snapshot())
  }

  restoreParts(parts: readonly Uint8Array[]): void {
    for (const instance of this.#instances) instance.restoreParts(parts)
  }

  /** Gives everything back, and what came out. */
  close(): string[] {
    const rows = this.#instances.flatMap(({ arrivals }) =>
      (arrivals.get('') ?? []).flatMap(arrival => ('row' in arrival ? textOf(arrival.row as unknown[]) : [])),
    )
    for (const instance of this.#instances) instance.close()
    engines.push(...this.#used)
    return rows
  }
}

/** Runs the rows on one layout after the other, each going on from the parts the one before left. */
function relay(
  stream: Pick<Pipeline, 'plan'>,
  layouts: readonly (number | undefined)[],
  cuts: readonly number[],
  batches = BATCHES,
) {
  const out: string[] = []
  let parts: readonly Uint8Array[] | undefined
  for (const [leg, count] of layouts.entries()) {
    const from = cuts[leg - 1] ?? 0
    const to = cuts[leg] ?? batches.length
    const replicas = new Replicas(stream, count, from === 0 ? 0 : batches[from - 1]!.atMs)
    if (parts !== undefined) replicas.restoreParts(parts)
    for (const batch of batches.slice(from, to)) replicas.send(batch)
    if (leg === layouts.length - 1) replicas.end()
    else parts = replicas.snapshot()
    out.push(...replicas.close())
  }
  return out.sort()
}

interface Layouts {
  readonly layouts: readonly (number | undefined)[]
  readonly cuts: readonly number[]
}

const RELAYS: readonly Layouts[] = [
  { layouts: [undefined, 2, 4, undefined], cuts: [3, 6, 9] },
  { layouts: [4, 2, 1, 4], cuts: [2, 5, 10] },
  { layouts: [2, undefined, 4, 2], cuts: [4, 7, 11] },
]

const APART: readonly Layouts[] = [
  { layouts: [2], cuts: [] },
  { layouts: [4], cuts: [] },
]

function verify(stream: Pick<Pipeline, 'plan'>, turn: number): void {
  const expected = relay(stream, [undefined], [])
  expect(expected.length).toBeGreaterThan(0)
  for (const { layouts, cuts } of [...takingTurns(turn, RELAYS), ...bounded<readonly Layouts[]>([], APART)])
    expect(relay(stream, layouts, cuts), `${layouts.map(each => each ?? 'one thread')} cut at ${cuts}`).toEqual(
      expected,
    )
}

/** Every cut between two batches, a third of them in the short form, from each layout to another in turn. */
function verifyCuts(stream: Pick<Pipeline, 'plan'>, turn: number): void {
  const expected = relay(stream, [undefined], [])
  for (const cut of partOf(turn, 3, CUTS)) {
    const layouts = [undefined, 2, 4, 1, 2, undefined, 4].slice(cut % 6, (cut % 6) + 2)
    expect(relay(stream, layouts, [cut]), `${layouts.map(each => each ?? 'one thread')} cut at ${cut}`).toEqual(
      expected,
    )
  }
}

const timed = pipeline(events).eventTime('time', { outOfOrdernessMs: 15 })

type EventColumns = Parameters<typeof timedAggregates>[0]
const pick = ({ time, key, x, n, l, p, t }: EventColumns) => ({ time, key, x, n, l, p, t })
/** Names that are no columns of the rows. */
const named = <T extends object>(results: T): T =>
  Object.fromEntries(Object.entries(results).map(([name, result]) => [`${name}Of`, result])) as T

describe('a state in parts that is taken over by more replicas, fewer, or one thread makes no difference', () => {
  const kindsOfWindows = Object.entries(WINDOWS)
    .flatMap(([kind, windows]) => Object.entries(windows).map(([name, window]) => [kind, name, window] as const))
    .map((each, turn) => [...each, turn] as const)

  it.each(kindsOfWindows)('to %s windows: %s', (_, _name, window, turn) => {
    for (const key of takingTurns(turn, ['key', 'x'] as const))
      verify(
        timed
          .keyBy(key)
          .window(window as Tumbling)
          .aggregate(e => ({ n: count(), total: sum(e.n), text: first(e.t), most: max(e.l) })),
        turn,
      )
  })

  it.each(inTurns(ROW_WINDOWS))('to windows over rows: %s', (_, window, turn) => {
    for (const key of takingTurns(turn, ['p', 't', 'x'] as const))
      verify(
        pipeline(events)
          .keyBy(key)
          .window(window as RowWindowSpec<'current'>)
          .aggregate(e => ({ n: count(), total: sum(e.n), text: first(e.t), most: max(e.l) })),
        // Not the same relay for each key.
        Math.floor(turn / 3),
      )
  })

  const SOME = {
    tumbling: tumbling(50),
    'late hopping': hopping(30, 10, { allowedLateness: 40 }),
    'a session': session(12),
    'early tumbling': tumbling(50, { early: { rows: 2 } }),
    global: globalWindow({ trigger: everyRows(2), unbounded: true }),
  }
  it.each(inTurns<WindowSpec>(SOME))('to any aggregate of windows: %s', (_, window, turn) => {
    verify(
      timed
        .project(e => ({ ...pick(e), label: e.t.upper() }))
        .keyBy('label', 'p')
        .window(window as Tumbling)
        .aggregate(e => (window.kind === 'global' ? named(aggregates(e)) : named(timedAggregates(e)))),
      turn,
    )
  })

  const SOME_OVER_ROWS = { length: length(3, all), time: time(20, all), lengthBatch: lengthBatch(3, all) }
  it.each(inTurns<RowWindowSpec<'all'>>(SOME_OVER_ROWS))(
    'to any aggregate of windows over rows: %s',
    (_, window, turn) => {
      verify(
        pipeline(events)
          .keyBy('key', 'p')
          .window(window as unknown as RowWindowSpec<'current'>)
          .aggregate(e => named(aggregates(e))),
        turn,
      )
    },
  )

  it.each(kindsOfWindows)('at any cut, to %s windows: %s', (_, _name, window, turn) => {
    verifyCuts(
      timed
        .keyBy('key')
        .window(window as Tumbling)
        .aggregate(e => ({ n: count(), text: first(e.t) })),
      turn,
    )
  })

  it.each(inTurns(ROW_WINDOWS))('at any cut, to windows over rows: %s', (_, window, turn) => {
    verifyCuts(
      pipeline(events)
        .keyBy('t')
        .window(window as RowWindowSpec<'current'>)
        .aggregate(e => ({ n: count(), text: first(e.t) })),
      turn,
    )
  })

  it('to functions of rows before and behind, to texts made on the way, and to windows over windows', () => {
    verify(
      timed
        .filterRows(row => (row as { n: number }).n !== 3)
        .project(e => ({ ...pick(e), label: e.n.toUtf8() }))
        .keyBy('label')
        .window(hopping(40, 20))
        .aggregate(e => ({ rows: count(), text: first(e.t), some: collect(e.key) }))
        .filter(r => r.rows.gt(0))
        .keyBy('label', 'rows')
        .window(tumbling(80))
        .aggregate(r => ({ windows: count(), text: first(r.text) })),
      2,
    )
  })

  it('to windows of any kind, whatever the rows, the layouts and the cuts', () => {
    const windows = [...Object.values(WINDOWS).flatMap(kinds => Object.values(kinds))]
    const overRows = Object.values(ROW_WINDOWS)
    const layout = fc.constantFrom(undefined, 1, 2, 3, 4, 7)
    const row = fc.record({
      step: fc.integer({ min: -25, max: 30 }),
      t: fc.constantFrom(null, 'x', 'y', 'z', 'zz', ''),
      n: fc.integer({ min: 0, max: 9 }),
    })
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 20, maxLength: 70 }),
        fc.nat(windows.length + overRows.length - 1),
        fc.array(layout, { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat(1_000), { minLength: 3, maxLength: 3 }),
        (steps, which, layouts, places) => {
          let time = 0
          const batches = batchesOf(
            steps.map(({ step, t, n }) => {
              time += Math.max(step, -10) / 2
              return { time: Math.round(time + Math.min(step, 0)), key: t ?? 'none', x: n / 4, n, l: null, p: null, t }
            }),
          )
          const cuts = places.slice(0, layouts.length - 1).map(place => place % (batches.length + 1))
          cuts.sort((a, b) => a - b)
          const results = (e: EventColumns) => ({ rows: count(), total: sum(e.n), least: first(e.x), most: max(e.n) })
          const window = windows[which]
          const stream =
            window === undefined
              ? pipeline(events)
                  .keyBy('t')
                  .window(overRows[which - windows.length] as RowWindowSpec<'current'>)
                  .aggregate(results)
              : timed
                  .keyBy('t')
                  .window(window as Tumbling)
                  .aggregate(results)
          expect(relay(stream, layouts, cuts, batches)).toEqual(relay(stream, [undefined], [], batches))
        },
      ),
      { numRuns: bounded(30, 100) },
    )
  })
})
