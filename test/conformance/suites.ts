import { type EngineCase, engineCases, type TimeCase, timeCases } from './cases.ts'
import { type EngineKind, engineKindOf, shapeOf } from './engine-kinds.ts'

/** The test files that run cases of the data but Siddhi's, by name without `.test.ts`. */
export const SUITES = [
  'aligned-windows',
  'aligned-engine-cases',
  'session-windows',
  'session-engine-cases',
  'row-windows',
  'window-scripts',
  'watermarks',
  'aggregate-values',
  'event-queue',
  'histogram',
] as const
export type Suite = (typeof SUITES)[number]

/** Where the cases of an area run. */
const AREAS: Readonly<Record<string, Suite>> = {
  'window.tumbling.start': 'aligned-windows',
  'window.tumbling.assign': 'aligned-windows',
  'window.tumbling.invalid': 'aligned-windows',
  'window.tumbling.group': 'aligned-windows',
  'window.tumbling.agg': 'aligned-windows',
  'window.hopping.assign': 'aligned-windows',
  'window.hopping.assign.nonneg': 'aligned-windows',
  'window.hopping.invalid': 'aligned-windows',
  'window.hopping.group': 'aligned-windows',
  'window.hopping.agg.nonneg': 'aligned-windows',
  'lateness.operator': 'aligned-windows',
  'lateness.overflow': 'aligned-windows',
  'lateness.hopping': 'aligned-windows',
  'window.multi.agg': 'aligned-windows',
  'window.session.assign': 'session-windows',
  'window.session.merge': 'session-windows',
  'window.session.intersects': 'session-windows',
  'window.session.invalid': 'session-windows',
  'window.session.group.lt': 'session-windows',
  'window.session.count.le': 'session-windows',
  'window.session.emit': 'session-windows',
  'window.session.agg.gt': 'session-windows',
  'lateness.session': 'session-windows',
  'lateness.session.max': 'session-windows',
  'window.sliding_record_aligned': 'session-windows',
  'window.session.groups': 'session-windows',
  'window.sliding_record_aligned.keyed': 'session-windows',
  'window.cumulate.assign': 'window-scripts',
  'window.calendar.group': 'window-scripts',
  'window.script': 'window-scripts',
  'window.multi.script': 'window-scripts',
  'window.global.script': 'window-scripts',
  'window.processing.script': 'window-scripts',
  'aggregate.values': 'aggregate-values',
  'watermark.inputs': 'watermarks',
  'watermark.physical': 'watermarks',
  'window.count.hopping': 'row-windows',
  'window.count.agg': 'row-windows',
  'window.length': 'row-windows',
  'window.tumbling.first_event_aligned': 'row-windows',
  'watermark.bounded': 'watermarks',
  'queue.sequential': 'event-queue',
  'queue.concurrent': 'event-queue',
  'metrics.hdr': 'histogram',
}

/** Where the cases of an engine's own shapes run, or why they don't. */
const KINDS: Readonly<Record<EngineKind, Suite | { readonly reason: string }>> = {
  'tumbling.windows': 'aligned-engine-cases',
  'hopping.windows': 'aligned-engine-cases',
  'hopping.starts': 'aligned-engine-cases',
  'hopping.ids': 'aligned-engine-cases',
  'hopping.groups': 'aligned-engine-cases',
  'aligned.lists': 'aligned-engine-cases',
  'aligned.script': 'aligned-engine-cases',
  'aligned.overflow': 'aligned-engine-cases',
  'aligned.sums': 'aligned-engine-cases',
  'aligned.updates': 'aligned-engine-cases',
  'aligned.refused': 'aligned-engine-cases',
  'aligned.limits': 'aligned-engine-cases',
  'aligned.sample': 'aligned-engine-cases',
  'session.script': 'session-engine-cases',
  'session.updates': 'session-engine-cases',
  'session.touch': 'session-engine-cases',
  'session.lists': 'session-engine-cases',
  'session.groups': 'session-engine-cases',
  'session.sums': 'session-engine-cases',
  'session.refused': 'session-engine-cases',
  'session.gaps': 'session-engine-cases',
  'session.late': 'session-engine-cases',
  'session.flush': 'session-engine-cases',
  'sliding.contents': 'session-engine-cases',
  'count.hopping': 'row-windows',
  'watermark.bounded': 'watermarks',
  'watermark.physical': 'watermarks',
  'count.by-time': { reason: 'counts go by arrival' },
  join: { reason: 'there are no joins' },
  pattern: { reason: 'there are no patterns yet' },
}

