import { parentPort, workerData } from 'node:worker_threads'
import { attachSharedEngine } from '../../src/kernels/shared-engine.ts'
import { SharedRing } from '../../src/memory/shared-ring.ts'
import { SharedEventQueue, type SharedQueueHandle } from '../../src/queues/index.ts'
import { RingPort } from '../../src/queues/ring-port.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { SHARED_KERNELS } from '../../src/wasm/packaged/inline-shared.ts'
import { playRounds } from './recorded-rounds.ts'

interface Task {
  readonly handle: SharedQueueHandle
  readonly role: 'produce' | 'consume' | 'batches in' | 'batches out' | 'claim and hang' | 'take and hang' | 'record'
  readonly first: number
  readonly count: number
  /** Of `record`. */
  readonly clock: SharedArrayBuffer
  readonly thread: number
}

const { handle, role, first, count, clock, thread } = workerData as Task

/** The same place at the ring a queue would have, with its steps one by one. */
function port(): RingPort {
  const engine = attachSharedEngine(handle.memory, SHARED_KERNELS)
  return new RingPort(engine, new SharedRing(engine.memory, { ...handle, fields: [{ name: 'value', type: f64() }] }))
}

function run(): unknown {
  if (role === 'record') return playRounds(port(), handle.kind, clock, thread, count)
  if (role === 'claim and hang' || role === 'take and hang') {
    const mine = port()
    const got = role === 'claim and hang' ? mine.claim(count) : mine.take(count)
    parentPort!.postMessage({ member: mine.index, got })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  const queue = SharedEventQueue.attach<number>(handle)
  if (role === 'produce') {
    let accepted = 0
    for (let i = 0; i < count; i++) if (queue.pushSync(first + i) === true) accepted++
    return accepted
  }
  if (role === 'batches in') {
    const values = Float64Array.from({ length: count }, (_, i) => first + i)
    for (let sent = 0; sent < count; ) {
      sent += queue.pushBatch(values.subarray(sent, Math.min(count, sent + 1 + (sent % 7))))
      queue.waitForRoom()
    }
    return count
  }
  const got: number[] = []
  if (role === 'batches out') {
    while (queue.waitForEvents() && !(queue.isEmpty && queue.state === 'closed'))
      queue.popBatch(1 + (got.length % 5), got)
  } else {
    for (let event = queue.popSync(); event !== undefined; event = queue.popSync()) got.push(event)
  }
  return Float64Array.from(got)
}

parentPort!.postMessage(run())
