import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Section } from '../../src/checkpoint/checkpoint-format.ts'
import type { Processor } from '../../src/connector/processor.ts'
import { EventfluxError } from '../../src/errors.ts'
import { avg, first, max, sum, variance } from '../../src/expression/aggregates.ts'
import { argMax, collect, minForever } from '../../src/expression/choice-aggregates.ts'
import { approxDistinct, distinctCount, median, percentile } from '../../src/expression/distribution-aggregates.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { createEngineSync } from '../../src/kernels/engine.ts'
import { pipeline } from '../../src/packaged.ts'
import type { LogicalPlan } from '../../src/plan/logical-node.ts'
import { ChainInstance } from '../../src/testing/chain-instance.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { everyRows } from '../../src/time/triggers.ts'
import { externalTimeBatch } from '../../src/time/window-kinds/external-time-batch.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { eventRows, events } from './state-events.ts'

const timed = pipeline(events).eventTime('time', { outOfOrdernessMs: 15 })
const all = { output: 'all' } as const

/** Keeps the last row of each key. */
const latest = (): Processor<{ key: string }, { key: string }> => {
  let rows: [string, { key: string }][] = []
  return {
    process(row, emit) {
      const before = rows.find(([key]) => key === row.key)
      if (before) emit(before[1])
      rows = [...rows.filter(each => each !== before), [row.key, row]]
    },
    snapshot: () => rows,
    restore(state) {
      rows = state as typeof rows
    },
  }
}

const PLANS: Record<string, LogicalPlan> = {
  tumbling: timed
    .keyBy('key')
    .window(tumbling(25))
    .aggregate(e => ({ n: sum(e.l), t: first(e.t), who: argMax(e.t, e.n) })).plan,
  hopping: timed
    .keyBy('key', 'p')
    .window(hopping(30, 10, { allowedLateness: 20 }))
    .aggregate(e => ({ d: distinctCount(e.t), low: minForever(e.x) })).plan,
  'a key of numbers': timed
    .keyBy('n')
    .window(tumbling(60))
    .aggregate(e => ({ m: median(e.n), q: percentile(e.n, 0.5, { relativeError: 0.1 }) })).plan,
  session: timed
    .keyBy('key')
    .window(session(12, { allowedLateness: 20 }))
    .aggregate(e => ({ list: collect(e.t), about: approxDistinct(e.t) })).plan,
  slidingPerEvent: timed.window(slidingPerEvent(10)).aggregate(e => ({ high: max(e.n) })).plan,
  length: pipeline(events)
    .keyBy('p')
    .window(length(3, all))
    .aggregate(e => ({ high: max(e.n), mean: avg(e.x), low: minForever(e.l) })).plan,
  sort: pipeline(events)
    .window(sort(3, 'n', all))
    .aggregate(e => ({ v: variance(e.n), m: median(e.n), t: first(e.t), s: sum(e.l) })).plan,
  timeBatch: pipeline(events)
    .window(timeBatch(20, all))
    .aggregate(e => ({ d: distinctCount(e.t), t: first(e.t) })).plan,
  externalTimeBatch: pipeline(events)
    .window(externalTimeBatch('time', 30, { ...all, timeout: 10 }))
    .rows().plan,
  'early results': timed
    .keyBy('key')
    .window(tumbling(25, { early: { every: 5 }, allowedLateness: 20, firing: 'retracting' }))
    .aggregate(e => ({ n: sum(e.n), t: first(e.t) })).plan,
  topRows: timed
    .keyBy('key')
    .window(hopping(30, 10))
    .topRows(2, e => [desc(e.l), asc(e.t)], { ties: 'keep' }).plan,
  'top rows so far': timed
    .keyBy('key')
    .window(globalWindow({ trigger: everyRows(2), firing: 'retracting' }))
    .topRows(2, e => [desc(e.n), asc(e.t)]).plan,
  'the last rows of stretches': pipeline(events).output('snapshot', { every: 10, by: ['key', 't'] }).plan,
  'the first rows of stretches': pipeline(events).output('first', { everyRows: 3, by: ['key'] }).plan,
  process: timed.process(events, latest as never).plan,
}

