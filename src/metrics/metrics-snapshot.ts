import { type CheckpointsSnapshot, createCheckpointsSnapshot } from './checkpoint-metrics.ts'
import { type CountersSnapshot, createCountersSnapshot } from './counters.ts'
import type { EdgeSnapshot } from './edge-metrics.ts'
import { createHistogramSnapshot, type HistogramSnapshot } from './histogram.ts'
import { createRateSnapshot, type RateSnapshot } from './meter.ts'
import type { OperatorSnapshot } from './operator-metrics.ts'
import type { WorkerSnapshot } from './worker-metrics.ts'

/** How much is measured. `false` costs nothing; `'detailed'` adds latencies and per-operator times. */
export type MetricsLevel = false | 'basic' | 'detailed'

/** A job at one moment. Counts are rows since the start and never go back. */
export interface MetricsSnapshot {
  level: MetricsLevel
  /** Nanoseconds since the job's metrics were made. */
  uptimeNs: number
  /** The smallest step of the clock all times here come from; NaN if it could not be seen moving (a virtual clock). */
  clockResolutionNs: number
  counters: CountersSnapshot
  /** Rows per second in and out. */
  ratesIn: RateSnapshot
  ratesOut: RateSnapshot
  /** From entering the job to leaving it, sampled once per batch, in nanoseconds. */
  latencyNs: HistogramSnapshot
  /** Event time, epoch milliseconds; -Infinity before the first watermark, +Infinity at the end of a bounded input. */
  currentInputWatermark: number
  /** Milliseconds of each second spent working, waiting for input, waiting for room: over the last 10 s. */
  busyTimeMsPerSecond: number
  idleTimeMsPerSecond: number
  backPressuredTimeMsPerSecond: number
  /** Bytes of state of all operators. */
  stateBytes: number
  checkpoints: CheckpointsSnapshot
  /** In data order. */
  operators: OperatorSnapshot[]
  /** In data order. */
  edges: EdgeSnapshot[]
  /** Those of the job, stage after stage; none on one thread. */
  workers: WorkerSnapshot[]
  /** The work of all workers on each frame, in nanoseconds: what `frameNs` of each is, of all values together. */
  workerFrameNs: HistogramSnapshot
}

/** An empty snapshot: what a job without metrics reports, and what `JobMetrics.snapshot(into)` can fill again and again. */
export function createMetricsSnapshot(): MetricsSnapshot {
  return {
    level: false,
    uptimeNs: 0,
    clockResolutionNs: Number.NaN,
    counters: createCountersSnapshot(),
    ratesIn: createRateSnapshot(),
    ratesOut: createRateSnapshot(),
    latencyNs: createHistogramSnapshot(),
    currentInputWatermark: Number.NEGATIVE_INFINITY,
    busyTimeMsPerSecond: 0,
    idleTimeMsPerSecond: 0,
    backPressuredTimeMsPerSecond: 0,
    stateBytes: 0,
    checkpoints: createCheckpointsSnapshot(),
    operators: [],
    edges: [],
    workers: [],
    workerFrameNs: createHistogramSnapshot(),
  }
}
