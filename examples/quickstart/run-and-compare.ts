import { statSync } from 'node:fs'
import type { Job, RunOptions, Source } from 'eventflux'
import { differencesOf } from './expected-windows.ts'
import { showProgress } from './live-progress.ts'
import type { Statistics, StatisticsWindow } from './statistics-window.ts'

/** A pipeline with what goes in, and what should come out. */
export interface Task<In, Out> {
  readonly name: string
  readonly pipeline: { run(options: RunOptions<In, Out>): Promise<Job<In, Out>> }
  readonly files: readonly URL[]
  readonly open: (file: URL) => Source<never>
  readonly keyOf: (row: Out) => string
  readonly expected: readonly StatisticsWindow[]
}

/** What a task came to. */
export interface Report {
  readonly name: string
  readonly engine: string
  readonly events: number
  /** From the first byte read to the last window closed. */
  readonly seconds: number
  readonly windows: readonly StatisticsWindow[]
  readonly differences: readonly string[]
}

/** Runs a pipeline over its files, to their end. */
export async function runAndCompare<In, Out>(task: Task<In, Out>): Promise<Report> {
  const sources = task.files.map(task.open)
  const rows: Out[] = []

  const startMs = performance.now()
  const job = await task.pipeline.run({ sources, sink: rows })
  const progress = showProgress(task.name, {
    totalBytes: task.files.reduce((bytes, file) => bytes + statSync(file).size, 0),
    readBytes: () => sources.reduce((bytes, source) => bytes + Number(source.metadata.offset), 0),
    metrics: into => job.metrics(into),
  })
  const { delivered } = await job.done.finally(progress.stop)
  const seconds = (performance.now() - startMs) / 1000

  const windows = rows.map(row => ({ ...(row as unknown as Statistics), key: task.keyOf(row) }))
  return {
    name: task.name,
    engine: job.engine,
    events: delivered,
    seconds,
    windows,
    differences: differencesOf(windows, task.expected),
  }
}
