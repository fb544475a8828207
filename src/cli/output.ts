import { stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { csvSink, type Field, ndjsonSink, type Sink } from 'eventflux'
import { fileSink, stdout } from 'eventflux/node'
import type { OutputFormat, RunCommand } from './arguments.ts'
import { tableSink } from './table-sink.ts'
import { UsageError } from './usage-error.ts'

/** @throws UsageError when a file can't be written where it shall be, or would take the place of one that is read, before any is. */
export async function checkPlaces({ plan, files, output, branches, onError }: RunCommand): Promise<void> {
  const uses = new Map<string, string>()
  for (const path of [plan, ...files]) uses.set(await identityOf(path), 'it is what is read')
  const brokenLines = onError === 'fail' || onError === 'skip' ? [] : [onError]
  for (const path of [...(output === undefined ? [] : [output]), ...branches.values(), ...brokenLines]) {
    const directory = dirname(path)
    const found = await stat(directory).catch(() => undefined)
    if (!found?.isDirectory()) throw new UsageError(`${path} can't be written: there is no directory ${directory}`)
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory()) throw new UsageError(`${path} can't be written: it is a directory`)
    // Devices and pipes take what comes from whomever.
    if (there !== undefined && !there.isFile()) continue
    const identity = await identityOf(path)
    const use = uses.get(identity)
    if (use !== undefined) throw new UsageError(`${path} can't be written: ${use}`)
    uses.set(identity, 'something else is written there')
  }
}

/** The same for the same file, whatever it is called. */
async function identityOf(path: string): Promise<string> {
  const file = await stat(path).catch(() => undefined)
  return file === undefined ? resolve(path) : `${file.dev}/${file.ino}`
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
  const bytes = output === undefined ? stdout() : fileSink(output, { append: goesOn })
  return sinkOf(format, bytes, delimiterOf(output), fields, goesOn)
}

/** Where the rows of a side branch go. */
export const branchOutput = (path: string, goesOn: boolean): Sink<object> =>
  sinkOf(formatOf(path) ?? 'ndjson', fileSink(path, { append: goesOn }), delimiterOf(path), undefined, goesOn)

function sinkOf(
  format: OutputFormat,
  bytes: Sink<Uint8Array>,
  delimiter: string,
  fields: readonly Field[] | undefined,
  goesOn: boolean,
): Sink<object> {
  if (format === 'table') return tableSink(bytes, fields ?? [])
  if (format === 'csv')
    return csvSink(bytes, { delimiter, header: !goesOn, ...(fields && { fields: fields.map(({ name }) => name) }) })
  return ndjsonSink(bytes)
}

function formatOf(path: string): OutputFormat | undefined {
  const ending = endingOf(path)
  return ending === '.csv' || ending === '.tsv'
    ? 'csv'
    : ending === '.ndjson' || ending === '.jsonl'
      ? 'ndjson'
      : undefined
}

const delimiterOf = (path = ''): string => (endingOf(path) === '.tsv' ? '\t' : ',')

const endingOf = (path: string): string => extname(path.replace(/\.gz$/, ''))
