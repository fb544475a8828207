import cliProgress from 'cli-progress'
import type { MetricsSnapshot } from 'eventflux'

const REFRESH_MS = 50

/** What there is to show of a running job. */
export interface Progress {
  readonly totalBytes: number
  readBytes(): number
  /** Fills a snapshot: the same one again and again, so that looking costs nothing. */
  metrics(into?: MetricsSnapshot): MetricsSnapshot
}

/** A bar on a terminal, until it is stopped; elsewhere nothing. */
export function showProgress(name: string, progress: Progress): { readonly stop: () => void } {
  if (!process.stdout.isTTY) return { stop: () => {} }
  const bar = new cliProgress.SingleBar(
    { format: `${name} {bar} {percentage} % | {now}`, stream: process.stdout, hideCursor: true },
    cliProgress.Presets.shades_classic,
  )
  const snapshot = progress.metrics()
  const update = () => bar.update(progress.readBytes(), { now: inWords(progress.metrics(snapshot)) })
  bar.start(progress.totalBytes, 0, { now: '' })
  const timer = setInterval(update, REFRESH_MS)
  return {
    stop() {
      clearInterval(timer)
      update()
      bar.stop()
    },
  }
}

function inWords({ ratesIn, edges, counters, latencyNs }: MetricsSnapshot): string {
  const queued = edges.reduce((rows, edge) => rows + edge.depth, 0)
  const drops = counters.evicted + counters.rejectedFull + counters.invalid + counters.numLateRecordsDropped
  const p99 = latencyNs.count === 0 ? '–' : `${(latencyNs.p99 / 1e6).toFixed(1)} ms`
  return `${Math.round(ratesIn.over1s).toLocaleString('en')} events/s | queue ${queued} | drops ${drops} | p99 ${p99}`
}
