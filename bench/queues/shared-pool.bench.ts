import { isMainThread, workerData } from 'node:worker_threads'
import { SharedEventPool, SharedEventQueue } from '../../src/queues/index.ts'
import { EventPool } from '../../src/runtime/event-pool.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { type Contestant, compareInRounds } from '../harness/rounds.ts'
import { BATCH, type Consumer, consume, points } from './consumer-thread.ts'
import { race, type Sender } from './race.ts'

/** Events a pool has, and a queue holds. */
const CAPACITY = 16_384
/** Handles sent at once: few enough that the other thread has some to give back while others are written. */
const HANDLES = 256

// The other thread runs this very bundle, and stays here.
if (!isMainThread) await consume(workerData as Consumer)

const OBJECTS = 'postMessage of objects'
const objectSender: Sender = {
  name: OBJECTS,
  consumer: { kind: 'messages' },
  share: 0.1,
  send(count, peer) {
    for (let sent = 0; sent < count; sent++) peer.post({ time: 1.7e12 + sent, size: sent, price: sent % BATCH })
  },
}

/** Objects that are copied into a queue, and made anew on the other side. */
function queueSender(): Sender {
  const queue = SharedEventQueue.rows(points, { capacity: CAPACITY, kind: 'spsc', backpressure: 'drop-newest' })
  return {
    name: 'SharedEventQueue of objects',
    consumer: { kind: 'objects', handle: queue.share() },
    send(count) {
      for (let sent = 0; sent < count; )
        if (queue.tryPush({ time: 1.7e12 + sent, size: sent, price: sent % BATCH })) sent++
    },
  }
}

/** Events of a pool, whose handles go over; the other thread gives them back. */
function poolSender(): Sender {
  const pool = SharedEventPool.create(points, { capacity: CAPACITY })
  const queue = SharedEventQueue.numbers({ capacity: CAPACITY, kind: 'spsc' })
  const handles = new Float64Array(HANDLES)
  return {
    name: 'SharedEventPool, handles in batches',
    consumer: { kind: 'pooled', handle: queue.share(), pool: pool.share() },
    send(count) {
      for (let sent = 0; sent < count; ) {
        let taken = 0
        while (taken < Math.min(HANDLES, count - sent)) {
          const handle = pool.acquire()
          if (handle < 0) break
          const event = pool.view(handle)
          event.time = 1.7e12 + sent + taken
          event.size = sent + taken
          event.price = (sent + taken) % BATCH
          handles[taken++] = handle
        }
        for (let at = 0; at < taken; ) at += queue.pushBatch(handles.subarray(at, taken))
        sent += taken
      }
    },
    targets: [{ of: 'ratio', atLeast: 1, against: OBJECTS }],
  }
}

group('between-threads', 'events of three fields from one thread to another, one after the other', async parts => {
  const { quick, record } = parts
  const count = BATCH * (quick ? 20 : 100)
  record(await race([objectSender, queueSender(), poolSender()], count, quick, 'M events/s', [OBJECTS]))
})

/** Takes, writes, reads and gives back, so many events being in use at any time. */
function turns<E>(
  pool: { acquire(): E; write(event: E, i: number): void; price(event: E): number; release(event: E): void },
  count: number,
): number {
  const inUse: E[] = []
  let total = 0
  for (let i = 0; i < count; i++) {
    const event = pool.acquire()
    pool.write(event, i)
    if (i >= HANDLES) {
      const oldest = inUse[i % HANDLES]!
      total += pool.price(oldest)
      pool.release(oldest)
    }
    inUse[i % HANDLES] = event
  }
  for (const event of inUse) {
    total += pool.price(event)
    pool.release(event)
  }
  return total
}

function contestant<E>(name: string, pool: Parameters<typeof turns<E>>[0], count: number): Contestant {
  const expected = (count * (count - 1)) / 2
  return { name, prepare: () => () => check(turns(pool, count) === expected, `the sum of events of ${name}`) }
}

const PLAIN = 'an object each'

group('one-thread', `acquire, write three fields, read one, release: ${HANDLES} events in use`, async parts => {
  const { quick, record } = parts
  const count = quick ? 10_000 : 300_000
  const own = new EventPool(points, { capacity: CAPACITY })
  const shared = SharedEventPool.create(points, { capacity: CAPACITY })
  const through = (pool: typeof own | typeof shared) => ({
    acquire: () => pool.acquire(),
    write(handle: number, i: number) {
      const event = pool.view(handle)
      event.time = 1.7e12 + i
      event.size = i
      event.price = i
    },
    price: (handle: number) => pool.get(handle, 'price')!,
    release(handle: number) {
      pool.release(handle)
    },
  })
  const objects = {
    acquire: () => ({ time: 0, size: 0, price: 0 }),
    write(event: { time: number; size: number; price: number }, i: number) {
      event.time = 1.7e12 + i
      event.size = i
      event.price = i
    },
    price: ({ price }: { price: number }) => price,
    release() {},
  }
  record(
    await compareInRounds({
      contestants: [
        contestant(PLAIN, objects, count),
        contestant('EventPool', through(own), count),
        contestant('SharedEventPool', through(shared), count),
      ],
      baselines: [PLAIN],
      amount: count / 1e6,
      unit: 'M events/s',
      warmups: quick ? 1 : 3,
      rounds: quick ? 2 : 9,
    }),
  )
})