const rows = eventRows(6)
const MOST_MEMORY = 2 ** 23
/** How many bytes are between two places that are tried. */
const EVERY = bounded(3, 1)
const engine = createEngineSync({ engine: 'js', maxBytes: MOST_MEMORY })

function instanceOf(plan: LogicalPlan): ChainInstance {
  engine.memory.u8.fill(0)
  return new ChainInstance(plan, { engine, maxBatch: 4, maxKeys: 100, fullEvery: 0, startMs: 12 })
}

/** The states in the middle of the rows, as the operators wrote them: no checksum stands between them and who reads them. */
function statesOf(plan: LogicalPlan): readonly Section[] {
  const instance = instanceOf(plan)
  instance.process(rows.slice(0, 2))
  instance.advanceTo(16)
  instance.process(rows.slice(2, 4))
  const sections = instance.sections()
  instance.close()
  return sections
}

/** Restores states and goes on to the end. The code of the error it ends with, if it does; any other error is thrown. */
function goOn(plan: LogicalPlan, sections: readonly Section[]): string | undefined {
  const instance = instanceOf(plan)
  try {
    instance.restoreSections(sections)
    instance.process(rows.slice(4))
    instance.advanceTo(100)
    instance.end()
    return undefined
  } catch (error) {
    if (error instanceof EventfluxError) return error.code
    throw error
  } finally {
    instance.close()
  }
}

/** The codes that bytes which aren't those of a state may end in: refused, or found out by whoever meets their content. */
const CODES = [
  undefined,
  'CHECKPOINT_INVALID',
  'CHECKPOINT_MISMATCH',
  'STATE_FULL',
  'STAGE_FAILED',
  'OVERFLOW',
  'EVENT_INVALID',
]

// Tens of thousands of errors, of which nobody looks at the stack.
const { stackTraceLimit } = Error
beforeAll(() => {
  Error.stackTraceLimit = 0
})
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit
})

describe.each(Object.entries(PLANS))('the state of %s', (_, plan) => {
  const sections = statesOf(plan)
  const bytes = sections.reduce((sum, section) => sum + section.bytes.length, 0)
  /** The states with one of them in other bytes. */
  const withOther = (name: string, other: Uint8Array): readonly Section[] =>
    sections.map(section => (section.name === name ? { name, bytes: other } : section))

  it('goes on as it is', () => {
    expect(goOn(plan, sections)).toBeUndefined()
  })

  it('is refused when it is cut short, or longer', () => {
    for (const { name, bytes: state } of sections) {
      for (let length = 0; length < state.length; length += EVERY)
        expect(goOn(plan, withOther(name, state.slice(0, length))), `${name} of ${length}`).toBe('CHECKPOINT_INVALID')
      expect(goOn(plan, withOther(name, Uint8Array.of(...state, 0)))).toBe('CHECKPOINT_INVALID')
    }
  })

  it('with any one bit the other way is refused, or goes on without harm', () => {
    let refused = 0
    // Every bit of a short state, and every third of a long one, or fewer of either: each bit of a byte comes up.
    const step = bytes < 300 ? bounded(5, 1) : bounded(11, 3)
    for (const { name, bytes: state } of sections)
      for (let bit = 0; bit < state.length * 8; bit += step) {
        const flipped = state.slice()
        flipped[bit >>> 3]! ^= 1 << (bit & 7)
        const code = goOn(plan, withOther(name, flipped))
        if (!CODES.includes(code)) throw new Error(`bit ${bit} of ${name} ends in ${code}`)
        if (code?.startsWith('CHECKPOINT')) refused++
      }
    expect(refused * step).toBeGreaterThan(bytes)
  })

  it('with a length that is none is refused, or goes on without harm', () => {
    for (const { name, bytes: state } of sections)
      for (let at = 0; at + 4 <= state.length; at += EVERY) {
        const length = at % 2 === 0 ? 2 ** 31 : 2 ** 32 - 1
        const hostile = state.slice()
        new DataView(hostile.buffer).setUint32(at, length, true)
        const code = goOn(plan, withOther(name, hostile))
        if (!CODES.includes(code)) throw new Error(`${length} at ${at} of ${name} ends in ${code}`)
      }
  })
})