/** Why the cases of an area are not run: all of them, or those of a shape. */
const LEFT_OUT: Readonly<Record<string, (given: TimeCase) => string | undefined>> = {
  'window.session.merge': ({ input: { windows } }) =>
    new Set(windows.map(([start, end]: [number, number]) => end - start)).size > 1
      ? 'windows of several lengths, which one gap never makes'
      : undefined,
  'error.null_key': () => 'null is a key like any other here',
  'metrics.hdr': ({ input }) => {
    if ('values' in input) return undefined
    if ('base64' in input) return 'the histogram reads no HdrHistogram files'
    if ('expectedInterval' in input)
      return 'durations are measured from when an event was to enter, so there is nothing omitted to correct'
    return 'the histogram has 64 buckets for a power of two, not the layout of HdrHistogram'
  },
  'sketch.tdigest': ({ input, expected }) => {
    if ('ops' in input) return 'a percentile of nothing is null, and NaN is passed over'
    return 'quantiles' in expected
      ? 'sketched percentiles are by relative error (DDSketch), not t-digests'
      : 'there is no cumulative distribution function'
  },
  'metrics.prometheus': () => 'the exporter writes the metrics of jobs, with names and buckets of its own',
  'metrics.prometheus.float': () => 'the exporter takes jobs, not single numbers, and writes those as JavaScript does',
}

/** The test file that runs a case, or why none does. */
type Place = { readonly suite: Suite } | { readonly reason: string; readonly isUnknown?: true }

export function placeOf(given: TimeCase | EngineCase): Place {
  if ('area' in given) {
    const reason = LEFT_OUT[given.area]?.(given)
    if (reason !== undefined) return { reason }
    const suite = AREAS[given.area]
    if (suite === undefined) return { reason: `no test is of the area ${given.area}`, isUnknown: true }
    return { suite: given.area === 'lateness.operator' && 'session' in given.input.window ? 'session-windows' : suite }
  }
  const kind = engineKindOf(given)
  if (kind === undefined) {
    const [input, expected] = [shapeOf(given.input), shapeOf(given.expected)]
    return { reason: `no kind of case has the input ${input} and the expectation ${expected}`, isUnknown: true }
  }
  const place = KINDS[kind]
  return typeof place === 'string' ? { suite: place } : place
}

export const nameOf = (given: TimeCase | EngineCase): string => ('area' in given ? given.id : given.name)

/** What a test file checks: by area, or by kind. */
export interface Checks {
  readonly areas?: Readonly<Record<string, (given: TimeCase) => unknown>>
  readonly kinds?: Readonly<Partial<Record<EngineKind, (given: EngineCase) => unknown>>>
}

/** The cases of a test file, each with its check. */
export function checksOf(
  suite: Suite,
  { areas = {}, kinds = {} }: Checks,
): readonly { readonly name: string; readonly check: () => unknown }[] {
  return [...timeCases, ...engineCases]
    .filter(given => {
      const place = placeOf(given)
      return 'suite' in place && place.suite === suite
    })
    .map(given => {
      const check = 'area' in given ? areas[given.area] : kinds[engineKindOf(given)!]
      if (check === undefined) throw new Error(`${suite}.test.ts has no check for "${nameOf(given)}"`)
      return { name: nameOf(given), check: () => check(given as never) }
    })
}
