import type { CountersSnapshot, RejectReason } from '../metrics/counters.ts'
import type { EdgeSnapshot } from '../metrics/edge-metrics.ts'
import type { HistogramSnapshot } from '../metrics/histogram.ts'
import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts'
import type { OperatorSnapshot } from '../metrics/operator-metrics.ts'
import type { WorkerSnapshot } from '../metrics/worker-metrics.ts'

export type Labels = Readonly<Record<string, string>>

/** One value of a family, told apart from the others by its labels. */
interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** Metrics of one name. Counters only grow; a summary is a distribution by its quantiles. Units are base units. */
interface CountOrGauge {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  /** The last part of the name. */
  readonly unit?: 'seconds' | 'bytes' | 'rows' | 'ratio'
  readonly help: string
  readonly samples: (metrics: MetricsSnapshot) => readonly Sample[]
}
interface Summary {
  readonly name: string
  readonly type: 'summary'
  readonly unit: 'seconds'
  readonly help: string
  readonly distributions: (
    metrics: MetricsSnapshot,
  ) => readonly { readonly labels: Labels; readonly ns: HistogramSnapshot }[]
}
export type Family = CountOrGauge | Summary

type Count = keyof CountersSnapshot

/** The counter of each reason to refuse a row. */
const REJECTED: Readonly<Record<RejectReason, Count>> = {
  full: 'rejectedFull',
  closed: 'rejectedClosed',
  timeout: 'rejectedTimeout',
  aborted: 'rejectedAborted',
  circuitOpen: 'rejectedCircuitOpen',
  invalid: 'invalid',
}

const counter = (name: string, help: string, of: Count): CountOrGauge => ({
  name: `eventflux_${name}_rows`,
  type: 'counter',
  unit: 'rows',
  help,
  samples: ({ counters }) => [{ labels: {}, value: counters[of] }],
})

const gauge = (
  name: string,
  unit: NonNullable<CountOrGauge['unit']>,
  help: string,
  of: (metrics: MetricsSnapshot) => number,
): CountOrGauge => ({
  name: `eventflux_${name}_${unit}`,
  type: 'gauge',
  unit,
  help,
  samples: metrics => [{ labels: {}, value: of(metrics) }],
})

/** Nothing while there is none. */
const ofLastCheckpoint = (
  name: string,
  unit: NonNullable<CountOrGauge['unit']>,
  help: string,
  of: (checkpoints: MetricsSnapshot['checkpoints']) => number,
): CountOrGauge => ({
  name: `eventflux_last_checkpoint_${name}_${unit}`,
  type: 'gauge',
  unit,
  help,
  samples: ({ checkpoints }) => (checkpoints.lastId === 0 ? [] : [{ labels: {}, value: of(checkpoints) }]),
})

type Shape = Pick<CountOrGauge, 'name' | 'type' | 'unit' | 'help'>

/** A plan may hold several steps of one name: their places tell them apart. */
const stepLabels = ({ name }: OperatorSnapshot, at: number): Labels => ({ step: String(at), operator: name })

const perOperator = (shape: Shape, of: (operator: OperatorSnapshot) => number): CountOrGauge => ({
  ...shape,
  samples: ({ operators }) =>
    operators.map((operator, at) => ({ labels: stepLabels(operator, at), value: of(operator) })),
})

const perEdge = (shape: Shape, of: (edge: EdgeSnapshot) => number): CountOrGauge => ({
  ...shape,
  samples: ({ edges }) => edges.map(edge => ({ labels: { from: edge.from, to: edge.to }, value: of(edge) })),
})

const perWorker = (shape: Shape, of: (worker: WorkerSnapshot) => number): CountOrGauge => ({
  ...shape,
  samples: ({ workers }) => workers.map(worker => ({ labels: { worker: worker.name }, value: of(worker) })),
})

