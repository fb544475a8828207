import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts'
import { expectArgument, has } from '../options.ts'
import { FAMILIES, type Family, type Labels, quantilesOf } from './families.ts'
import { type MeasuredJobs, Snapshots } from './measured.ts'

interface OtelResult<I> {
  observe(instrument: I, value: number, attributes: Labels): void
}

/** A `Meter` of `@opentelemetry/api`. */
export interface OtelMeter<I = unknown> {
  createObservableCounter(name: string, options: { readonly unit: string; readonly description: string }): I
  createObservableGauge(name: string, options: { readonly unit: string; readonly description: string }): I
  addBatchObservableCallback(callback: (result: OtelResult<I>) => void, instruments: I[]): void
  removeBatchObservableCallback(callback: (result: OtelResult<I>) => void, instruments: I[]): void
}

/** UCUM, as OpenTelemetry writes units. */
const UNITS = { seconds: 's', bytes: 'By', rows: '{row}', ratio: '1' } as const

/**
 * Reports what jobs measure to a meter of OpenTelemetry, read at each collection: all of it at one moment. Each job has a
 * name, which is the attribute `pipeline`. Distributions are gauges by `quantile`: a meter takes no ready-made histograms.
 *
 * @returns How to stop it.
 * @throws EventfluxError `OPTION_INVALID` for something that has no metrics.
 * @example
 * import { metrics } from '@opentelemetry/api'
 * const stop = observeWithOpenTelemetry(metrics.getMeter('my-service'), { volume: job })
 */
export function observeWithOpenTelemetry<I>(meter: OtelMeter<I>, jobs: MeasuredJobs): () => void {
  expectArgument('observeWithOpenTelemetry', meter, has('addBatchObservableCallback'), 'a meter of OpenTelemetry')
  const snapshots = new Snapshots(jobs)
  const instruments = FAMILIES.map(family => [family, instrumentOf(meter, family)] as const)
  const all = instruments.map(([, instrument]) => instrument)
  const callback = (result: OtelResult<I>): void => {
    for (const [pipeline, metrics] of snapshots.take()) {
      for (const [family, instrument] of instruments) {
        for (const { labels, value } of samplesOf(family, metrics)) {
          // A collector has no word for "no value yet", nor for an end without time.
          if (Number.isFinite(value)) result.observe(instrument, value, { pipeline, ...labels })
        }
      }
    }
  }
  meter.addBatchObservableCallback(callback, all)
  return () => meter.removeBatchObservableCallback(callback, all)
}

function instrumentOf<I>(meter: OtelMeter<I>, { name, type, unit, help }: Family): I {
  const options = { unit: unit === undefined ? '1' : UNITS[unit], description: help }
  // Names there are dotted, and without their unit: that is told beside them.
  const dotted = (unit === undefined ? name : name.slice(0, -unit.length - 1)).replace('eventflux_', 'eventflux.')
  const named = unit === 'rows' ? `${dotted}.rows` : dotted
  return type === 'counter'
    ? meter.createObservableCounter(named, options)
    : meter.createObservableGauge(named, options)
}

function samplesOf(family: Family, metrics: MetricsSnapshot): readonly { labels: Labels; value: number }[] {
  if (family.type !== 'summary') return family.samples(metrics)
  return family
    .distributions(metrics)
    .flatMap(({ labels, ns }) =>
      quantilesOf(ns).map(([quantile, value]) => ({ labels: { ...labels, quantile }, value })),
    )
}
