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

type Command = { readonly name: 'help' } | { readonly name: 'version' } | ({ readonly name: 'run' } & RunCommand)

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
  if (values.help || positionals[0] === 'help') return { name: 'help' }
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
    delimiter: delimiterOf(values.delimiter),
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
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw new UsageError(message)
    const given = /'(-+[^']*)'/.exec(message)![1]!
    const nearest = nearestOption(given)
    throw new UsageError(
      `there is no option ${given}; ${nearest === undefined ? '--help lists them' : `did you mean ${nearest}?`}`,
    )
  }
}

/** The option that was probably meant: the one that takes the fewest letters to change, if these are few. */
function nearestOption(given: string): string | undefined {
  const [nearest] = Object.keys(OPTIONS)
    .map(name => ({ name: `--${name}`, changes: changesBetween(given, `--${name}`) }))
    .sort((a, b) => a.changes - b.changes)
  return nearest!.changes <= 2 ? nearest!.name : undefined
}

/** Letters to insert, delete, replace or swap with their neighbour to make one text of another. */
function changesBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1]!, [i]]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1, isSwapped ? rows[i - 2]![j - 2]! + 1 : replaced)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

function oneOf<T extends string>(option: string, value: string | undefined, choices: readonly T[]): T | undefined {
  if (value === undefined || (choices as readonly string[]).includes(value)) return value as T | undefined
  throw new UsageError(`${option} is ${JSON.stringify(value)} and must be one of ${choices.join(', ')}`)
}

/** One character between fields; a tab may be typed as it is written in programs. */
function delimiterOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined
  const mark = given === '\\t' ? '\t' : given
  if (!/^[\t !#-*,/:-@[-^`{-~]$/.test(mark))
    throw new UsageError(`--delimiter is ${JSON.stringify(given)} and must be one ASCII character that no number holds`)
  return mark
}

function branchOf(given: string): [name: string, path: string] {
  const at = given.indexOf('=')
  if (at <= 0 || at === given.length - 1)
    throw new UsageError(`--branch is ${JSON.stringify(given)} and must be NAME=FILE`)
  return [given.slice(0, at), given.slice(at + 1)]
}