const WORKERS: readonly Family[] = [
  perWorker(
    { name: 'eventflux_worker_in_rows', type: 'counter', unit: 'rows', help: 'Rows a worker was sent.' },
    ({ numRecordsIn }) => numRecordsIn,
  ),
  perWorker(
    { name: 'eventflux_worker_own_rows', type: 'counter', unit: 'rows', help: 'Rows a worker was sent and worked on.' },
    ({ numRecordsOwn }) => numRecordsOwn,
  ),
  perWorker(
    { name: 'eventflux_worker_out_rows', type: 'counter', unit: 'rows', help: 'Rows a worker gave.' },
    ({ numRecordsOut }) => numRecordsOut,
  ),
  perWorker(
    { name: 'eventflux_worker_late_rows', type: 'counter', unit: 'rows', help: 'Rows a worker found late.' },
    ({ numLateRecordsDropped }) => numLateRecordsDropped,
  ),
  perWorker(
    { name: 'eventflux_worker_frames', type: 'counter', help: 'Frames a worker took.' },
    ({ frames }) => frames,
  ),
  perWorker(
    { name: 'eventflux_worker_watermark_seconds', type: 'gauge', unit: 'seconds', help: 'Event time of a worker.' },
    ({ currentWatermark }) => currentWatermark / 1e3,
  ),
  perWorker(
    { name: 'eventflux_worker_busy_seconds', type: 'counter', unit: 'seconds', help: 'Time a worker worked.' },
    ({ busyNs }) => busyNs / 1e9,
  ),
  perWorker(
    {
      name: 'eventflux_worker_backpressured_seconds',
      type: 'counter',
      unit: 'seconds',
      help: 'Time a worker waited for room behind it.',
    },
    ({ backPressuredNs }) => backPressuredNs / 1e9,
  ),
  perWorker(
    { name: 'eventflux_worker_queued_bytes', type: 'gauge', unit: 'bytes', help: 'What waits before a worker.' },
    ({ queuedBytes }) => queuedBytes,
  ),
  perWorker(
    { name: 'eventflux_worker_capacity_bytes', type: 'gauge', unit: 'bytes', help: 'What may wait before a worker.' },
    ({ capacityBytes }) => capacityBytes,
  ),
  {
    name: 'eventflux_worker_frame_seconds',
    type: 'summary',
    unit: 'seconds',
    help: 'Work of one worker per frame.',
    distributions: ({ workers }) => workers.map(({ name, frameNs }) => ({ labels: { worker: name }, ns: frameNs })),
  },
  {
    name: 'eventflux_frame_seconds',
    type: 'summary',
    unit: 'seconds',
    help: 'Work per frame, of all workers.',
    distributions: ({ workers, workerFrameNs }) => (workers.length === 0 ? [] : [{ labels: {}, ns: workerFrameNs }]),
  },
]

