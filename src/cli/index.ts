import { createRequire } from 'node:module'
import { commandOf } from './arguments.ts'
import { HELP } from './help.ts'
import { run } from './run-command.ts'
import { UsageError } from './usage-error.ts'

/** Carries out a command line; gives the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const command = commandOf(args)
    if (command.name === 'run') return await run(command)
    process.stdout.write(command.name === 'help' ? HELP : `${version()}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`eventflux: ${error.message}\n`)
    return 2
  }
}

function version(): string {
  const { version } = createRequire(import.meta.url)('eventflux/package.json') as { version: string }
  return version
}

process.exitCode = await main(process.argv.slice(2))
