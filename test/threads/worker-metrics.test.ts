import { createRequire } from 'node:module'
import type { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openMetricsText } from '../../src/exporters/index.ts'
import { count, type PipelineConfig, pipeline, sum, tumbling } from '../../src/index.ts'
import { Histogram } from '../../src/metrics/histogram.ts'
import { createMetricsSnapshot } from '../../src/metrics/metrics-snapshot.ts'
import { createWorkerSnapshot, type MeasuredWorker, WorkersMetrics } from '../../src/metrics/worker-metrics.ts'
import { WorkerTimes } from '../../src/threads/worker-times.ts'
import { events, eventsOf } from './events.ts'

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }

const ROWS = eventsOf(2_000)

const shards = (config: PipelineConfig = {}) =>
  pipeline(events, { maxBatch: 64, ...config })
    .eventTime('time', { outOfOrderness: '200ms' })
    .keyBy('name')
    .window(tumbling('1s'))
    .aggregate(e => ({ rows: count(), sum: sum(e.x) }))

const staged = () =>
  pipeline(events)
    .filter(e => e.n.gt(10))
    .stage()
    .eventTime('time', { outOfOrderness: '200ms' })
    .keyBy('name')
    .window(tumbling('1s'))
    .aggregate(() => ({ rows: count() }))

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

describe('one snapshot of a job on workers', () => {
  it.each([1, 3])('shows every one of %d that are dealt keys, and what they count adds up', async workers => {
    let out = 0
    const job = await shards().run({ workers, distribution: 'keys', sink: () => void out++ })
    for (let at = 0; at < ROWS.length; at += 100) await job.pushMany(ROWS.slice(at, at + 100))
    await job.flush()
    const metrics = job.metrics()
    const of = (name: 'numRecordsOwn' | 'numRecordsOut' | 'numLateRecordsDropped') =>
      total(metrics.workers.map(worker => worker[name]))
    expect(metrics.workers.map(({ name }) => name)).toEqual(
      Array.from({ length: workers }, (_, i) => `worker ${i + 1} of ${workers}`),
    )
    for (const worker of metrics.workers) {
      expect(worker.numRecordsIn).toBe(ROWS.length)
      expect(worker.queuedBytes).toBe(0)
      expect(worker.capacityBytes).toBeGreaterThan(0)
      expect(worker.frameNs.count).toBe(worker.frames)
      expect(worker.busyNs).toBeGreaterThan(0)
      expect(worker.currentWatermark).toBe(metrics.currentInputWatermark)
    }
    expect(of('numRecordsOwn')).toBe(ROWS.length)
    expect(of('numRecordsOut')).toBe(out)
    expect(of('numLateRecordsDropped')).toBe(metrics.counters.numLateRecordsDropped)
    expect(metrics.counters.numLateRecordsDropped).toBeGreaterThan(0)
    expect(metrics.workerFrameNs.count).toBe(total(metrics.workers.map(({ frames }) => frames)))
    expect(metrics.workerFrameNs.max).toBe(Math.max(...metrics.workers.map(({ frameNs }) => frameNs.max)))
    expect(openMetricsText({ volume: job })).toContain(
      `eventflux_worker_in_rows_total{pipeline="volume",worker="worker 1 of ${workers}"} ${ROWS.length}\n`,
    )
    await job.drain()
  })

  it.each([1, 3])('shows every one of %d that are dealt batches, and what they count adds up', async workers => {
    let out = 0
    const job = await shards().run({ workers, sink: () => void out++ })
    for (let at = 0; at < ROWS.length; at += 100) await job.pushMany(ROWS.slice(at, at + 100))
    await job.flush()
    const metrics = job.metrics()
    const of = (name: 'numRecordsIn' | 'numRecordsOwn' | 'numLateRecordsDropped') =>
      total(metrics.workers.map(worker => worker[name]))
    for (const worker of metrics.workers) {
      expect(worker.numRecordsIn).toBeGreaterThan(0)
      expect(worker.queuedBytes).toBe(0)
      expect(worker.frameNs.count).toBe(worker.frames)
      expect(worker.currentWatermark).toBe(metrics.currentInputWatermark)
    }
    expect(of('numRecordsIn')).toBe(ROWS.length)
    expect(of('numRecordsOwn')).toBe(ROWS.length)
    expect(of('numLateRecordsDropped')).toBe(metrics.counters.numLateRecordsDropped)
    expect(metrics.counters.numRecordsOut).toBe(out)
    expect(total(metrics.workers.map(({ numRecordsOut }) => numRecordsOut))).toBeGreaterThanOrEqual(out)
    await job.drain()
  })

  it('shows every stage, where what one gives is what the next is sent', async () => {
    let out = 0
    const job = await staged().run({ sink: () => void out++ })
    await job.pushMany(ROWS)
    await job.drain()
    const { workers, counters } = job.metrics()
    const [first, second] = workers
    expect(counters.numRecordsOut).toBe(out)
    expect(first).toMatchObject({ name: 'stage 1 of 2', numRecordsIn: ROWS.length, numRecordsOwn: ROWS.length })
    expect(first!.numRecordsOut).toBe(ROWS.filter(({ n }) => n > 10).length)
    expect(second).toMatchObject({ name: 'stage 2 of 2', numRecordsIn: first!.numRecordsOut })
    expect(second!.numRecordsOut).toBe(out)
  })

  it('fills the snapshot it is given', async () => {
    const job = await shards().run({ workers: 2, distribution: 'keys', sink: () => {} })
    const into = job.metrics()
    const [worker] = into.workers
    await job.pushMany(ROWS)
    await job.flush()
    expect(job.metrics(into).workers[0]).toBe(worker)
    expect(worker!.numRecordsIn).toBe(ROWS.length)
    await job.drain()
  })

  it('has none on one thread, nor without metrics', async () => {
    const one = await shards().run({ sink: () => {} })
    const off = await shards({ metrics: false }).run({ workers: 2, sink: () => {} })
    for (const job of [one, off]) {
      await job.pushMany(ROWS)
      await job.flush()
      expect(job.metrics().workers).toEqual([])
      await job.drain()
    }
  })

  it('counts what a worker that was never lost would count, after all were started anew', async () => {
    const started: Worker[] = []
    const { Worker: Original } = threads
    threads.Worker = class extends Original {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args)
        started.push(this)
      }
    }
    const run = async (disturb: (block: number) => void) => {
      const job = await shards({ bufferSize: 256 }).run({ workers: 2, sink: () => {}, restart: {} })
      for (let at = 0; at < ROWS.length; at += 50) {
        disturb(at / 50)
        await job.pushMany(ROWS.slice(at, at + 50))
      }
      await job.drain()
      return job
    }
    const undisturbed = await run(() => {})
    const job = await run(block => {
      if (block === 15) void started.at(-1)!.terminate()
    }).finally(() => {
      threads.Worker = Original
    })
    expect(job.counts().restarts).toBe(1)
    const counts = (snapshot: ReturnType<typeof job.metrics>) =>
      snapshot.workers.map(({ name, numRecordsIn, numRecordsOwn, numRecordsOut, numLateRecordsDropped }) => [
        name,
        numRecordsIn,
        numRecordsOwn,
        numRecordsOut,
        numLateRecordsDropped,
      ])
    expect(counts(job.metrics())).toEqual(counts(undisturbed.metrics()))
  })
})

