import { pipeline } from '../../../src/packaged.ts'
import type { Pipeline } from '../../../src/pipeline.ts'
import { f64, timestamp, utf8 } from '../../../src/schema/data-type.ts'
import { schema } from '../../../src/schema/schema.ts'
import { VirtualClock } from '../../../src/time/virtual-clock.ts'
import type { ModelRow } from './window-models.ts'

/** The rows of the models as columns; the clock follows their `at`. */
export const source = schema({ id: f64(), ts: timestamp(), k: utf8(), v: f64().nullable() })

export interface RunOptions {
  readonly engine?: 'wasm' | 'js'
  readonly maxBatch?: number
  readonly maxKeys?: number
}

/** A pipeline of the models' rows. */
export const models = ({ engine = 'js', maxKeys = 1_000, ...options }: RunOptions = {}) =>
  pipeline(source, { ...options, engine, maxKeys })

/** Sends rows through at their instants, moves the clock on to `end`, ends the input; gives what came out. */
export async function runRows<T>(
  // biome-ignore lint/suspicious/noExplicitAny: pipelines of whatever columns
  stream: Pipeline<any, any, any>,
  rows: readonly ModelRow[],
  end: number,
): Promise<T[]> {
  const clock = new VirtualClock(0)
  const out: T[] = []
  const job = await stream.run({ clock, sink: row => void out.push({ ...(row as object) } as T) })
  for (let i = 0; i < rows.length; ) {
    const { at } = rows[i]!
    const together = rows.slice(i).filter(row => row.at === at)
    clock.advanceTo(at)
    await job.pushMany(together.map(({ id, ts, k, v }) => ({ id, ts, k, v })) as never)
    await job.flush()
    i += together.length
  }
  clock.advanceTo(end)
  await job.drain()
  return out
}

/** A row that came at an instant, by the clock and its own column. */
export const row = (id: number, at: number, k = 'a', v: number | null = id): ModelRow => ({ id, at, ts: at, k, v })
