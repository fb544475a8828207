import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../source-files.ts'
import { WORKER_SCRIPT } from './worker-script.ts'

/** Bundles the script of the workers from the sources, for tests that start threads. */
export default async function setup(): Promise<void> {
  await build({
    entryPoints: [join(ROOT, 'src/threads/worker.ts')],
    outfile: WORKER_SCRIPT,
    bundle: true,
    // As it is published: every thread a test starts reads it anew.
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    external: ['node:*'],
    alias: { '#wasm': join(ROOT, 'build') },
    loader: { '.wasm': 'base64' },
    logLevel: 'error',
  })
}
