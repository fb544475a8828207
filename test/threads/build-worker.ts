import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../source-files.ts'
import { WORKER_SCRIPT } from './worker-script.ts'

/** Bundles the script of the workers from the sources, for tests that start threads. */
export default async function setup(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'src/threads/worker.ts')],
    write: false,
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
  // In one step, as another file: threads of a run that has begun read the whole of the script it began with, or of this one.
  await mkdir(dirname(WORKER_SCRIPT), { recursive: true })
  const written = `${WORKER_SCRIPT}.${process.pid}`
  await writeFile(written, outputFiles[0]!.contents)
  await rename(written, WORKER_SCRIPT)
}
