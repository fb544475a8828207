import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { ROOT } from '../source-files.ts'

// What runs is bin/, which `npm test` builds first. Alone, tests of it try whatever was built last.
const PROGRAM = join(ROOT, 'bin/eventflux.js')

interface Event {
  readonly time: number
  readonly sensor: string
  readonly value: number
}
export const events: readonly Event[] = Array.from({ length: 5000 }, (_, i) => ({
  time: i * 7,
  sensor: `s${(i * 31) % 5}`,
  value: (i * 17) % 101,
}))
export const csv = `time,sensor,value\n${events.map(({ time, sensor, value }) => `${time},${sensor},${value}\n`).join('')}`
export const ndjson = events.map(event => `${JSON.stringify(event)}\n`).join('')

/** The sum of every sensor and second, by hand. */
export function totals(of: readonly Event[]) {
  const sums = new Map<string, { windowStart: number; windowEnd: number; sensor: string; total: number }>()
  for (const { time, sensor, value } of of) {
    const windowStart = Math.floor(time / 1000) * 1000
    const key = `${windowStart} ${sensor}`
    const row = sums.get(key) ?? { windowStart, windowEnd: windowStart + 1000, sensor, total: 0 }
    sums.set(key, { ...row, total: row.total + value })
  }
  return [...sums.values()].sort(byWindow)
}
export const byWindow = (
  a: { windowStart: number; sensor: string },
  b: { windowStart: number; sensor: string },
): number => a.windowStart - b.windowStart || (a.sensor < b.sensor ? -1 : 1)
export const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

/** A folder with events, plans for them, and the command that is run there. */
export class CommandFolder {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  static async make(): Promise<CommandFolder> {
    if (!existsSync(PROGRAM)) throw new Error('bin/ is missing: run `npm run build` first')
    const folder = new CommandFolder(await mkdtemp(join(tmpdir(), 'eventflux-cli-')))
    const plan = pipeline(schema({ time: timestamp(), sensor: utf8(), value: f64() }))
      .eventTime('time')
      .keyBy('sensor')
      .window(tumbling('1s'))
      .aggregate(e => ({ total: sum(e.value) }))
    await writeFile(folder.at('plan.json'), JSON.stringify(plan))
    await writeFile(
      folder.at('plan.mjs'),
      `import { f64, pipeline, schema } from '${join(ROOT, 'dist/index.js')}'
       export const pipelineOf = config => pipeline(schema({ value: f64() }), config).filter(e => e.value.gt(99))
       export default pipelineOf({ engine: 'js' })`,
    )
    await writeFile(folder.at('events.csv'), csv)
    await writeFile(folder.at('events.ndjson.gz'), gzipSync(ndjson))
    return folder
  }

  at = (name: string): string => join(this.#path, name)

  start = (...args: string[]): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, [PROGRAM, ...args], { cwd: this.#path })

  run(args: string[], input: string | Uint8Array = ''): Promise<Outcome> {
    const child = this.start(...args)
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    return outcomeOf(child)
  }

  remove = (): Promise<void> => rm(this.#path, { recursive: true })
}
