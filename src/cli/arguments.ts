import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

export type InputFormat = 'ndjson' | 'csv'
export type OutputFormat = 'ndjson' | 'csv' | 'table'

/** `eventflux run` as it was typed, checked. */
export interface RunCommand {
  readonly plan: string
  /** Paths; `-` is the standard input. At least one. */
  readonly files: readonly string[]
  readonly input: InputFormat | undefined
  readonly delimiter: string | undefined
  readonly timestamps: 'ms' | 'iso'
  readonly follow: boolean
  /** `'fail'`, `'skip'`, or the path of a file. */
  readonly onError: string
  readonly format: OutputFormat | undefined
  readonly output: string | undefined
  readonly branches: ReadonlyMap<string, string>
  readonly checkpoint: string | undefined
  readonly engine: 'wasm' | 'js' | undefined
  readonly exportName: string | undefined
  readonly allowModules: boolean
  readonly explain: boolean
  readonly metrics: boolean
  readonly quiet: boolean
}

export type Command = { readonly name: 'help' } | { readonly name: 'version' } | ({ readonly name: 'run' } & RunCommand)

const OPTIONS = {
  input: { type: 'string', short: 'i' },
  delimiter: { type: 'string' },
  timestamps: { type: 'string', default: 'ms' },
  follow: { type: 'boolean', default: false },
  'on-error': { type: 'string', default: 'fail' },
  format: { type: 'string', short: 'f' },
  output: { type: 'string', short: 'o' },
  branch: { type: 'string', multiple: true },
  checkpoint: { type: 'string' },
  engine: { type: 'string' },
  export: { type: 'string' },
  'allow-modules': { type: 'boolean', default: false },
  explain: { type: 'boolean', default: false },
  metrics: { type: 'boolean', default: false },
  quiet: { type: 'boolean', short: 'q', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'V', default: false },
} as const

/** Reads a command line. @throws UsageError */
export function commandOf(args: readonly string[]): Command {
  const { values, positionals } = parse(args)
  if (values.help) return { name: 'help' }
  if (values.version) return { name: 'version' }
  const [name, plan, ...files] = positionals
  if (name === undefined) throw new UsageError('there is no command: try "eventflux run PLAN", or --help')
  if (name !== 'run') throw new UsageError(`there is no command ${JSON.stringify(name)}: the one there is is "run"`)
  if (plan === undefined) throw new UsageError('run needs a plan: eventflux run PLAN [FILE...]')
  if (values.follow && (files.length === 0 || files.at(-1) === '-'))
    throw new UsageError('--follow needs a file: the standard input is followed to its end anyway')
  if (values.checkpoint !== undefined && (files.length === 0 || files.includes('-')))
    throw new UsageError('--checkpoint needs files: the standard input can not be read again')
  return {
    name,
    plan,
    files: files.length === 0 ? ['-'] : files,
    input: oneOf('--input', values.input, ['ndjson', 'csv']),
    delimiter: values.delimiter,
    timestamps: oneOf('--timestamps', values.timestamps, ['ms', 'iso'])!,
    follow: values.follow,
    onError: values['on-error'],
    format: oneOf('--format', values.format, ['ndjson', 'csv', 'table']),
    output: values.output,
    branches: new Map((values.branch ?? []).map(branchOf)),
    checkpoint: values.checkpoint,
    engine: oneOf('--engine', values.engine, ['wasm', 'js']),
    exportName: values.export,
    allowModules: values['allow-modules'],
    explain: values.explain,
    metrics: values.metrics,
    quiet: values.quiet,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function oneOf<T extends string>(option: string, value: string | undefined, choices: readonly T[]): T | undefined {
  if (value === undefined || (choices as readonly string[]).includes(value)) return value as T | undefined
  throw new UsageError(`${option} is ${JSON.stringify(value)} and must be one of ${choices.join(', ')}`)
}

function branchOf(given: string): [name: string, path: string] {
  const at = given.indexOf('=')
  if (at <= 0 || at === given.length - 1)
    throw new UsageError(`--branch is ${JSON.stringify(given)} and must be NAME=FILE`)
  return [given.slice(0, at), given.slice(at + 1)]
}
