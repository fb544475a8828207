import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { csvSource, EventfluxError, ndjsonSource, type Source } from 'eventflux'
import { csvFile, ndjsonFile, stdin } from 'eventflux/node'
import type { InputFormat, RunCommand } from './arguments.ts'
import { skippingRows } from './row-skip.ts'
import { type Bytes, sniffed } from './sniffed-format.ts'
import { UsageError } from './usage-error.ts'

const FORMATS: Readonly<Record<string, InputFormat>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'csv',
}

/** The input of a command: one file after the other. */
export class Input {
  readonly source: Source<never>
  /** Bytes there are to be read; undefined when that can't be told. */
  readonly totalBytes: number | undefined
  #read = 0
  /** Rows that a job took some other time. */
  #taken = 0
  #current: Source<never> | undefined

  private constructor(
    paths: readonly string[],
    files: readonly { readonly source: Source<never>; readonly bytes: number | undefined }[],
  ) {
    const [first] = files
    this.totalBytes = files.reduce<number | undefined>(
      (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
      0,
    )
    this.source = {
      metadata: files.length === 1 ? first!.source.metadata : { ...first!.source.metadata, name: 'files' },
      run: async given => {
        const intake = skippingRows(given, this.#taken)
        for (const { source, bytes } of files) {
          if (intake.signal.aborted) return
          this.#current = source
          await source.run(intake)
          this.#current = undefined
          this.#read += bytes ?? 0
        }
      },
      // Reading begins anew, and goes by the rows that were taken: which files they were in is no matter.
      snapshot: (writer, rows) => {
        writer.text(paths.join('\n'))
        writer.f64(this.#taken + rows)
      },
      restore: reader => {
        const then = reader.text()
        if (then !== paths.join('\n'))
          reader.refuse(`it was taken of ${then.replaceAll('\n', ', ')}, not of ${paths.join(', ')}`)
        this.#taken = reader.amount()
      },
    }
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#read + Number(this.#current?.metadata.offset ?? 0)
  }

  /** @throws UsageError for a file that isn't there. */
  static async open(command: RunCommand): Promise<Input> {
    const { files } = command
    const last = files.length - 1
    return new Input(
      files,
      await Promise.all(files.map((path, i) => open(path, command.follow && i === last, command))),
    )
  }
}

async function open(path: string, follow: boolean, command: RunCommand) {
  if (path === '-')
    return { source: sniffed('stdin', stdin() as Bytes, input => decoded(input, command)), bytes: undefined }
  const file = await stat(path).catch(error => {
    throw new UsageError(`${path} can't be read: ${(error as Error).message}`)
  })
  if (file.isDirectory()) throw new UsageError(`${path} is a directory`)
  const ending = extname(path.replace(/\.gz$/, ''))
  const format = command.input ?? FORMATS[ending]
  const options = decoding(command, ending)
  if (format === undefined)
    throw new UsageError(`the name of ${path} doesn't say what it is: add --input ndjson or --input csv`)
  const source =
    format === 'csv'
      ? csvFile(path, undefined, { ...options, follow })
      : ndjsonFile(path, undefined, { timestamps: command.timestamps, follow })
  return { source, bytes: follow || path.endsWith('.gz') ? undefined : file.size }
}

/** How the standard input is read, once its first bytes are there. */
function decoded({ bytes, first }: { bytes: Bytes; first: number | undefined }, command: RunCommand): Source<never> {
  if (command.input === undefined && first === '['.charCodeAt(0))
    throw new EventfluxError('SOURCE_FAILED', "the input begins like a JSON array; jq -c '.[]' makes NDJSON of one")
  const format = command.input ?? (first === undefined || first === '{'.charCodeAt(0) ? 'ndjson' : 'csv')
  const name = 'stdin'
  return format === 'csv'
    ? csvSource(bytes, undefined, { name, ...decoding(command, '') })
    : ndjsonSource(bytes, undefined, { name, timestamps: command.timestamps })
}

function decoding({ timestamps, delimiter }: RunCommand, ending: string) {
  const separator = delimiter ?? (ending === '.tsv' ? '\t' : undefined)
  return { timestamps, ...(separator === undefined ? {} : { delimiter: separator }) }
}
