/**
 * Queues and pools between threads.
 *
 * @module eventflux/queues
 */

export type { Recovered } from './recovery.ts'
export {
  SharedEventPool,
  type SharedEventPoolOptions,
  type SharedEventPoolStats,
  type SharedPoolHandle,
} from './shared-event-pool.ts'
export { SharedEventQueue } from './shared-event-queue.ts'
export type { SharedQueueHandle, SharedStrategy } from './shared-queue-handle.ts'
export type { SharedEventQueueOptions, SharedEventQueueStats, SharedWaitOptions } from './shared-queue-options.ts'
export type { ColumnArrays } from './shared-store.ts'
