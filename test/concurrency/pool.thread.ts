import { parentPort, workerData } from 'node:worker_threads'
import {
  SharedEventPool,
  SharedEventQueue,
  type SharedPoolHandle,
  type SharedQueueHandle,
} from '../../src/queues/index.ts'
import { f64, i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

interface Task {
  readonly pool: SharedPoolHandle
  readonly role: 'churn' | 'send' | 'receive' | 'hold and hang'
  readonly queue: SharedQueueHandle
  readonly thread: number
  readonly count: number
  /** By slot: threads that hold it. */
  readonly holders: SharedArrayBuffer
}

const events = schema({ thread: i32(), at: f64().nullable() })
const { pool: handle, role, queue: queueHandle, thread, count, holders } = workerData as Task
const pool = SharedEventPool.attach(handle, events)

/** Acquires until there is one. */
function acquire(): number {
  for (;;) {
    const event = pool.acquire()
    if (event >= 0) return event
  }
}

/** Uses events, up to two at a time; how often one was not empty, not its own, or held by two. */
function churn(): number {
  const held = new Int32Array(holders)
  const slotOf = (event: number): number => event % 2 ** 24
  let faults = 0
  const mine: { event: number; at: number }[] = []
  const giveBack = (): void => {
    const { event, at } = mine.shift()!
    const row = pool.read(event)
    if (row.thread !== thread || row.at !== at) faults++
    Atomics.sub(held, slotOf(event), 1)
    if (!pool.release(event)) faults++
  }
  for (let i = 0; i < count; i++) {
    const event = pool.acquire()
    if (event >= 0) {
      if (Atomics.add(held, slotOf(event), 1) !== 0) faults++
      const row = pool.read(event)
      if (row.thread !== 0 || row.at !== null) faults++
      pool.write(event, { thread, at: i })
      mine.push({ event, at: i })
    }
    if (mine.length > i % 3) giveBack()
  }
  while (mine.length > 0) giveBack()
  return faults
}

function run(): unknown {
  if (role === 'churn') return churn()
  if (role === 'hold and hang') {
    const mine = Array.from({ length: count }, () => {
      const event = acquire()
      pool.write(event, { thread, at: event })
      return event
    })
    parentPort!.postMessage({ member: pool.memberId, mine })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  const queue = SharedEventQueue.attach<number>(queueHandle)
  if (role === 'send') {
    for (let i = 0; i < count; i++) {
      const event = acquire()
      pool.write(event, { thread, at: i })
      queue.pushSync(event)
    }
    return count
  }
  let sum = 0
  for (let event = queue.popSync(); event !== undefined; event = queue.popSync()) {
    pool.adopt(event)
    sum += pool.get(event, 'at')!
    pool.release(event)
  }
  return sum
}

parentPort!.postMessage(run())
