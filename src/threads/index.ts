/**
 * For programs of several threads: pipelines of stages, whether there can be threads, how a job says that it has them, and
 * the queues and pools between one's own. `run({ workers })` and `.stage()` of `eventflux` need none of this.
 *
 * @module eventflux/threads
 */

export { ParallelPipeline, ProcessingStage } from '../pipeline/parallel-pipeline.ts'
export {
  type ColumnArrays,
  type Recovered,
  SharedEventPool,
  type SharedEventPoolOptions,
  type SharedEventPoolStats,
  SharedEventQueue,
  type SharedEventQueueOptions,
  type SharedEventQueueStats,
  type SharedPoolHandle,
  type SharedQueueHandle,
  type SharedStrategy,
  type SharedWaitOptions,
} from '../queues/index.ts'
export type { JobMode } from '../runtime/job-mode.ts'
export { type ThreadSupport, threadSupport } from '../wasm/thread-support.ts'
