import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts'
import { expectArgument, has } from '../options.ts'
import { FAMILIES, type Family, type Labels, quantilesOf, sumSeconds } from './families.ts'
import { type MeasuredJobs, Snapshots } from './measured.ts'

/** A sample as `prom-client` keeps it. */
interface PromValue {
  readonly metricName?: string
  readonly labels: Labels
  readonly value: number
}

/** What a registry asks of a metric. */
interface PromMetric {
  name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'summary'
  readonly aggregator: 'sum'
  get(): Promise<{ name: string; help: string; type: string; values: PromValue[]; aggregator: 'sum' }>
  reset(): void
}

/** A `Registry` of `prom-client`: its default one, or one of your own. */
export interface PromRegistry {
  readonly contentType: string
  // biome-ignore lint/suspicious/noExplicitAny: prom-client's own type names its classes only, and asks less of a metric
  registerMetric(metric: any): void
  removeSingleMetric(name: string): void
}

/**
 * Adds what jobs measure to a registry of `prom-client`, read when it is scraped. Each job has a name, which is the label
 * `pipeline` of its samples. A registry takes this once: name all jobs together.
 *
 * @returns How to take it out again.
 * @throws EventfluxError `OPTION_INVALID` for something that has no metrics.
 * @example
 * import { register } from 'prom-client'
 * const forget = registerWithPromClient(register, { volume: job })
 */
export function registerWithPromClient(registry: PromRegistry, jobs: MeasuredJobs): () => void {
  expectArgument('registerWithPromClient', registry, has('registerMetric'), 'a registry of prom-client')
  const snapshots = new Snapshots(jobs)
  const isOpenMetrics = registry.contentType.includes('openmetrics')
  const metrics = FAMILIES.map(family => metricOf(family, snapshots, isOpenMetrics))
  for (const metric of metrics) registry.registerMetric(metric)
  const names = metrics.map(({ name }) => name)
  return () => {
    for (const name of names) registry.removeSingleMetric(name)
  }
}

function metricOf(family: Family, snapshots: Snapshots, isOpenMetrics: boolean): PromMetric {
  const { help, type } = family
  // The older text has the suffix in the name of the family; for the newer one the registry adds it.
  const name = type === 'counter' && !isOpenMetrics ? `${family.name}_total` : family.name
  return {
    name,
    help,
    type,
    aggregator: 'sum',
    async get() {
      const values = snapshots.take().flatMap(([pipeline, metrics]) => valuesOf(family, pipeline, metrics))
      return { name, help, type, values, aggregator: 'sum' }
    },
    // The counts of a job go back for nobody.
    reset() {},
  }
}

function valuesOf(family: Family, pipeline: string, metrics: MetricsSnapshot): PromValue[] {
  if (family.type !== 'summary')
    return family.samples(metrics).map(({ labels, value }) => ({ labels: { pipeline, ...labels }, value }))
  return family.distributions(metrics).flatMap(({ labels, ns }) => {
    const named = { pipeline, ...labels }
    return [
      ...quantilesOf(ns).map(([quantile, value]) => ({ labels: { ...named, quantile }, value })),
      { metricName: `${family.name}_sum`, labels: named, value: sumSeconds(ns) },
      { metricName: `${family.name}_count`, labels: named, value: ns.count },
    ]
  })
}
