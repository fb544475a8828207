import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { load } from './installed.ts'

/** What a bundle of an entry weighs, minified. */
export interface Size {
  readonly what: string
  readonly bytes: number
  readonly gzip: number
}

type Build = (options: object) => Promise<{ readonly outputFiles: readonly { readonly contents: Uint8Array }[] }>

/** What the program of the tests uses. */
const PROGRAM = 'count, createRuntime, f64, min, pipeline, schema, sum, timestamp, tumbling, utf8'

interface Bundle {
  readonly contents: string
  /** Of a runtime with an entry of its own. */
  readonly condition?: string
}

const keyedWindow = `export { ${PROGRAM} } from 'eventflux'`

const BUNDLES: Readonly<Record<string, string | Bundle>> = {
  'eventflux: a schema': "export { f64, schema } from 'eventflux'",
  'eventflux: EventQueue': "export { EventQueue } from 'eventflux'",
  'eventflux: a keyed window': keyedWindow,
  'eventflux under workerd: a keyed window': { contents: keyedWindow, condition: 'workerd' },
  'eventflux under edge-light: a keyed window': { contents: keyedWindow, condition: 'edge-light' },
  'eventflux: everything': "export * from 'eventflux'",
  'eventflux/slim: a keyed window': `export { ${PROGRAM} } from 'eventflux/slim'`,
  'eventflux/node: everything': "export * from 'eventflux/node'",
  'eventflux/web: everything': "export * from 'eventflux/web'",
  'eventflux/threads: everything': "export * from 'eventflux/threads'",
  'eventflux/queues: everything': "export * from 'eventflux/queues'",
  'eventflux/testing: everything': "export * from 'eventflux/testing'",
  'eventflux/exporters: everything': "export * from 'eventflux/exporters'",
  'eventflux/arrow: everything': "export * from 'eventflux/arrow'",
}

/** Files that are loaded as they are. */
const FILES: Readonly<Record<string, string>> = {
  'eventflux/worker': 'worker.js',
  'eventflux/plain.wasm': 'plain.wasm',
  'eventflux/shared.wasm': 'shared.wasm',
}

export async function measureSizes(runtimes: string, project: string): Promise<readonly Size[]> {
  const { build } = await load<{ build: Build }>(runtimes, 'esbuild')
  const sizes: Size[] = []
  for (const [what, bundle] of Object.entries(BUNDLES)) {
    const { contents, condition } = typeof bundle === 'string' ? { contents: bundle } : bundle
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: project },
      absWorkingDir: project,
      bundle: true,
      minify: true,
      format: 'esm',
      conditions: condition === undefined ? [] : [condition],
      // The kernels go along as a module of their own there.
      external: ['node:*', '*.wasm', '*.wasm?module', 'apache-arrow'],
      write: false,
      logLevel: 'silent',
    })
    sizes.push(sizeOf(what, outputFiles[0]!.contents))
  }
  for (const [what, file] of Object.entries(FILES))
    sizes.push(sizeOf(what, await readFile(join(project, 'node_modules/eventflux/dist', file))))
  return sizes
}

const sizeOf = (what: string, contents: Uint8Array): Size => ({
  what,
  bytes: contents.length,
  gzip: gzipSync(contents).length,
})
