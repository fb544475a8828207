import { parentPort } from 'node:worker_threads'
import { RingBuffer as RingbufJs } from 'ringbuf.js'
import {
  SharedEventPool,
  SharedEventQueue,
  type SharedPoolHandle,
  type SharedQueueHandle,
} from '../../src/queues/index.ts'
import { f64, i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

/** Values sent at once. */
export const BATCH = 4_096

/** What is sent where it is more than numbers. */
export const points = schema({ time: timestamp(), size: i32(), price: f64() })

/** What a consuming thread takes values from. */
export type Consumer =
  | { readonly kind: 'numbers' | 'single numbers' | 'rows' | 'objects'; readonly handle: SharedQueueHandle }
  | { readonly kind: 'ringbuf' | 'single ringbuf'; readonly buffer: SharedArrayBuffer }
  | { readonly kind: 'messages' }
  | { readonly kind: 'pooled'; readonly handle: SharedQueueHandle; readonly pool: SharedPoolHandle }
  | { readonly kind: 'echo'; readonly handle: SharedQueueHandle; readonly back: SharedQueueHandle }

/** The program of the other thread: a message says how many values come; when they are there it answers with their sum. Never done. */
export function consume(consumer: Consumer): Promise<never> {
  if (consumer.kind === 'messages') countMessages()
  else {
    const take = taker(consumer)
    parentPort!.on('message', (count: number) => {
      parentPort!.postMessage(0)
      parentPort!.postMessage(take(count))
    })
  }
  return new Promise(() => {})
}

function countMessages(): void {
  let left = 0
  let total = 0
  parentPort!.on('message', (message: number | Float64Array | { readonly price: number }) => {
    if (typeof message === 'number') {
      left = message
      total = 0
      parentPort!.postMessage(0)
      return
    }
    if (message instanceof Float64Array) {
      total += sumOf(message, message.length)
      left -= message.length
    } else {
      total += message.price
      left--
    }
    if (left === 0) parentPort!.postMessage(total)
  })
}

function taker(consumer: Exclude<Consumer, { kind: 'messages' }>): (count: number) => number {
  const values = new Float64Array(BATCH)
  if ('buffer' in consumer) {
    const ring = new RingbufJs(consumer.buffer, Float64Array)
    const into = consumer.kind === 'ringbuf' ? values : new Float64Array(1)
    return count => drainAll(count, () => ring.pop(into), into)
  }
  if (consumer.kind === 'objects') return objectTaker(consumer.handle)
  const queue = SharedEventQueue.attach<number>(consumer.handle)
  if (consumer.kind === 'pooled') return count => releaseAll(count, queue, consumer.pool, values)
  if (consumer.kind === 'numbers') return count => drainAll(count, () => queue.popColumns({ value: values }), values)
  if (consumer.kind === 'rows') {
    const into = { time: new Float64Array(BATCH), size: new Int32Array(BATCH), price: values }
    return count => drainAll(count, () => queue.popColumns(into), values)
  }
  if (consumer.kind === 'echo') {
    const back = SharedEventQueue.attach<number>(consumer.back)
    return count => {
      for (let left = count; left > 0; ) {
        const value = queue.tryPop()
        if (value === undefined) continue
        back.tryPush(value)
        left--
      }
      return 0
    }
  }
  return count => {
    let total = 0
    for (let left = count; left > 0; ) {
      const value = queue.tryPop()
      if (value === undefined) continue
      total += value
      left--
    }
    return total
  }
}

function objectTaker(handle: SharedQueueHandle): (count: number) => number {
  const queue = SharedEventQueue.attach<{ readonly price: number }>(handle)
  return count => {
    let total = 0
    for (let left = count; left > 0; ) {
      const event = queue.tryPop()
      if (event === undefined) continue
      total += event.price
      left--
    }
    return total
  }
}

/** Handles come in batches; each event is read and given back. */
function releaseAll(
  count: number,
  queue: SharedEventQueue<number>,
  handle: SharedPoolHandle,
  handles: Float64Array,
): number {
  const pool = SharedEventPool.attach(handle, points)
  let total = 0
  for (let left = count; left > 0; ) {
    const taken = queue.popColumns({ value: handles })
    for (let i = 0; i < taken; i++) {
      total += pool.get(handles[i]!, 'price')!
      pool.release(handles[i]!)
    }
    left -= taken
  }
  pool.detach()
  return total
}

function drainAll(count: number, take: () => number, values: Float64Array): number {
  let total = 0
  for (let left = count; left > 0; ) {
    const taken = take()
    total += sumOf(values, taken)
    left -= taken
  }
  return total
}

function sumOf(values: Float64Array, count: number): number {
  let total = 0
  for (let i = 0; i < count; i++) total += values[i]!
  return total
}
