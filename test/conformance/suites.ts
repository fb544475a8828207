import { type EngineCase, engineCases, type TimeCase, timeCases } from './cases.ts'

/** The test files that run cases of the data but Siddhi's, by name without `.test.ts`. */
export const SUITES = [
  'aligned-windows',
  'session-windows',
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
}

/** Where the cases run that aren't told by their area. */
const NAMES: Readonly<Record<string, Suite>> = {
  'hdr-stats': 'histogram',

  'tumbling with offset +100': 'aligned-windows',
  'tumbling invalid parameters': 'aligned-windows',
  'tumbling 3 s sum per key: fires when watermark >= end-1; result time = end-1': 'aligned-windows',
  'hopping 3 s / 1 s sum per key': 'aligned-windows',
  'late drop is per window, not per event, hopping 3 s / 1 s': 'aligned-windows',
  'allowed lateness 500, purging trigger': 'aligned-windows',
  'cleanup time must not overflow': 'aligned-windows',
  'hopping with offset -100': 'aligned-windows',
  'hopping with offset 500': 'aligned-windows',
  'hopping 5000/1000: every event is in size/slide windows': 'aligned-windows',
  'final results with a large time jump': 'aligned-windows',
  'hopping parameter limits': 'aligned-windows',
  'hopping where size is not a multiple of the advance': 'aligned-windows',
  'sampling windows: size smaller than the slide drops events between windows': 'aligned-windows',
  'sliding 7 every 5': 'aligned-windows',
  'sliding 10 every 5': 'aligned-windows',
  'sliding 10 every 5 offset 2': 'aligned-windows',
  'sliding window ids around the alignment point (floor division for negatives)': 'aligned-windows',
  'hopping 10/4 over slices': 'aligned-windows',
  'TUMBLE / HOP / CUMULATE on the six-bid sample': 'aligned-windows',

  'session gap 3 s with restore': 'session-windows',
  'session with lateness 10 ms, accumulating: late row extends a fired session': 'session-windows',
  'same with lateness 10 s: the late row merges three sessions': 'session-windows',
  'session gap 5, no grace: merge retracts the old session': 'session-windows',
  'per-event sliding windows: early records clamp to 0': 'session-windows',
  'per-event sliding windows (distinct contents), difference 10': 'session-windows',
  'session boundary: distance exactly equal to the gap': 'session-windows',
  'session: insert, extend right, extend left, merge': 'session-windows',
  'two session windows and shared slices': 'session-windows',
  'a row older than the watermark is dropped and counted': 'session-windows',
  'end of a bounded input flushes every open session': 'session-windows',

  'count window by size and interval': 'row-windows',

  'watermark that also moves with system time': 'watermarks',
}

/** The cases no test runs, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'flink-session-merge-covering': 'windows of several lengths, which one gap never makes',
  'kafka-session-null-key': 'null is a key like any other here',
  'count windows ordered by event time, not by arrival': 'counts go by arrival',
  'contiguity of a b+ c': 'there are no patterns yet',
  'skip strategies for b+ c on b1 b2 b3 c': 'there are no patterns yet',
  'hdr-layout': 'the histogram has 64 buckets for a power of two, not the layout of HdrHistogram',
  'hdr-index-1-2050': 'the histogram has 64 buckets for a power of two, not the layout of HdrHistogram',
  'hdr-index-2000-9007199254740990': 'the histogram has 64 buckets for a power of two, not the layout of HdrHistogram',
  'hdr-decode': 'the histogram reads no HdrHistogram files',
  'hdr-co': 'durations are measured from when an event was to enter, so there is nothing omitted to correct',
  'tdigest-bigjump': 'sketched percentiles are by relative error (DDSketch), not t-digests',
  'tdigest-small': 'sketched percentiles are by relative error (DDSketch), not t-digests',
  'tdigest-empty-nan': 'a percentile of nothing is null, and NaN is passed over',
  'tdigest-cdf3': 'there is no cumulative distribution function',
  'prom-histogram': 'the exporter writes the metrics of jobs, with names and buckets of its own',
  'prom-gauge': 'the exporter writes the metrics of jobs, with names and buckets of its own',
  'prom-counter': 'the exporter writes the metrics of jobs, with names and buckets of its own',
  'prom-float-10000000000.0': 'the exporter takes jobs, not single numbers, and writes those as JavaScript does',
  'prom-float--Infinity': 'the exporter takes jobs, not single numbers, and writes those as JavaScript does',
  'prom-float-NaN': 'the exporter takes jobs, not single numbers, and writes those as JavaScript does',
  'prom-float-Infinity': 'the exporter takes jobs, not single numbers, and writes those as JavaScript does',
}

/** The test file that runs a case; undefined when none does. */
export const suiteOf = (given: TimeCase | EngineCase): Suite | undefined => {
  if (!('id' in given)) return NAMES[given.name]
  if (LEFT_OUT[given.id] !== undefined) return undefined
  const suite = NAMES[given.id] ?? AREAS[given.area]
  return suite === 'aligned-windows' && isOfSessions(given) ? 'session-windows' : suite
}

/** Whether a case is of sessions though its area isn't of them alone. */
function isOfSessions({ input }: TimeCase): boolean {
  const windows: readonly object[] = input.windows ?? [input.window ?? {}]
  return windows.some(window => 'session' in window)
}

export const nameOf = (given: TimeCase | EngineCase): string => ('id' in given ? given.id : given.name)

/** What a test file checks: by area or by name. A name goes before its area. */
export interface Checks {
  readonly areas?: Readonly<Record<string, (given: TimeCase) => unknown>>
  readonly names?: Readonly<Record<string, (given: EngineCase) => unknown>>
}

/** The cases of a test file, each with its check. */
export function checksOf(
  suite: Suite,
  { areas = {}, names = {} }: Checks,
): readonly { readonly name: string; readonly check: () => unknown }[] {
  return [...timeCases, ...engineCases]
    .filter(given => suiteOf(given) === suite)
    .map(given => {
      const check = 'id' in given ? areas[given.area] : names[given.name]
      if (check === undefined) throw new Error(`${suite}.test.ts has no check for "${nameOf(given)}"`)
      return { name: nameOf(given), check: () => check(given as never) }
    })
}
