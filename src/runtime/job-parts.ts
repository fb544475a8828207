import type { LogicalPlan } from '../plan/logical-node.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import type { Assembly } from './assemble.ts'
import type { JobCounts } from './job-counts.ts'
import type { JobMeter } from './job-meter.ts'
import type { JobMode } from './job-mode.ts'
import type { JobRecovery } from './job-recovery.ts'
import type { RowQueueSink } from './row-queue-sink.ts'

/** created → running → draining → stopped, or failed from anywhere. */
export type JobState = 'created' | 'running' | 'draining' | 'stopped' | 'failed'

/** How a job ended: what became of every row. offered = accepted + all rejections; see the counters' own descriptions. */
export interface JobSummary extends JobCounts {
  /** Rows that were inside when the job was stopped without draining. */
  readonly abandoned: number
}

/** What `run` needs to start a job. @internal */
export interface JobParts {
  readonly assembly: Assembly
  readonly meter: JobMeter | undefined
  readonly recovery: JobRecovery
  readonly queue: RowQueueSink<unknown> | undefined
  readonly clock: Clock
  /** Ends waits between the attempts of an error policy: aborted when the job ends, not while it drains. */
  readonly abort: AbortController
  readonly engine: 'wasm' | 'js'
  readonly mode: JobMode
  readonly schema: Schema
  /** The plan as it runs. */
  readonly plan: LogicalPlan
}
