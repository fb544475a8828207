import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { csvSink, type Field, ndjsonSink, type Sink } from 'eventflux'
import { fileSink, stdout } from 'eventflux/node'
import type { OutputFormat, RunCommand } from './arguments.ts'
import { tableSink } from './table-sink.ts'
import { UsageError } from './usage-error.ts'

/** @throws UsageError when a file that shall be written has no directory, before anything is read. */
export async function checkPlaces({ output, branches, onError }: RunCommand): Promise<void> {
  const brokenLines = onError === 'fail' || onError === 'skip' ? [] : [onError]
  for (const path of [...(output === undefined ? [] : [output]), ...branches.values(), ...brokenLines]) {
    const directory = dirname(path)
    const found = await stat(directory).catch(() => undefined)
    if (!found?.isDirectory()) throw new UsageError(`${path} can't be written: there is no directory ${directory}`)
  }
}

/**
 * Where the results of a command go.
 *
 * @param goesOn whether an earlier run has begun the output.
 */
export function outputOf(
  command: Pick<RunCommand, 'output' | 'format'>,
  fields: readonly Field[],
  goesOn: boolean,
): Sink<object> {
  const { output } = command
  const byName = output === undefined ? undefined : formatOf(output)
  const format = command.format ?? byName ?? (output === undefined && process.stdout.isTTY ? 'table' : 'ndjson')
  return sinkOf(format, output === undefined ? stdout() : fileSink(output, { append: goesOn }), fields, goesOn)
}

/** Where the rows of a side branch go. */
export const branchOutput = (path: string, goesOn: boolean): Sink<object> =>
  sinkOf(formatOf(path) ?? 'ndjson', fileSink(path, { append: goesOn }), undefined, goesOn)

function sinkOf(
  format: OutputFormat,
  bytes: Sink<Uint8Array>,
  fields: readonly Field[] | undefined,
  goesOn: boolean,
): Sink<object> {
  if (format === 'table') return tableSink(bytes, fields ?? [])
  if (format === 'csv')
    return csvSink(bytes, { header: !goesOn, ...(fields && { fields: fields.map(({ name }) => name) }) })
  return ndjsonSink(bytes)
}

function formatOf(path: string): OutputFormat | undefined {
  const name = path.replace(/\.gz$/, '')
  return name.endsWith('.csv') ? 'csv' : /\.(ndjson|jsonl)$/.test(name) ? 'ndjson' : undefined
}
