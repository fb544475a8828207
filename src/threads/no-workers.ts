import type { OpenWorkers } from './threads-of-job.ts'

/** For entries of runtimes that have no threads, whose bundles are to be small: the build puts it for `open-workers.ts`. */
export const openWorkers: OpenWorkers | undefined = undefined