const durations = fc.array(fc.oneof(fc.nat(), fc.maxSafeNat()), { maxLength: 50 })

describe('times of several workers', () => {
  it('merge into the histogram of all values, whichever worker was started anew on the way', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(durations, durations), { minLength: 1, maxLength: 5 }), workers => {
        const all = new Histogram()
        const measured = workers.map(([before, since]): MeasuredWorker => {
          const seen = new WorkerTimes()
          const write = (to: WorkerTimes, values: readonly number[]) => {
            for (const ns of values) {
              to.record(ns, 0)
              all.record(ns)
            }
          }
          // The worker writes through an object of its own, over the same memory.
          write(new WorkerTimes(seen.shared), before)
          const anew = new WorkerTimes()
          seen.goOn(anew.shared)
          write(anew, since)
          return {
            snapshotInto: target => void seen.frames().snapshotInto(target.frameNs),
            addFrameTimes: to => to.merge(seen.frames()),
          }
        })
        const into = createMetricsSnapshot()
        new WorkersMetrics(measured).snapshotInto(into)
        expect(into.workerFrameNs).toEqual(all.snapshotInto(createWorkerSnapshot().frameNs))
        expect(total(into.workers.map(({ frameNs }) => frameNs.count))).toBe(all.count)
      }),
    )
  })

  it('are told from waiting', () => {
    const times = new WorkerTimes()
    times.record(1_000, 400)
    times.record(500, 0)
    expect([times.frames().sum, times.waitedNs]).toEqual([1_100, 400])
  })

  it('can be read while one is being recorded', () => {
    const times = new WorkerTimes()
    times.record(1_000, 0)
    // The count is written, its bucket isn't yet.
    new Float64Array(times.shared)[0] = 2
    expect(times.frames().count).toBe(1)
    expect(times.frames().p99).toBe(1_000)
  })
})
