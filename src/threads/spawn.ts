import { messageOf } from '../errors.ts'
import type { WebWorker } from '../kernels/create-runtime.ts'
import { workerUrl } from './worker-url.ts'

/** Another thread that runs the worker script. */
export interface Thread {
  post(message: unknown): void
  /** Ends it, whatever it is doing; resolves when it is gone. */
  end(): Promise<void>
}

/** What becomes of a thread. */
export interface ThreadListener {
  message(message: unknown): void
  /** It is gone, or about to be: it threw, ran out of memory, exited, was terminated or never started. */
  ended(reason: string, cause: unknown): void
}

/** Starts a thread. */
export type Spawn = (listener: ThreadListener) => Thread

/** How threads are started here, where they can be (`threadSupport`); pages may have a way of their own. */
export async function spawner(ofPage: (() => WebWorker) | undefined): Promise<Spawn> {
  const node = await nodeThreads()
  if (node !== undefined) return listener => nodeThread(node, listener)
  return listener => webThread((ofPage ?? scriptBeside)() as Worker, listener)
}

const scriptBeside = (): Worker => new Worker(workerUrl(), { type: 'module', name: 'eventflux' })

type NodeThreads = typeof import('node:worker_threads')

/** The threads of Node, which Deno and Bun have too. */
export async function nodeThreads(): Promise<NodeThreads | undefined> {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return undefined
  const name = 'node:worker_threads'
  // Bundlers for pages would look for a module of that name.
  return process.getBuiltinModule?.(name) ?? (await import(/* @vite-ignore */ /* webpackIgnore: true */ name))
}

function nodeThread({ Worker }: NodeThreads, listener: ThreadListener): Thread {
  const worker = new Worker(workerUrl(), { name: 'eventflux' })
  let cause: unknown
  let ending: Promise<unknown> | undefined
  worker.on('message', message => listener.message(message))
  worker.on('messageerror', error => listener.ended('sent a message that could not be read', error))
  worker.on('error', error => {
    cause = error
    listener.ended(`failed: ${messageOf(error)}`, error)
  })
  const gone = new Promise<void>(resolve => {
    worker.once('exit', code => {
      listener.ended(`exited with code ${code}`, cause)
      resolve()
    })
  })
  return {
    post: message => worker.postMessage(message),
    async end() {
      // Each call listens for the exit anew.
      ending ??= worker.terminate()
      await ending
      await gone
    },
  }
}

function webThread(worker: Worker, listener: ThreadListener): Thread {
  worker.onmessage = ({ data }) => listener.message(data)
  worker.onmessageerror = error => listener.ended('sent a message that could not be read', error)
  worker.onerror = event => {
    event.preventDefault()
    listener.ended(`failed: ${event.message ?? 'its script could not be loaded'}`, event)
  }
  return {
    post: message => worker.postMessage(message),
    async end() {
      worker.terminate()
    },
  }
}
