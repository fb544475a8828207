import {
  type BatchResult,
  count,
  f64,
  i32,
  type Job,
  max,
  min,
  type PipelineConfig,
  pipeline,
  type ResultBatch,
  schema,
  sum,
  timestamp,
  tumbling,
  utf8,
} from '../../../src/index.ts'
import type { EventColumns, EventRow, KeyKind } from './events.ts'
import type { Tally, WindowRow } from './window-rows.ts'

export type EngineJob = Job<EventRow, WindowRow>
type Options = Parameters<ReturnType<typeof workload>['run']>[0]

/** The workload over events with keys of a kind. */
export function workload(kind: KeyKind, config: PipelineConfig) {
  // The two kinds of key differ in the type of one column, which no contestant looks at.
  const key = (kind === 'utf8' ? utf8() : i32()) as ReturnType<typeof i32>
  return pipeline(schema({ time: timestamp(), key, value: f64() }), config)
    .eventTime('time')
    .filter(e => e.value.gt(0.25))
    .project(e => ({ key: e.key, v2: e.value.mul(1.08).add(e.time.toF64().mod(7)) }))
    .keyBy('key')
    .window(tumbling('1s'))
    .aggregate(e => ({ count: count(), sum: sum(e.v2), min: min(e.v2), max: max(e.v2) }))
}

/** Starts the workload; a job runs once. `onBatch` or `sink` take the results. */
export async function startJob(kind: KeyKind, config: PipelineConfig, options: Options): Promise<EngineJob> {
  return (await workload(kind, config).run(options)) as unknown as EngineJob
}

/** Feeds the tally the way the hand-written loops do: one column of each batch. */
export const tallyBatches =
  (tally: Tally) =>
  (batch: ResultBatch): void =>
    tally.take(batch.length, batch.column('count') as Float64Array)

/** Keeps every result, its key as text. */
export function keepRows(kind: KeyKind, rows: WindowRow[]): (batch: ResultBatch) => void {
  return batch => {
    const column = (name: string) => batch.column(name) as Float64Array
    for (let i = 0; i < batch.length; i++) {
      rows.push({
        windowStart: column('windowStart')[i]!,
        windowEnd: column('windowEnd')[i]!,
        key: kind === 'utf8' ? batch.text('key', i)! : String(batch.column('key')[i]!),
        count: column('count')[i]!,
        sum: column('sum')[i]!,
        min: column('min')[i]!,
        max: column('max')[i]!,
      })
    }
  }
}

/** The columns of the events in blocks, as a decoder or a socket would give them. */
export function blocksOf({ kind, rows, time, key, value, dictionary }: EventColumns, blockRows: number) {
  return Array.from({ length: Math.ceil(rows / blockRows) }, (_, block) => {
    const [from, to] = [block * blockRows, Math.min(rows, (block + 1) * blockRows)]
    const codes = key.subarray(from, to)
    return {
      time: time.subarray(from, to),
      key: kind === 'utf8' ? { codes, dictionary } : codes,
      value: value.subarray(from, to),
    }
  })
}

/** Waits only where the job has no room, and insists that all went in. */
export async function pushBlocks(job: EngineJob, blocks: ReturnType<typeof blocksOf>): Promise<void> {
  for (const block of blocks) {
    let result: BatchResult | Promise<BatchResult> = job.pushColumns(block)
    if (result !== true) result = await result
    if (result !== true) throw new Error(`Rows were refused: ${result.reason}`)
  }
  await job.drain()
}

export async function pushManyRows(job: EngineJob, slices: readonly (readonly EventRow[])[]): Promise<void> {
  for (const slice of slices) {
    let result: BatchResult | Promise<BatchResult> = job.pushMany(slice)
    if (result !== true) result = await result
    if (result !== true) throw new Error(`Rows were refused: ${result.reason}`)
  }
  await job.drain()
}

export async function pushEachRow(job: EngineJob, events: readonly EventRow[]): Promise<void> {
  for (let i = 0; i < events.length; i++) {
    const result = job.push(events[i]!)
    if (result !== true && (await result) !== true) throw new Error('A row was refused')
  }
  await job.drain()
}
