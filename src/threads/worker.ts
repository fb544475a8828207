import { systemClock } from '../time/clock.ts'
import { openWorker, type PlanWorker } from './plan-worker.ts'
import { Stopped } from './result-link.ts'
import { sentError } from './sent-error.ts'
import { nodeThreads } from './spawn.ts'
import type { WorkerJob, WorkerMessage, WorkerOrder } from './worker-job.ts'

/** The way to the thread that started this one. */
interface Port {
  post(message: WorkerMessage, transfer?: ArrayBuffer[]): void
  /** The next message. */
  next(): Promise<unknown>
  /** Lets what else waits for this thread happen. */
  letGo(): Promise<void>
  close(): void
}

/** How long other things of a thread wait at most that is busy, or often out of rows: nothing that matters for these. */
const LET_GO_EVERY_MS = 5

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
    let letGoMs = 0
    const letGo = async (): Promise<void> => {
      const nowMs = systemClock.monotonicNs() / 1e6
      if (nowMs - letGoMs <= LET_GO_EVERY_MS) return
      await port.letGo()
      letGoMs = nowMs
    }
    await worker.run({ letGo, next: async () => (await port.next()) as WorkerOrder })
  } catch (error) {
    if (!(error instanceof Stopped)) port.post({ kind: 'failed', error: sentError(error) })
  } finally {
    worker?.close()
    port.close()
  }
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
