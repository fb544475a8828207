import { optionInvalid } from '../errors.ts'
import { checkOptions, expectOption, type OptionNames } from '../options.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { Histogram } from './histogram.ts'
import { isRateWindow, Meter, type RateWindow } from './meter.ts'

/** How averages follow, and what `utilization` is measured against. */
export interface PipelineMetricsOptions {
  /**
   * How `latencyNs` follows the samples. 'standard' (default): the first sample is the first value, then a tenth of
   * each new one, as a double. 'document': whole numbers, floor((current * 9 + sample) / 10) from 0 on, which stays
   * low for its first dozens of samples.
   */
  readonly ema?: 'standard' | 'document'
  /** Rows the queue holds, for `utilization`; default Infinity. */
  readonly capacity?: number
  readonly clock?: Clock
}

const NAMES: OptionNames<PipelineMetricsOptions> = { ema: true, capacity: true, clock: true }

const COUNT = 'how many events, a whole number from 0 on'
const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0

/**
 * Counters of a hand-built pipeline: how many events, how fast, how many lost, how late.
 *
 * @example
 * const metrics = new PipelineMetrics({ capacity: 1_024 })
 * metrics.recordEvent(1_000)
 * metrics.recordEvent(2_000)
 * metrics.eventsTotal // 2
 * metrics.latencyNs // 1100
 */
export class PipelineMetrics {
  readonly capacity: number
  /** The latencies as a distribution, in nanoseconds. */
  readonly latency = new Histogram()
  /** Events waiting now; set by whoever owns the queue. */
  queueDepth = 0
  readonly #integerEma: boolean
  readonly #meter: Meter
  #eventsPublished = 0
  #droppedEvents = 0
  #processingErrors = 0
  #latencyNs = 0
  #maxPublishLatencyNs = 0

  /** @throws EventfluxError `OPTION_INVALID` on an unknown `ema` or a capacity below 1. */
  constructor(options: PipelineMetricsOptions = {}) {
    checkOptions('PipelineMetrics', options, NAMES)
    const { ema = 'standard', capacity = Number.POSITIVE_INFINITY, clock = systemClock } = options
    if (ema !== 'standard' && ema !== 'document')
      throw optionInvalid(`ema is 'standard' or 'document', not ${String(ema)}`, { value: ema, at: 'ema' })
    if (!(capacity >= 1))
      throw optionInvalid(`capacity is at least 1, not ${capacity}`, { value: capacity, at: 'capacity' })
    this.capacity = capacity
    this.#integerEma = ema === 'document'
    this.#meter = new Meter(clock)
  }

  /** One event was processed, `latencyNs` after it came. What is no finite number from 0 on counts as 0. */
  recordEvent(latencyNs: number): void {
    const sample = latencyNs >= 0 && latencyNs < Number.POSITIVE_INFINITY ? latencyNs : 0
    if (this.#integerEma) this.#latencyNs = Math.floor((this.#latencyNs * 9 + Math.floor(sample)) / 10)
    else if (this.latency.count === 0) this.#latencyNs = sample
    else this.#latencyNs += 0.1 * (sample - this.#latencyNs)
    this.latency.record(sample)
    this.#meter.mark(1)
  }

  /** One event was offered to the pipeline, dropped or not; handing it over took `latencyNs`. */
  recordPublish(latencyNs: number): void {
    this.#eventsPublished++
    if (latencyNs > this.#maxPublishLatencyNs) this.#maxPublishLatencyNs = latencyNs
  }

  /** `n` events were dropped. */
  recordDrop(n = 1): void {
    expectOption('n', n, isCount, COUNT)
    this.#droppedEvents += n
  }

  /** `n` events failed; they are not `recordEvent`ed. */
  recordError(n = 1): void {
    expectOption('n', n, isCount, COUNT)
    this.#processingErrors += n
  }

  /** The same as `eventsTotal`: a count, not a rate. For the rate see `ratePerSec`. */
  get throughput(): number {
    return this.eventsTotal
  }

  /** Events processed. */
  get eventsTotal(): number {
    return this.#meter.total
  }

  /**
   * Events processed per second over the last 1 (default), 10 or 60 seconds.
   *
   * @throws EventfluxError `OPTION_INVALID` for any other number: only these are kept.
   */
  ratePerSec(seconds: RateWindow = 1): number {
    expectOption('seconds', seconds, isRateWindow, '1, 10 or 60')
    return this.#meter.rate(seconds)
  }

  /** Events offered; at least those that were processed, failed or dropped, when publishing is not recorded. */
  get eventsPublished(): number {
    return Math.max(this.#eventsPublished, this.eventsTotal + this.#processingErrors + this.#droppedEvents)
  }

  get droppedEvents(): number {
    return this.#droppedEvents
  }

  get processingErrors(): number {
    return this.#processingErrors
  }

  /** The moving average of the latencies, in nanoseconds; 0 before the first. */
  get latencyNs(): number {
    return this.#latencyNs
  }

  get maxPublishLatencyNs(): number {
    return this.#maxPublishLatencyNs
  }

  /** The share of the queue in use: 0 empty, 1 full. */
  get utilization(): number {
    return this.queueDepth / this.capacity
  }

  /** Failed events among those tried; 0 before the first. */
  get errorRate(): number {
    return this.#processingErrors / Math.max(1, this.eventsTotal + this.#processingErrors)
  }

  /** Dropped events among those offered; 0 before the first. */
  get dropRate(): number {
    return this.#droppedEvents / Math.max(1, this.eventsPublished)
  }

  /** Errors below 1 %, drops below 5 %, over 1,000 events in the last second, no publish of 10 ms or more. */
  get healthy(): boolean {
    return (
      this.errorRate < 0.01 && this.dropRate < 0.05 && this.ratePerSec(1) > 1000 && this.#maxPublishLatencyNs < 10e6
    )
  }

  /** 1 - 2 errorRate - dropRate - 0.5 min(max publish latency / 10 ms, 1), within 0..1. */
  get score(): number {
    const slowness = Math.min(this.#maxPublishLatencyNs / 10e6, 1)
    return Math.min(1, Math.max(0, 1 - 2 * this.errorRate - this.dropRate - 0.5 * slowness))
  }

  /** Back to the beginning; the queue's depth stays, as it is the queue's. */
  reset(): void {
    this.latency.reset()
    this.#meter.reset()
    this.#eventsPublished = 0
    this.#droppedEvents = 0
    this.#processingErrors = 0
    this.#latencyNs = 0
    this.#maxPublishLatencyNs = 0
  }
}
