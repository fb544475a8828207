import { EventfluxError } from '../errors.ts'
import { openWorker, type PlanWorker } from './plan-worker.ts'
import { Stopped } from './result-link.ts'
import { nodeThreads } from './spawn.ts'
import type { SentError, WorkerJob, WorkerMessage, WorkerOrder } from './worker-job.ts'

/** The way to the thread that started this one. */
interface Port {
  post(message: WorkerMessage, transfer?: ArrayBuffer[]): void
  /** The next message. */
  next(): Promise<unknown>
  /** Lets what else waits for this thread happen. */
  letGo(): Promise<void>
  close(): void
}

void serve()

/** Gets a job, makes ready for it, and does it when told to, until it is stopped. */
async function serve(): Promise<void> {
  const port = await openPort()
  let worker: PlanWorker | undefined
  try {
    worker = await openWorker((await port.next()) as WorkerJob, (message, transfer) => port.post(message, transfer))
    port.post({ kind: 'ready', shape: worker.shape })
    for (;;) {
      const order = (await port.next()) as WorkerOrder
      if (order.kind === 'begin') break
      if (order.kind !== 'restore') continue
      worker.restore(order)
      port.post({ kind: 'restored' })
    }
    await worker.run({ letGo: () => port.letGo(), next: async () => (await port.next()) as WorkerOrder })
  } catch (error) {
    if (!(error instanceof Stopped)) port.post({ kind: 'failed', error: sent(error) })
  } finally {
    worker?.close()
    port.close()
  }
}

function sent(error: unknown): SentError {
  if (!(error instanceof Error)) return { code: undefined, message: String(error), at: undefined, stack: undefined }
  const { code, at } = error instanceof EventfluxError ? error : { code: undefined, at: undefined }
  return { code, message: error.message, at, stack: error.stack }
}

async function openPort(): Promise<Port> {
  const inbox: unknown[] = []
  let wake = (): void => {}
  const arrived = (message: unknown): void => {
    inbox.push(message)
    wake()
  }
  const next = async (): Promise<unknown> => {
    while (inbox.length === 0)
      await new Promise<void>(resolve => {
        wake = resolve
      })
    return inbox.shift()
  }
  const port = (await nodeThreads())?.parentPort
  if (port) {
    port.on('message', arrived)
    return {
      post: (message, transfer) => port.postMessage(message, transfer),
      next,
      letGo: () => new Promise(resolve => setImmediate(resolve)),
      close: () => port.close(),
    }
  }
  const scope = globalThis as unknown as {
    onmessage: (event: { readonly data: unknown }) => void
    postMessage(message: unknown, transfer?: ArrayBuffer[]): void
    close(): void
  }
  scope.onmessage = ({ data }) => arrived(data)
  return {
    post: (message, transfer) => scope.postMessage(message, transfer),
    next,
    letGo: () => new Promise(resolve => setTimeout(resolve, 0)),
    close: () => scope.close(),
  }
}
