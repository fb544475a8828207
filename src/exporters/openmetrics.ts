import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts'
import { FAMILIES, type Family, type Labels, quantilesOf, sumSeconds } from './families.ts'
import { type MeasuredJobs, Snapshots } from './measured.ts'

/** What an HTTP answer with {@link openMetricsText} says it is. */
export const OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/**
 * What jobs measure, as OpenMetrics text (1.0), which Prometheus and all that speak its language read. Each job has a name,
 * which is the label `pipeline` of its samples.
 *
 * @throws EventfluxError `OPTION_INVALID` for something that has no metrics.
 * @example
 * const body = openMetricsText({ volume: job })
 * const answer = new Response(body, { headers: { 'content-type': OPENMETRICS_CONTENT_TYPE } })
 */
export function openMetricsText(jobs: MeasuredJobs): string {
  const snapshots = new Snapshots(jobs).take()
  return `${FAMILIES.map(family => familyText(family, snapshots)).join('')}# EOF\n`
}

function familyText(family: Family, snapshots: readonly (readonly [string, MetricsSnapshot])[]): string {
  const { name, type, unit, help } = family
  const unitLine = unit === undefined ? '' : `# UNIT ${name} ${unit}\n`
  const samples = snapshots.flatMap(([pipeline, metrics]) => samplesOf(family, pipeline, metrics))
  return `# TYPE ${name} ${type}\n${unitLine}# HELP ${name} ${escaped(help)}\n${samples.join('')}`
}

function samplesOf(family: Family, pipeline: string, metrics: MetricsSnapshot): string[] {
  const { name } = family
  if (family.type === 'summary') {
    return family.distributions(metrics).flatMap(({ labels, ns }) => {
      const named = { pipeline, ...labels }
      return [
        ...quantilesOf(ns).map(([quantile, seconds]) => line(name, { ...named, quantile }, seconds)),
        line(`${name}_count`, named, ns.count),
        line(`${name}_sum`, named, sumSeconds(ns)),
      ]
    })
  }
  const suffix = family.type === 'counter' ? '_total' : ''
  return family.samples(metrics).map(({ labels, value }) => line(`${name}${suffix}`, { pipeline, ...labels }, value))
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}{${pairs.join(',')}} ${numberText(value)}\n`
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, found => (found === '\n' ? '\\n' : `\\${found}`))

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