/** Everything a job measures, for systems that collect metrics. */
export const FAMILIES: readonly Family[] = [
  counter('offered', 'Rows that asked to enter.', 'offered'),
  counter('accepted', 'Rows that were let in.', 'accepted'),
  {
    name: 'eventflux_rejected_rows',
    type: 'counter',
    unit: 'rows',
    help: 'Rows that were refused, by reason.',
    samples: ({ counters }) =>
      Object.entries(REJECTED).map(([reason, of]) => ({ labels: { reason }, value: counters[of] })),
  },
  counter('delivered', 'Rows that went through the chain.', 'delivered'),
  counter('evicted', 'Accepted rows given up for newer ones.', 'evicted'),
  counter('in', 'Rows the first operator took.', 'numRecordsIn'),
  counter('out', 'Result rows handed to sinks.', 'numRecordsOut'),
  counter('filtered', 'Rows a filter left out.', 'filtered'),
  counter('late', 'Rows behind the watermark and the allowed lateness.', 'numLateRecordsDropped'),
  counter('failed', 'Rows a stage or sink failed on for good.', 'failed'),
  counter('skipped', 'Failures that were passed over.', 'skipped'),
  counter('dead_lettered', 'Failures handed to a dead-letter sink.', 'deadLettered'),
  {
    name: 'eventflux_retries',
    type: 'counter',
    help: 'Attempts after the first.',
    samples: ({ counters }) => [{ labels: {}, value: counters.retried }],
  },
  gauge('uptime', 'seconds', 'Time since the job started.', ({ uptimeNs }) => uptimeNs / 1e9),
  gauge('watermark', 'seconds', 'Event time reached, since the epoch.', m => m.currentInputWatermark / 1e3),
  gauge('busy', 'ratio', 'Part of the time spent working.', m => m.busyTimeMsPerSecond / 1e3),
  gauge('idle', 'ratio', 'Part of the time without input.', m => m.idleTimeMsPerSecond / 1e3),
  gauge(
    'backpressured',
    'ratio',
    'Part of the time spent waiting for a sink.',
    m => m.backPressuredTimeMsPerSecond / 1e3,
  ),
  gauge('state', 'bytes', 'Memory the operators hold.', ({ stateBytes }) => stateBytes),
  {
    name: 'eventflux_checkpoints',
    type: 'counter',
    help: 'Checkpoints by what became of them.',
    samples: ({ checkpoints }) => [
      { labels: { outcome: 'completed' }, value: checkpoints.completed },
      { labels: { outcome: 'failed' }, value: checkpoints.failed },
    ],
  },
  ofLastCheckpoint('age', 'seconds', "Time since the last checkpoint's barrier.", c => c.lastAgeMs / 1e3),
  ofLastCheckpoint('size', 'bytes', 'Size of the last checkpoint.', c => c.lastBytes),
  ofLastCheckpoint('pause', 'seconds', 'How long rows waited for the last checkpoint.', c => c.lastPauseMs / 1e3),
  ofLastCheckpoint('duration', 'seconds', 'Until the last checkpoint was durable.', c => c.lastDurationMs / 1e3),
  {
    name: 'eventflux_latency_seconds',
    type: 'summary',
    unit: 'seconds',
    help: 'From entering the job to being through, once per batch.',
    distributions: ({ latencyNs }) => [{ labels: {}, ns: latencyNs }],
  },
  perOperator(
    { name: 'eventflux_operator_in_rows', type: 'counter', unit: 'rows', help: 'Rows an operator took.' },
    ({ numRecordsIn }) => numRecordsIn,
  ),
  perOperator(
    { name: 'eventflux_operator_out_rows', type: 'counter', unit: 'rows', help: 'Rows an operator gave.' },
    ({ numRecordsOut }) => numRecordsOut,
  ),
  perOperator(
    { name: 'eventflux_operator_state_bytes', type: 'gauge', unit: 'bytes', help: 'Memory an operator holds.' },
    ({ stateBytes }) => stateBytes,
  ),
  {
    name: 'eventflux_operator_batch_seconds',
    type: 'summary',
    unit: 'seconds',
    help: "Time of an operator per batch, where metrics is 'detailed'.",
    distributions: ({ level, operators }) =>
      level === 'detailed'
        ? operators.map((operator, at) => ({ labels: stepLabels(operator, at), ns: operator.batchNs }))
        : [],
  },
  perEdge(
    { name: 'eventflux_edge_depth_rows', type: 'gauge', unit: 'rows', help: 'Rows waiting at an edge.' },
    ({ depth }) => depth,
  ),
  perEdge(
    { name: 'eventflux_edge_high_water_rows', type: 'gauge', unit: 'rows', help: 'The most that waited so far.' },
    ({ highWaterMark }) => highWaterMark,
  ),
  perEdge(
    { name: 'eventflux_edge_capacity_rows', type: 'gauge', unit: 'rows', help: 'What an edge holds.' },
    ({ capacity }) => capacity,
  ),
  perEdge(
    { name: 'eventflux_edge_fillings', type: 'counter', help: 'How often an edge became full.' },
    ({ timesFull }) => timesFull,
  ),
  perEdge(
    { name: 'eventflux_edge_full_seconds', type: 'counter', unit: 'seconds', help: 'Time an edge was full.' },
    ({ timeFullNs }) => timeFullNs / 1e9,
  ),
  ...WORKERS,
]

const QUANTILES = [
  ['0.5', 'p50'],
  ['0.9', 'p90'],
  ['0.99', 'p99'],
  ['0.999', 'p999'],
] as const

/** The quantiles of a distribution, in seconds. Of nothing there are none: not every exposition has a spelling for NaN. */
export const quantilesOf = (ns: HistogramSnapshot): readonly (readonly [quantile: string, seconds: number])[] =>
  ns.count === 0 ? [] : QUANTILES.map(([quantile, of]) => [quantile, ns[of] / 1e9])

/** Seconds all recorded durations are together. */
export const sumSeconds = ({ count, mean }: HistogramSnapshot): number => (count === 0 ? 0 : (count * mean) / 1e9)
