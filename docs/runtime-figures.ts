// The tables of bench/results/runtimes.json, which `npm run runtimes` writes when every test of it has passed.

import { existsSync, readFileSync } from 'node:fs'
import type { RuntimeResults } from '../test/runtimes/results.ts'
import { table } from './table.ts'

const RESULTS = new URL('../bench/results/runtimes.json', import.meta.url)

function results(): RuntimeResults | undefined {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as RuntimeResults) : undefined
}

const NOT_MEASURED = 'Not measured yet: `npm run runtimes` writes the tables.'

/** Runtime by runtime, what works there. */
export function runtimesSection(): string {
  const { places, machine, date, emptyScriptMs } = results() ?? {}
  if (places === undefined) return NOT_MEASURED
  const rows = places.map(({ name, version, engine, threads, checkpoint, coldStartMs }) => [
    name,
    version,
    'yes',
    engine === 'wasm' ? 'yes' : 'no: JavaScript',
    engine === 'wasm' ? 'yes' : 'no',
    threads ? 'yes' : 'no',
    checkpoint ? 'yes' : 'no',
    `${coldStartMs} ms`,
  ])
  const head = ['runtime', 'version', 'imports', 'wasm', 'simd', 'threads', 'checkpoint', 'cold start']
  return `${table(head, rows)}\n\nThe kernels are compiled with SIMD: where they run, it is there. Measured once on ${machine!.cpu}, ${machine!.cores} cores, ${date!.slice(0, 10)}: Node with an empty script took ${emptyScriptMs} ms there.`
}

/** Entry by entry, what a bundle of it weighs. */
export function sizesSection(): string {
  const { sizes } = results() ?? {}
  if (sizes === undefined) return NOT_MEASURED
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
  const rows = sizes.map(({ what, bytes, gzip }) => [what, kilobytes(bytes), kilobytes(gzip)])
  return table(['bundled by esbuild, minified', 'size', 'gzip'], rows)
}
