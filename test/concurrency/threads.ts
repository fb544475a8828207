import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll } from 'vitest'
import { ROOT } from '../source-files.ts'

const DIRECTORY = join(ROOT, 'node_modules/.cache/eventflux-threads')
const running = new Set<Worker>()

afterAll(async () => {
  await Promise.all([...running].map(worker => worker.terminate()))
})

/** Bundles a thread's program, the kernels' bytes inside; the path of the bundle. */
export async function bundledThread(file: string): Promise<string> {
  mkdirSync(DIRECTORY, { recursive: true })
  const outfile = join(DIRECTORY, `${basename(file, '.ts')}-${process.pid}.mjs`)
  await build({
    entryPoints: [join(ROOT, file)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    loader: { '.wasm': 'base64' },
    logLevel: 'silent',
  })
  return outfile
}

/** A thread at work: `result` is the first message that isn't `'ready'`, `ready` the other. */
export interface Thread<Result> {
  readonly worker: Worker
  readonly ready: Promise<void>
  readonly result: Promise<Result>
}

export function startThread<Result>(bundle: string, workerData: unknown): Thread<Result> {
  const worker = new Worker(bundle, { workerData })
  running.add(worker)
  let isReady: () => void
  const ready = new Promise<void>(resolve => {
    isReady = resolve
  })
  const result = new Promise<Result>((resolve, reject) => {
    worker.on('message', message => (message === 'ready' ? isReady() : resolve(message)))
    worker.on('error', reject)
    worker.on('exit', code => {
      running.delete(worker)
      reject(new Error(`the thread ended with ${code} and no result`))
    })
  })
  // Who terminates a thread doesn't wait for its result.
  result.catch(() => {})
  return { worker, ready, result }
}
