import { expectArgument, isObject } from '../options.ts'
import type { EdgeSnapshot } from './edge-metrics.ts'
import type { MetricsSnapshot } from './metrics-snapshot.ts'
import { countText, durationText, rowsText, shareText } from './wording.ts'

type RecommendationKind =
  | 'healthy'
  | 'increase-capacity'
  | 'adjust-timeout'
  | 'check-downstream'
  | 'reduce-load'
  | 'monitor'

/** One piece of advice, with what was measured to justify it. */
export interface Recommendation {
  readonly kind: RecommendationKind
  /** The edge it is about, `from→to`. */
  readonly edge?: string
  /** What was measured, as a sentence with numbers. */
  readonly reason: string
  /** What to do about it. */
  readonly suggestion: string
}

/** From this share of its capacity on, an edge's high-water mark is worth a word. */
const NEAR_FULL = 0.8
/** An edge full for more than this share of the time is not hit by bursts: its reader is too slow. */
const SUSTAINED = 0.5

/**
 * What to change, from what was measured. One finding per trouble of an edge, in data order; `healthy` alone when there
 * is none. Rows here are rows of the source edge's rate.
 *
 * - Full most of the time: `check-downstream` for the last such edge in a row (those before it only pass its pressure
 *   on); `reduce-load` instead when rows were dropped or refused.
 * - Full for less than half of the time: a burst; `increase-capacity` to burst rate × drain latency (the most rows that
 *   came within one second × the time a row needs through the job, p99), at least twice the capacity.
 * - Waits that timed out: `adjust-timeout` to at least the time a full edge takes to drain (capacity / rate out).
 * - Open circuits: `check-downstream`. Never full, but over 80 %: `monitor`.
 *
 * @example
 * ```ts
 * for (const { kind, suggestion } of recommend(job.metrics())) console.log(kind, suggestion)
 * ```
 *
 * @throws EventfluxError `OPTION_INVALID` for what is no snapshot.
 */
export function recommend(snapshot: MetricsSnapshot): Recommendation[] {
  expectArgument('recommend', snapshot, isSnapshot, 'what a job measured, job.metrics()')
  const found: Recommendation[] = []
  snapshot.edges.forEach((edge, index) => {
    const next = snapshot.edges[index + 1]
    if (edge.timesFull > 0 || lossesOf(edge) > 0) {
      if (!isSustained(edge, snapshot)) found.push(increaseCapacity(edge, snapshot))
      else if (lossesOf(edge) > 0) found.push(reduceLoad(edge, snapshot))
      else if (next === undefined || !isSustained(next, snapshot)) found.push(slowReader(edge, snapshot))
    } else if (edge.highWaterMark >= NEAR_FULL * edge.capacity) {
      found.push(monitor(edge))
    }
    if (edge.rejectedTimeout > 0) found.push(adjustTimeout(edge, snapshot))
    if (edge.rejectedCircuitOpen > 0) found.push(openCircuit(edge))
  })
  if (found.length === 0) found.push(healthy(snapshot))
  return found
}

function isSnapshot(value: unknown): boolean {
  const { edges, operators, counters, ratesIn, ratesOut, latencyNs } = (value ?? {}) as Partial<MetricsSnapshot>
  return [edges, operators].every(Array.isArray) && [counters, ratesIn, ratesOut, latencyNs].every(isObject)
}

const lossesOf = (edge: EdgeSnapshot): number => edge.evicted + edge.rejectedFull

const timeFullShare = (edge: EdgeSnapshot, snapshot: MetricsSnapshot): number =>
  snapshot.uptimeNs > 0 ? edge.timeFullNs / snapshot.uptimeNs : 0

const isSustained = (edge: EdgeSnapshot, snapshot: MetricsSnapshot): boolean =>
  timeFullShare(edge, snapshot) >= SUSTAINED

function fullness(edge: EdgeSnapshot, snapshot: MetricsSnapshot): string {
  const share = shareText(timeFullShare(edge, snapshot))
  return `edge ${edge.name} (${rowsText(edge.capacity)}) was full ${share} of the time, ${durationText(edge.timeFullNs)}`
}

