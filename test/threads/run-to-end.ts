import type { Job } from '../../src/index.ts'
import type { RunOptions } from '../../src/runtime/run-options.ts'
import type { Event } from './events.ts'

/** Any pipeline of events: their results have nothing in common. */
export interface AnyPlan {
  run(options: object): Promise<Job<Event, unknown>>
}

/** Runs a pipeline to its end; blocks of 50 rows. */
export async function runToEnd(plan: AnyPlan, rows: readonly Event[], options: RunOptions<never, never>) {
  const out: Record<string, unknown>[] = []
  const job = await plan.run({ ...(options as object), sink: (row: Record<string, unknown>) => void out.push(row) })
  for (let at = 0; at < rows.length; at += 50) await job.pushMany(rows.slice(at, at + 50))
  await job.flush()
  const flushed = out.length
  const explained = job.explain()
  const summary = await job.drain()
  return { out, flushed, summary, counts: job.counts(), mode: job.mode, explained }
}
