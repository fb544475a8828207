import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bounded } from '../../bounded.ts'
import type { Place, Report } from '../report.ts'

const run = promisify(execFile)

const PROGRAMS = ['esm.mjs', 'commonjs.cjs']
/** What is tried in each: both in the oldest and in the newest. */
const NODES: Readonly<Record<string, readonly string[]>> = {
  20: PROGRAMS,
  22: bounded(['esm.mjs'], PROGRAMS),
  24: bounded(['commonjs.cjs'], PROGRAMS),
  26: PROGRAMS,
}

/** Node, Deno and Bun: a process that gets the input as its argument and prints the report. */
export function processes(runtimes: string, project: string): readonly Place[] {
  const of = (name: string, binary: string, before: readonly string[], program: string): Place => ({
    name: `${name}, ${program === 'esm.mjs' ? 'ESM' : 'CommonJS'}`,
    engine: 'wasm',
    threads: true,
    version: async () => /\d+\.\d+\.\d+/.exec((await run(binary, ['--version'])).stdout)![0],
    run: async input => {
      const { stdout } = await run(binary, [...before, program, JSON.stringify(input)], {
        cwd: project,
        timeout: 60_000,
        maxBuffer: 2 ** 24,
      })
      return JSON.parse(stdout) as Report
    },
  })
  const bin = (name: string): string => join(runtimes, 'node_modules', name)
  return [
    ...Object.entries(NODES).flatMap(([version, programs]) =>
      programs.map(program => of(`Node ${version}`, bin(`node${version}/bin/node`), [], program)),
    ),
    // Without any permission.
    ...PROGRAMS.map(program => of('Deno', bin('.bin/deno'), ['run', '--no-prompt', '--cached-only'], program)),
    ...PROGRAMS.map(program => of('Bun', bin('.bin/bun'), [], program)),
  ]
}