function losses(edge: EdgeSnapshot): string {
  const parts: string[] = []
  if (edge.evicted > 0) parts.push(`${rowsText(edge.evicted)} gave way to newer ones`)
  if (edge.rejectedFull > 0) parts.push(`${rowsText(edge.rejectedFull)} found no room`)
  return parts.length === 0 ? '' : `; ${parts.join(' and ')}`
}

function increaseCapacity(edge: EdgeSnapshot, snapshot: MetricsSnapshot): Recommendation {
  const burst = snapshot.ratesIn.peak1s
  const drainNs = snapshot.latencyNs.count > 0 ? snapshot.latencyNs.p99 : edge.timeFullNs / Math.max(1, edge.timesFull)
  const needed = Math.max(burst * (drainNs / 1e9), 2 * edge.capacity)
  return {
    kind: 'increase-capacity',
    edge: edge.name,
    reason: `${fullness(edge, snapshot)}, in ${countText(edge.timesFull)} bursts${losses(edge)}`,
    suggestion:
      `give it ${countText(2 ** Math.ceil(Math.log2(needed)))} rows: bursts of up to ${rowsText(burst)} a second × ` +
      `${durationText(drainNs)} to drain them, and at least twice what it has`,
  }
}

function reduceLoad(edge: EdgeSnapshot, snapshot: MetricsSnapshot): Recommendation {
  const lost = lossesOf(edge)
  const offered = Math.max(snapshot.counters.offered, lost)
  return {
    kind: 'reduce-load',
    edge: edge.name,
    reason: `${fullness(edge, snapshot)}${losses(edge)}, ${shareText(lost / offered)} of what was offered`,
    suggestion: `send less, sample before the edge, or make ${edge.to} faster: more capacity would only delay the loss`,
  }
}

function slowReader(edge: EdgeSnapshot, snapshot: MetricsSnapshot): Recommendation {
  const reader = snapshot.operators.find(({ name }) => name === edge.to)
  const cost =
    reader !== undefined && reader.busyNs > 0 && reader.numRecordsIn > 0
      ? `; ${edge.to} takes ${durationText(reader.busyNs / reader.numRecordsIn)} a row`
      : ''
  return {
    kind: 'check-downstream',
    edge: edge.name,
    reason: `${fullness(edge, snapshot)}${cost}`,
    suggestion: `make ${edge.to} faster or run more of it: it sets the pace, and more capacity would only add latency`,
  }
}

function adjustTimeout(edge: EdgeSnapshot, snapshot: MetricsSnapshot): Recommendation {
  const perSecond = snapshot.ratesOut.over60s
  const suggestion =
    perSecond > 0 && Number.isFinite(edge.capacity)
      ? `wait at least ${durationText((edge.capacity / perSecond) * 1e9)}, in which ${rowsText(edge.capacity)} leave at ${countText(perSecond)} a second`
      : `nothing left the job in the last minute: find out what ${edge.to} waits for before giving it more time`
  return {
    kind: 'adjust-timeout',
    edge: edge.name,
    reason: `${rowsText(edge.rejectedTimeout)} timed out waiting for room on edge ${edge.name}`,
    suggestion,
  }
}

function openCircuit(edge: EdgeSnapshot): Recommendation {
  return {
    kind: 'check-downstream',
    edge: edge.name,
    reason: `${rowsText(edge.rejectedCircuitOpen)} came while the circuit of edge ${edge.name} was open`,
    suggestion: `find out why ${edge.to} stopped taking rows; the circuit closes by itself once it takes one again`,
  }
}

function monitor(edge: EdgeSnapshot): Recommendation {
  const share = shareText(edge.highWaterMark / edge.capacity)
  return {
    kind: 'monitor',
    edge: edge.name,
    reason: `edge ${edge.name} was up to ${share} full (${countText(edge.highWaterMark)} of ${countText(edge.capacity)})`,
    suggestion: 'watch it: a somewhat larger burst fills it',
  }
}

function healthy(snapshot: MetricsSnapshot): Recommendation {
  const highest = snapshot.edges.reduce((most, edge) => Math.max(most, edge.highWaterMark / edge.capacity), 0)
  return {
    kind: 'healthy',
    reason: `no edge was more than ${shareText(highest)} full and no row was refused for want of room`,
    suggestion: 'nothing to change',
  }
}
