import { describe, expect, it } from 'vitest'
import type { Processor } from '../../src/connector/processor.ts'
import { isAggregateName } from '../../src/expression/aggregate-rules.ts'
import { count, first, max, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import * as everything from '../../src/index.ts'
import { pipeline } from '../../src/packaged.ts'
import { KeyedPipeline, Pipeline, RowWindowedPipeline, WindowedPipeline } from '../../src/pipeline.ts'
import { boundedOutOfOrderness, physical, punctuated } from '../../src/plan/watermarks.ts'
import { type HarnessOptions, verifyPipeline } from '../../src/testing/operator-harness.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { everyInterval, everyRows } from '../../src/time/triggers.ts'
import { delay } from '../../src/time/window-kinds/delay.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { all, late, ROW_WINDOWS, WINDOWS } from './every-window.ts'
import { type Event, eventRows, events, takenBack, timedAggregates } from './state-events.ts'

type Tumbling = ReturnType<typeof tumbling>
type Named<T> = Readonly<Record<string, T>>

const rows = eventRows(16)
const options: HarnessOptions<Event> = {
  // Rows come by threes: each is cut in a two and a one.
  batchSizes: bounded([2], [1, 5]),
  arrivalMs: (_, i) => 6 * Math.floor(i / 3),
  endMs: 200,
}
const timed = pipeline(events).eventTime('time', { outOfOrdernessMs: 15 })
const totals = timed
  .keyBy('key')
  .window(tumbling(40))
  .aggregate(e => ({ n: sum(e.n), l: max(e.l), t: first(e.t) }))

/** Gives each row the one before it. */
const pairs = (): Processor<Event, Event> => {
  let before: Event | undefined
  return {
    process(row, emit) {
      if (before !== undefined) emit({ ...before, n: row.n })
      before = row
    },
    snapshot: () => before,
    restore(state) {
      before = state as Event
    },
  }
}

interface Runnable {
  readonly plan: Pipeline['plan']
}
const STATELESS = 'keeps nothing from one batch to the next'
/** Every step of the builder: what runs it, or why it keeps nothing. */
const STEPS: Named<Named<Runnable> | string> = {
  eventTime: {
    bounded: pipeline(events).eventTime('time', { watermarks: boundedOutOfOrderness(15), idleness: 10 }),
    punctuated: pipeline(events).eventTime('time', { watermarks: punctuated(e => e.n.gt(6)) }),
    physical: pipeline(events).eventTime('time', { watermarks: physical(10) }),
  },
  processingTime: {
    'windows by the clock': pipeline(events)
      .processingTime('at')
      .keyBy('key')
      .window(tumbling(20))
      .aggregate(e => ({ n: sum(e.n), t: first(e.t) })),
  },
  filter: STATELESS,
  filterRows: STATELESS,
  project: { 'new texts': timed.project(e => ({ key: e.n.toUtf8(), n: e.n })) },
  mapRows: { 'new texts': timed.mapRows(events, row => ({ ...(row as Event), t: `${row.n % 4}` })) },
  process: { 'a processor': timed.process(events, pairs as never) },
  tee: {
    branches: timed.tee('side', side => side.window(tumbling(25)).aggregate(e => ({ n: sum(e.n), t: first(e.t) }))),
  },
  orderBy: { results: totals.orderBy(r => [desc(r.t), asc(r.l), asc(r.n)]) },
  limit: { results: totals.limit(2, { offset: 1 }) },
  topN: {
    results: totals.topN(2, r => desc(r.l), { rank: 'place' }),
    'results by value': totals.topN(1, r => asc(r.n), { by: ['t'], ties: 'keep' }),
  },
  topRows: {
    tumbling: timed.window(tumbling(40)).topRows(3, e => desc(e.n), { rank: 'place' }),
    'hopping by key': timed
      .keyBy('key')
      .window(hopping(60, 20))
      .topRows(2, e => [asc(e.t), desc(e.l)], { ties: 'keep' }),
    'so far by key': timed
      .keyBy('key')
      .window(globalWindow({ trigger: everyInterval(20), fireAtEnd: true }))
      .topRows(2, e => [desc(e.t), asc(e.l)], { rank: 'place' }),
    'so far, taken back': timed
      .keyBy('t')
      .window(globalWindow({ trigger: everyRows(2), firing: 'retracting' }))
      .topRows(3, e => asc(e.n)),
    'of objects': timed
      .keyBy('key')
      .window(tumbling(20))
      .aggregate(e => ({ n: sum(e.n), list: collect(e.t) }))
      .project(r => ({ at: r.windowEnd, n: r.n, list: r.list }))
      .eventTime('at')
      .window(tumbling(80))
      .topRows(2, e => desc(e.n)),
  },
  output: {
    'all every 5 rows': pipeline(events).output('all', { everyRows: 5 }),
    'all by the clock': pipeline(events).output('all', { every: 9, maxRows: 10 }),
    'first of rows': pipeline(events).output('first', { everyRows: 4, by: ['key', 'p'] }),
    'first by the clock': pipeline(events).output('first', { every: 20, by: ['key'] }),
    'last of rows': pipeline(events).output('last', { everyRows: 7, by: ['t'] }),
    'last by the clock': pipeline(events).output('last', { every: 20 }),
    snapshots: pipeline(events).output('snapshot', { every: 25, by: ['key'] }),
    'snapshots of a window': pipeline(events).window(length(4, all)).rows().output('snapshot', { every: 25 }),
    'snapshots of what is sorted': pipeline(events)
      .window(sort(3, 'n', all))
      .rows()
      .output('snapshot', { every: 11 }),
  },
  keyBy: 'is part of a window',
  window: 'what runs it is below, kind by kind',
  aggregate: 'is part of a window',
  rows: { delay: pipeline(events).window(delay(15)).rows() },
  stage: 'says where steps are run',
  withStep: 'appends any of the steps',
  withPlan: 'changes no step, but what is said of them',
}

const verify = (stream: Runnable) => verifyPipeline(stream as never, rows as never, options as never)

describe('snapshot and restore at every cut make no difference', () => {
  describe.each(Object.entries(WINDOWS))('to %s windows', (_, kinds) => {
    it.each(Object.entries(kinds))('%s', (_, window) => {
      const windowed = timed
        .keyBy('key')
        .window(window as Tumbling)
        .aggregate(e => ({ n: count(), total: sum(e.x), t: first(e.t), l: max(e.l) }))
      expect(verify(windowed).rows.length).toBeGreaterThan(0)
    })
  })

  it.each(Object.entries(ROW_WINDOWS))('to windows over rows: %s', (_, window) => {
    const windowed = pipeline(events)
      .keyBy('p')
      .window(window as RowWindowSpec<'current'>)
      .aggregate(e => ({ n: count(), total: sum(e.x), t: first(e.t), l: max(e.l) }))
    expect(verify(windowed).rows.length).toBeGreaterThan(0)
  })

  it('to any aggregate of a window that gives early results', () => {
    for (const early of [{ rows: 2 }, { everyEventTime: 10 }]) {
      const windowed = timed
        .keyBy('key')
        .window(tumbling(50, { early, ...late, firing: 'retracting' }))
        .aggregate(takenBack)
      expect(verify(windowed).rows.length).toBeGreaterThan(5)
    }
  })

  describe.each(
    Object.entries(STEPS).flatMap(([name, ways]) => (typeof ways === 'string' ? [] : ([[name, ways]] as const))),
  )('to %s', (_, ways) => {
    it.each(Object.entries(ways))('%s', (_, stream) => {
      expect(verify(stream).rows.length).toBeGreaterThan(0)
    })
  })
})

describe('nothing is left out:', () => {
  it('every step of the builder', () => {
    const builders = [Pipeline, KeyedPipeline, WindowedPipeline, RowWindowedPipeline]
    const steps = builders.flatMap(({ prototype }) =>
      Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, { value }]) =>
        typeof value === 'function' && name !== 'constructor' ? [name] : [],
      ),
    )
    // What is asked of a whole pipeline is there to be refused on half a window: it is no step.
    const asked = new Set(['explain', 'named', 'run'])
    expect([...new Set(steps)].filter(name => !asked.has(name)).sort()).toEqual(Object.keys(STEPS).sort())
  })

  it('every aggregate', () => {
    const plan = JSON.stringify(timed.window(tumbling(10)).aggregate(timedAggregates).plan)
    const missing = Object.keys(everything).filter(name => isAggregateName(name) && !plan.includes(`"fn":"${name}"`))
    expect(missing).toEqual([])
  })
})
