import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../source-files.ts'

/** Where the script of the workers is, bundled anew before every run of the tests. */
export const WORKER_SCRIPT = join(ROOT, 'node_modules/.cache/eventflux/worker.mjs')

export const workerUrl = (): URL => pathToFileURL(WORKER_SCRIPT) as URL
