import Table from 'cli-table3'
import type { Job, MetricsSnapshot } from 'eventflux'

/** What became of every row, and how long it took, as text for people. */
export function reportOf(job: Pick<Job, 'metrics' | 'counts' | 'engine'>): string {
  const metrics = job.metrics()
  const { counters, uptimeNs, latencyNs } = metrics
  const seconds = uptimeNs / 1e9
  const lines = [
    `engine ${job.engine}, ${seconds.toFixed(2)} s, ${whole(counters.accepted / seconds)} rows/s in`,
    ...Object.entries(counters)
      .filter(([, rows]) => rows > 0)
      .map(([name, rows]) => `${name.padEnd(24)} ${whole(rows).padStart(14)}`),
    `latency p50 ${duration(latencyNs.p50)}, p99 ${duration(latencyNs.p99)}, max ${duration(latencyNs.max)}`,
  ]
  return `${lines.join('\n')}\n${operators(metrics)}\n`
}

function operators(metrics: MetricsSnapshot): string {
  const table = new Table({
    head: ['step', 'rows in', 'rows out', 'busy ms'],
    colAligns: ['left', 'right', 'right', 'right'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  })
  for (const { name, numRecordsIn, numRecordsOut, busyNs } of metrics.operators)
    table.push([name, whole(numRecordsIn), whole(numRecordsOut), (busyNs / 1e6).toFixed(1)])
  return table.toString()
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')

function duration(ns: number): string {
  if (Number.isNaN(ns)) return '-'
  return ns < 1e6
    ? `${(ns / 1e3).toFixed(1)} µs`
    : ns < 1e9
      ? `${(ns / 1e6).toFixed(1)} ms`
      : `${(ns / 1e9).toFixed(2)} s`
}
