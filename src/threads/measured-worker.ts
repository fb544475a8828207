import type { Histogram } from '../metrics/histogram.ts'
import type { MeasuredWorker, WorkerSnapshot } from '../metrics/worker-metrics.ts'
import type { ReadyWorker } from './worker-pool.ts'

/**
 * What is seen of a worker from outside, out of the cells it writes.
 *
 * @param dealtBefore The step from which on it works on rows of its own.
 */
export function measuredWorker(worker: ReadyWorker, dealtBefore: number): MeasuredWorker {
  const { name, shape, cells, times, input, consumer } = worker
  const own = shape.operators.findIndex(({ step }) => step >= dealtBefore)
  return {
    snapshotInto(target: WorkerSnapshot): void {
      target.name = name
      target.numRecordsIn = cells.taken
      target.numRecordsOwn = own < 0 ? cells.taken : cells.rowsIn(own)
      target.numRecordsOut = cells.given
      target.frames = cells.frames
      let late = 0
      for (let window = 0; window < shape.windows; window++) late += cells.lateRows(window)
      target.numLateRecordsDropped = late
      target.currentWatermark = shape.eventTimes === 0 ? Number.NEGATIVE_INFINITY : cells.watermark(0)
      const frames = times.frames()
      target.busyNs = frames.sum
      target.backPressuredNs = times.waitedNs
      frames.snapshotInto(target.frameNs)
      target.queuedBytes = input.queuedBytes(consumer)
      target.capacityBytes = input.capacityBytes
    },
    addFrameTimes(to: Histogram): void {
      to.merge(times.frames())
    },
  }
}
