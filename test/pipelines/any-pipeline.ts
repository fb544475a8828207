import { count, max, sum } from '../../src/expression/aggregates.ts'
import { ifElse } from '../../src/expression/functions.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { functionOf } from '../../src/expression/user-function.ts'
import { pipeline } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { f64, utf8 } from '../../src/schema/data-type.ts'
import type { SchemaFields } from '../../src/schema/schema.ts'
import { session } from '../../src/time/session-windows.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import { aggregates, events, takenBack, timedAggregates } from '../operators/state-events.ts'
import type { Tape } from '../plan/tape.ts'
import { anyRowWindow, anyWindow } from './any-window.ts'

const timed = pipeline(events).eventTime('time')
type Timed = typeof timed
/** Results of windows, of which only this is asked. */
const results = timed.window(tumbling(1)).aggregate(e => ({ rows: count(), total: sum(e.n) }))
type Results = typeof results
type AnyPipeline = Pipeline<SchemaFields, string | undefined, SchemaFields>

const half = functionOf(f64().nullable(), (x: number) => (x > 3 ? null : x / 2))
const backwards = functionOf(utf8(), (text: string) => [...text].reverse().join(''))
const joined = functionOf(utf8(), (n: number, key: string) => `${key}${n % 3}`)

const KEYS = ['key', 'x', 'n', 'l', 'p', 't'] as const

/**
 * A pipeline over `events` of any steps, windows and aggregates, as `tape` chooses.
 *
 * @throws EventfluxError where what was chosen doesn't go together, as it does for users.
 */
export function anyPipeline(tape: Tape): AnyPipeline {
  let stream: Timed = pipeline(events).eventTime('time', {
    outOfOrdernessMs: tape.below(60),
    allowedLatenessMs: tape.below(2) * tape.below(60),
    ...(tape.below(5) === 4 && { idleness: 1 + tape.below(30) }),
  })
  if (tape.below(3) === 2)
    stream = stream.filter(e => tape.pick([e.x.isNull().not(), e.t.ne('x'), e.p, e.n.mod(3).ne(1)]))
  if (tape.below(3) === 2)
    stream = stream.project(e => ({
      ...{ time: e.time, n: e.n, l: e.l },
      key: tape.pick([e.key, e.n.toUtf8()]),
      x: tape.pick([e.x, e.x.mul(2), ifElse(e.p, e.x, 0), half(e.x)]),
      p: tape.pick([e.p, e.n.gt(3)]),
      t: tape.pick([e.t, e.key, backwards(e.t), joined(e.n, e.key)]),
    })) as unknown as Timed
  if (tape.below(4) === 3) stream = stream.tee('side', side => windowed(tape, side) as unknown as Timed)
  const ended = windowed(tape, stream)
  if (tape.below(6) < 5) return ended
  return ended.output(tape.pick(['all', 'first', 'last']), { everyRows: 1 + tape.below(4) })
}

function windowed(tape: Tape, stream: Timed): AnyPipeline {
  const keys = KEYS.filter(() => tape.below(4) === 3)
  const keyed = keys.length > 0 ? stream.keyBy(...(keys as [(typeof KEYS)[number]])) : stream
  if (tape.below(4) === 3) {
    const rows = keyed.window(anyRowWindow(tape))
    return (tape.below(2) === 1 ? rows.rows() : rows.aggregate(e => some(tape, aggregates(e as never)))) as AnyPipeline
  }
  const spec = anyWindow(tape)
  const window = keyed.window(spec)
  if (tape.below(8) === 7)
    return window.topRows(1 + tape.below(3), e => tape.pick([desc(e.n), asc(e.x), asc(e.t)]), {
      ...(tape.below(2) === 1 && { rank: 'place' }),
    }) as unknown as AnyPipeline
  const all = 'firing' in spec && spec.firing === 'retracting' ? takenBack : timedAggregates
  const made = window.aggregate(e => ({
    ...some<object>(tape, (spec.kind === 'global' ? aggregates : all)(e)),
    rows: count(),
    total: sum(e.n),
  })) as unknown as Results
  return behindWindow(tape, made, keys) as AnyPipeline
}

function behindWindow(tape: Tape, made: Results, keys: readonly string[]): unknown {
  const kept = tape.below(4) === 3 ? made.filter(r => r.rows.gt(tape.below(3))) : made
  switch (tape.below(8)) {
    case 5:
      return kept.topN(1 + tape.below(3), r => desc(r.total), { ties: tape.pick(['drop', 'keep']) })
    case 6:
      return kept.orderBy(r => [desc(r.rows), asc(r.total)])
    case 7: {
      const again = tape.below(2) === 1 && keys.length > 0 ? kept.keyBy(keys[0] as 'rows') : kept
      return again
        .window(tape.pick([tumbling(1 + tape.below(90)), hopping(60, 20), session(50)]))
        .aggregate(r => ({ windows: count(), most: max(r.rows), total: sum(r.total) }))
    }
    default:
      return kept
  }
}

/** Up to five of the aggregates. */
function some<A extends object>(tape: Tape, all: A): A {
  const names = Object.keys(all) as (keyof A)[]
  const chosen = Array.from({ length: 1 + tape.below(5) }, () => tape.pick(names))
  return Object.fromEntries(chosen.map(name => [name, all[name]])) as A
}
