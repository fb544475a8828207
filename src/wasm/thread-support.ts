import { expectArgument, isObject } from '../options.ts'

/** Whether threads can share memory with this one, and if not, why. */
export interface ThreadSupport {
  readonly usable: boolean
  readonly reason?: string
}

/** Of the globals, those that tell; none of them is everywhere. */
interface Surroundings {
  readonly SharedArrayBuffer?: unknown
  readonly Worker?: unknown
  readonly crossOriginIsolated?: boolean
  readonly process?: { readonly versions?: { readonly node?: string } }
  readonly navigator?: { readonly userAgent?: string }
}

/**
 * Asks what can be known without starting a thread. Making a shared memory proves nothing: workerd and pages that aren't
 * isolated make one, and can't hand it on. Nor does validating a module with atomics, or a `process`: workerd has one.
 *
 * @param surroundings Whose globals are asked; those of where it runs.
 * @example
 * const { usable, reason } = threadSupport()
 * console.log(usable ? 'jobs may have workers' : `one thread: ${reason}`)
 */
export function threadSupport(surroundings: Surroundings = globalThis as Surroundings): ThreadSupport {
  expectArgument('threadSupport', surroundings, isObject, 'the globals of where it runs')
  const { Worker, crossOriginIsolated, process, navigator } = surroundings
  if (navigator?.userAgent === 'Cloudflare-Workers') return no('workerd starts no threads')
  if (typeof surroundings.SharedArrayBuffer !== 'function')
    return no(crossOriginIsolated === false ? 'the page is not cross-origin isolated' : 'there is no SharedArrayBuffer')
  // Node, Deno and Bun: node:worker_threads.
  if (typeof process?.versions?.node === 'string') return { usable: true }
  if (typeof Worker !== 'function') return no('there is no Worker')
  return crossOriginIsolated === true ? { usable: true } : no('the page is not cross-origin isolated')
}

const no = (reason: string): ThreadSupport => ({ usable: false, reason })
