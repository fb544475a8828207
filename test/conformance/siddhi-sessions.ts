import { avg, count, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { type SessionOptions, session } from '../../src/time/session-windows.ts'
import type { Arrival } from './row-window-script.ts'

const visits = schema({ ts: timestamp(), user: utf8(), item: f64(), price: f64() })

/** A session as it stands when it comes out: its items in the order of their times. */
export interface Session {
  readonly user: string
  readonly items: readonly number[]
  readonly avg: number
  readonly sum: number
}

/**
 * Runs the rows of a case of Siddhi's sessions. Siddhi's sessions hand on their rows as they come and once more when they
 * close; ours give results, so what is compared is which rows a session has, and its aggregates with each of them.
 */
export async function runSessions(
  arrivals: readonly Arrival[],
  gap: number,
  options: SessionOptions & { readonly engine: 'wasm' | 'js' },
): Promise<{ readonly sessions: readonly Session[]; readonly late: number }> {
  const { engine, ...lateness } = options
  const sessions: Session[] = []
  const job = await pipeline(visits, { engine })
    .eventTime('ts')
    .keyBy('user')
    .window(session(gap, lateness))
    .aggregate(e => ({
      rows: count(),
      items: collect(e.item),
      times: collect(e.ts),
      avg: avg(e.price),
      sum: sum(e.price),
    }))
    .run({
      sink: ({ user, items, times, avg, sum }) => {
        const order = items.map((_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b)
        sessions.push({ user, items: order.map(i => items[i]!), avg: avg!, sum: sum! })
      },
    })
  for (const { ts, data } of arrivals) job.push({ ts: ts!, item: 0, price: 0, ...data } as never)
  const { numLateRecordsDropped: late } = await job.drain()
  return { sessions, late }
}
