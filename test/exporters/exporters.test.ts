import { AggregationTemporality, DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { Registry } from 'prom-client'
import { afterAll, describe, expect, test } from 'vitest'
import {
  OPENMETRICS_CONTENT_TYPE,
  observeWithOpenTelemetry,
  openMetricsText,
  registerWithPromClient,
} from '../../src/exporters/index.ts'
import { count } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import type { PipelineConfig } from '../../src/plan/config.ts'
import { f64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { tumbling } from '../../src/time/windows.ts'
import { parseOpenMetrics } from './openmetrics-parser.ts'
import { publishedParser } from './published-parser.ts'

const parser = await publishedParser()
afterAll(() => parser.close())
const published = parser.parse

/** A job that took 100 rows and refused one: 75 of them pass the filter, into 10 windows of which the last is open. */
async function measuredJob(config: PipelineConfig = {}) {
  const job = await pipeline(schema({ time: timestamp(), x: f64() }), { metrics: 'detailed', ...config })
    .eventTime('time')
    .filter(e => e.x.ge(25))
    .window(tumbling('10ms'))
    .aggregate(() => ({ n: count() }))
    .run({ sink: () => {}, clock: new VirtualClock(), errors: { source: 'skip' } })
  for (let i = 0; i < 100; i++) await job.push({ time: i, x: i })
  await job.push({ time: 100, x: 'no number' } as never)
  await job.flush()
  return job
}

describe('OpenMetrics text', () => {
  test('says what the counters say, by a parser written from the specification', async () => {
    const job = await measuredJob()
    const families = parseOpenMetrics(openMetricsText({ volume: job }))
    const value = (name: string, labels = {}) => families.valueOf(name, { pipeline: 'volume', ...labels })
    expect(value('eventflux_accepted_rows_total')).toBe(100)
    expect(value('eventflux_rejected_rows_total', { reason: 'invalid' })).toBe(1)
    expect(value('eventflux_filtered_rows_total')).toBe(25)
    expect(value('eventflux_watermark_seconds')).toBe(0.098)
    expect(value('eventflux_edge_capacity_rows', { from: 'source', to: 'eventTime' })).toBeGreaterThan(0)
    expect(value('eventflux_latency_seconds_count')).toBe(job.metrics().latencyNs.count)
    expect(families.typeOf('eventflux_operator_batch_seconds')).toBe('summary')
    await job.stop()
  })

  test('has figures of the last checkpoint once there is one', async () => {
    const job = await measuredJob()
    expect(openMetricsText({ volume: job })).not.toContain('last_checkpoint_size_bytes{')
    const { bytes } = await job.checkpoint()
    const families = parseOpenMetrics(openMetricsText({ volume: job }))
    expect(families.valueOf('eventflux_last_checkpoint_size_bytes', { pipeline: 'volume' })).toBe(bytes.length)
    expect(families.valueOf('eventflux_last_checkpoint_age_seconds', { pipeline: 'volume' })).toBe(0)
    const taken = { pipeline: 'volume', outcome: 'completed' }
    expect(families.valueOf('eventflux_checkpoints_total', taken)).toBe(1)
    await job.stop()
  })

  test('keeps offered = accepted + rejected', async () => {
    const job = await measuredJob()
    const { samples } = parseOpenMetrics(openMetricsText({ volume: job }))
    const sum = (name: string) =>
      samples.filter(sample => sample.name === name).reduce((total, sample) => total + sample.value, 0)
    expect(sum('eventflux_offered_rows_total')).toBe(101)
    expect(sum('eventflux_accepted_rows_total') + sum('eventflux_rejected_rows_total')).toBe(101)
    await job.stop()
  })

  test('is well formed for no job, several, one without metrics, one that has ended, and names of any kind', async () => {
    const [off, ended] = await Promise.all([
      measuredJob({ metrics: false }),
      measuredJob({ backpressure: 'unbounded' }),
    ])
    await ended.drain()
    expect(parseOpenMetrics(openMetricsText({})).samples).toEqual([])
    const name = 'a "name" \\ of\ntwo lines'
    const families = parseOpenMetrics(openMetricsText({ off, [name]: ended }))
    expect(families.valueOf('eventflux_accepted_rows_total', { pipeline: name })).toBe(100)
    expect(families.valueOf('eventflux_watermark_seconds', { pipeline: name })).toBe(Number.POSITIVE_INFINITY)
    expect(families.valueOf('eventflux_accepted_rows_total', { pipeline: 'off' })).toBe(0)
    await off.stop()
  })

  test('of something that is no job is refused', () => {
    expect(() => openMetricsText({ x: {} as never })).toThrow(/has no metrics\(\)/)
  })
})

/** Texts that break a rule, each another one. */
const MALFORMED = [
  ['no end', 'a 1\n'],
  ['a counter without _total', '# TYPE a counter\na 1\n# EOF\n'],
  ['a unit the name does not end in', '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n'],
  ['a family in two parts', '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{x="1"} 1\n# EOF\n'],
  ['a sample twice', '# TYPE a gauge\na 1\na 1\n# EOF\n'],
  ['a negative counter', '# TYPE a counter\na_total -1\n# EOF\n'],
  ['an unescaped quote', '# TYPE a gauge\na{x="""} 1\n# EOF\n'],
  ['an empty line', '# TYPE a gauge\n\na 1\n# EOF\n'],
] as const

describe('the parser of this test', () => {
  test.each(MALFORMED)('finds %s', (_, text) => {
    expect(() => parseOpenMetrics(text)).toThrow()
  })
})

describe('the published parser, of prometheus_client', () => {
  // Of a sample that stands twice it keeps one.
  test.each(MALFORMED.filter(([what]) => what !== 'a sample twice'))('finds %s', async (_, text) => {
    await expect(published(text)).rejects.toThrow()
  })

  test('takes the text of jobs of every kind, and understands the same by it', async () => {
    const [running, off, ended] = await Promise.all([
      measuredJob(),
      measuredJob({ metrics: false }),
      measuredJob({ backpressure: 'unbounded' }),
    ])
    await ended.drain()
    const text = openMetricsText({ running, off, 'a "name" \\ of\ntwo lines': ended })
    const ours = parseOpenMetrics(text)
    const families = await published(text)
    expect(families.flatMap(({ samples }) => samples)).toEqual(ours.samples.map(({ key, ...sample }) => sample))
    for (const { name, type, help } of families) {
      expect(type).toBe(ours.typeOf(name))
      expect(help).not.toBe('')
    }
    expect(families.find(({ name }) => name === 'eventflux_watermark_seconds')).toMatchObject({ unit: 'seconds' })
    expect(families.length).toBeGreaterThan(20)
    expect(await published(openMetricsText({}))).toEqual(families.map(family => ({ ...family, samples: [] })))
    await Promise.all([running.stop(), off.stop()])
  })
})

describe('prom-client', () => {
  test('gives the same text, in both formats, and forgets', async () => {
    const job = await measuredJob()
    for (const type of [OPENMETRICS_CONTENT_TYPE, Registry.PROMETHEUS_CONTENT_TYPE] as const) {
      const registry = new Registry()
      registry.setContentType(type as never)
      const forget = registerWithPromClient(registry, { volume: job })
      const text = await registry.metrics()
      expect(text).toMatch(/^eventflux_accepted_rows_total\{pipeline="volume"\} 100$/m)
      expect(text).toMatch(/^eventflux_latency_seconds\{pipeline="volume",quantile="0.99"\} /m)
      if (type === OPENMETRICS_CONTENT_TYPE) {
        const ours = parseOpenMetrics(openMetricsText({ volume: job }))
        const theirs = parseOpenMetrics(text, { units: false })
        const keys = (of: typeof ours) => of.samples.map(({ key }) => key).sort()
        expect(keys(theirs)).toEqual(keys(ours))
        expect((await published(text)).length).toBeGreaterThan(20)
      }
      expect((await registry.getMetricsAsJSON()).length).toBeGreaterThan(20)
      forget()
      expect((await registry.metrics()).replace('# EOF\n', '').trim()).toBe('')
    }
    await job.stop()
  })
})

describe('OpenTelemetry', () => {
  class Reader extends MetricReader {
    protected async onForceFlush() {}
    protected async onShutdown() {}
    override selectAggregationTemporality = () => AggregationTemporality.CUMULATIVE
  }

  test('collects counters, gauges and quantiles of every job, until it is stopped', async () => {
    const job = await measuredJob()
    let reads = 0
    const metrics: typeof job.metrics = into => {
      reads++
      return job.metrics(into)
    }
    const reader = new Reader()
    const provider = new MeterProvider({ readers: [reader] })
    const stop = observeWithOpenTelemetry(provider.getMeter('test'), { volume: { metrics } })
    const collected = async () =>
      (await reader.collect()).resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    const exported = await collected()
    const pointsOf = (name: string) => {
      const metric = exported.find(({ descriptor }) => descriptor.name === name)!
      expect([DataPointType.SUM, DataPointType.GAUGE]).toContain(metric.dataPointType)
      return metric.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }))
    }
    expect(pointsOf('eventflux.accepted.rows')).toEqual([{ pipeline: 'volume', value: 100 }])
    expect(pointsOf('eventflux.rejected.rows')).toContainEqual({ pipeline: 'volume', reason: 'invalid', value: 1 })
    expect(pointsOf('eventflux.latency').map(point => (point as { quantile?: string }).quantile)).toEqual([
      '0.5',
      '0.9',
      '0.99',
      '0.999',
    ])
    expect(exported.find(({ descriptor }) => descriptor.name === 'eventflux.watermark')!.descriptor.unit).toBe('s')
    stop()
    await collected()
    expect(reads).toBe(1)
    await Promise.all([provider.shutdown(), job.stop()])
  })
})
