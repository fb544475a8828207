import { csvSink, type Field, ndjsonSink, type Sink } from 'eventflux'
import { fileSink, stdout } from 'eventflux/node'
import type { OutputFormat, RunCommand } from './arguments.ts'
import { tableSink } from './table-sink.ts'

/** Where the results of a command go. */
export function outputOf(command: Pick<RunCommand, 'output' | 'format'>, fields: readonly Field[]): Sink<object> {
  const { output } = command
  const byName = output === undefined ? undefined : formatOf(output)
  const format = command.format ?? byName ?? (output === undefined && process.stdout.isTTY ? 'table' : 'ndjson')
  return sinkOf(format, output === undefined ? stdout() : fileSink(output), fields)
}

/** Where the rows of a side branch go. */
export const branchOutput = (path: string): Sink<object> =>
  sinkOf(formatOf(path) ?? 'ndjson', fileSink(path), undefined)

function sinkOf(format: OutputFormat, bytes: Sink<Uint8Array>, fields: readonly Field[] | undefined): Sink<object> {
  if (format === 'table') return tableSink(bytes, fields ?? [])
  if (format === 'csv') return csvSink(bytes, fields ? { fields: fields.map(({ name }) => name) } : {})
  return ndjsonSink(bytes)
}

function formatOf(path: string): OutputFormat | undefined {
  const name = path.replace(/\.gz$/, '')
  return name.endsWith('.csv') ? 'csv' : /\.(ndjson|jsonl)$/.test(name) ? 'ndjson' : undefined
}
