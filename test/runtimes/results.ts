import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { Place, Report } from './report.ts'
import type { Size } from './sizes.ts'

/** What the table of runtimes shows of a place. That it stands there means that its tests are those that passed. */
export interface PlaceResult {
  readonly name: string
  readonly version: string
  readonly engine: 'wasm' | 'js'
  readonly fallbackReason?: string
  readonly threads: boolean
  readonly noThreadsReason?: string
  readonly checkpoint: boolean
  /** Milliseconds from before the library is loaded to the first row of a result. */
  readonly coldStartMs: number
}

/** What `npm run runtimes` writes. */
export interface RuntimeResults {
  readonly machine: { readonly cpu: string; readonly cores: number }
  readonly date: string
  /** What cold starts are to be compared with: Node with nothing to do, from start to end. */
  readonly emptyScriptMs: number
  readonly places: readonly PlaceResult[]
  readonly sizes: readonly Size[]
}

export async function resultOf(place: Place, report: Report): Promise<PlaceResult> {
  const { engine, fallbackReason, dealt, restored, began, firstResultAt } = report
  return {
    name: place.name,
    version: await place.version(),
    engine,
    ...(fallbackReason !== undefined && { fallbackReason }),
    threads: dealt.mode.kind === 'shards',
    ...(dealt.mode.reason !== undefined && { noThreadsReason: dealt.mode.reason }),
    checkpoint: restored !== undefined,
    coldStartMs: Math.round(firstResultAt - began),
  }
}

export async function writeResults(
  file: string,
  places: readonly PlaceResult[],
  sizes: readonly Size[],
): Promise<void> {
  const machine = { cpu: cpus()[0]!.model, cores: cpus().length }
  const date = new Date().toISOString()
  const results: RuntimeResults = { machine, date, emptyScriptMs: emptyScriptMs(), places, sizes }
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** The median of five. */
function emptyScriptMs(): number {
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    execFileSync(process.execPath, ['-e', '0'])
    return performance.now() - began
  })
  return Math.round(times.sort((a, b) => a - b)[2]!)
}

/** What bundles weigh anew, beside what else was measured: that needs a quiet machine, and this doesn't. */
export async function writeSizes(file: string, sizes: readonly Size[]): Promise<void> {
  const results = JSON.parse(await readFile(file, 'utf8')) as RuntimeResults
  await writeFile(file, `${JSON.stringify({ ...results, sizes }, null, 2)}\n`)
}
