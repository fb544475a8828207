import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, workerData } from 'node:worker_threads'
import { RingBuffer as RingbufJs } from 'ringbuf.js'
import { SharedEventQueue } from '../../src/queues/index.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { LatencySamples } from '../harness/latency.ts'
import { type Contestant, compareInRounds } from '../harness/rounds.ts'
import { BATCH, type Consumer, consume, points } from './consumer-thread.ts'
import { numbers, Peer, race, type Sender } from './race.ts'

/** Values a queue holds. */
const CAPACITY = 16_384

// The other thread runs this very bundle, and stays here.
if (!isMainThread) await consume(workerData as Consumer)

function queueSender(kind: 'spsc' | 'mpmc', more: Partial<Sender>): Sender {
  const queue = SharedEventQueue.numbers({ capacity: CAPACITY, kind })
  return {
    name: `SharedEventQueue ${kind}, batches`,
    consumer: { kind: 'numbers', handle: queue.share() },
    send(count) {
      for (let sent = 0; sent < count; ) {
        const at = sent % BATCH
        sent += queue.pushBatch(at === 0 ? numbers : numbers.subarray(at))
      }
    },
    ...more,
  }
}

function singleSender(kind: 'spsc' | 'mpmc', more: Partial<Sender>): Sender {
  const queue = SharedEventQueue.numbers({ capacity: CAPACITY, kind, backpressure: 'drop-newest' })
  return {
    name: `SharedEventQueue ${kind}`,
    consumer: { kind: 'single numbers', handle: queue.share() },
    send(count) {
      for (let sent = 0; sent < count; ) if (queue.tryPush(sent % BATCH)) sent++
    },
    ...more,
  }
}

function ringbufSender(one: boolean): Sender {
  const buffer = RingbufJs.getStorageForCapacity(CAPACITY, Float64Array)
  const ring = new RingbufJs(buffer, Float64Array)
  const single = new Float64Array(1)
  return {
    name: one ? 'ringbuf.js' : 'ringbuf.js, batches',
    consumer: { kind: one ? 'single ringbuf' : 'ringbuf', buffer },
    send(count) {
      for (let sent = 0; sent < count; ) {
        if (one) single[0] = sent % BATCH
        sent += ring.push(one ? single : numbers.subarray(sent % BATCH))
      }
    },
  }
}

const transferSender: Sender = {
  name: 'postMessage, transferred batches',
  consumer: { kind: 'messages' },
  share: 0.1,
  send(count, peer) {
    for (let sent = 0; sent < count; sent += BATCH) {
      const batch = numbers.slice()
      peer.post(batch, [batch.buffer])
    }
  },
}

const OBJECTS = 'postMessage of objects'
const objectSender: Sender = {
  name: OBJECTS,
  consumer: { kind: 'messages' },
  share: 0.005,
  send(count, peer) {
    for (let sent = 0; sent < count; sent++) peer.post({ time: 1.7e12 + sent, size: sent, price: sent % BATCH })
  },
}

/** An SPSC ring in C, if there is a compiler: one process, two threads. */
function cSender(batch: number): Contestant[] {
  try {
    const binary = join(mkdtempSync(join(tmpdir(), 'eventflux-bench-')), 'ring')
    execFileSync('cc', ['-O3', '-pthread', '-o', binary, 'bench/queues/spsc-ring.c'], { stdio: 'ignore' })
    const run = () => {
      const out = execFileSync(binary, [String(C_COUNT), String(batch), String(CAPACITY)], { encoding: 'utf8' })
      check(out.trim() === 'in order', 'the ring in C')
    }
    return [{ name: batch === 1 ? 'a ring in C' : 'a ring in C, batches', prepare: () => run }]
  } catch {
    return []
  }
}
const C_COUNT = BATCH * 10_000

async function cFigures(batch: number, unit: string, quick: boolean) {
  const contestants = cSender(batch)
  if (contestants.length === 0) return []
  const rounds = quick ? 2 : 7
  return compareInRounds({
    contestants,
    baselines: [contestants[0]!.name],
    amount: C_COUNT / 1e6,
    unit,
    warmups: 1,
    rounds,
  })
}

group('batches', `${BATCH} numbers at a time from one thread to another`, async ({ quick, record }) => {
  const count = BATCH * (quick ? 200 : 10_000)
  const senders = [
    ringbufSender(false),
    transferSender,
    queueSender('spsc', {}),
    queueSender('mpmc', { targets: [{ of: 'value', atLeast: 100 }] }),
  ]
  record(await race(senders, count, quick, 'M values/s', ['ringbuf.js, batches']))
  record(await cFigures(BATCH, 'M values/s', quick))
})

group('one-by-one', 'one number at a time from one thread to another', async ({ quick, record }) => {
  const count = BATCH * (quick ? 50 : 1_500)
  const faster = [{ of: 'ratio', atLeast: 10, against: OBJECTS }] as const
  const senders = [
    { ...objectSender, share: 0.03 },
    ringbufSender(true),
    singleSender('spsc', { targets: faster }),
    singleSender('mpmc', { targets: faster }),
  ]
  record(await race(senders, count, quick, 'M values/s', ['ringbuf.js']))
  record(await cFigures(1, 'M values/s', quick))
})

group('rows', 'rows of three columns from one thread to another', async ({ quick, record }) => {
  const count = BATCH * (quick ? 200 : 5_000)
  const columns = { time: new Int32Array(BATCH).fill(1_000), size: new Int32Array(BATCH).fill(1), price: numbers }
  const rowSender = (kind: 'spsc' | 'mpmc'): Sender => {
    const queue = SharedEventQueue.rows(points, { capacity: CAPACITY, kind })
    return {
      name: `SharedEventQueue ${kind}, columns`,
      consumer: { kind: 'rows', handle: queue.share() },
      send(rows) {
        for (let sent = 0; sent < rows; ) sent += queue.pushColumns(columns, sent % BATCH)
      },
      targets: [
        { of: 'value', atLeast: 180 },
        { of: 'ratio', atLeast: 200, against: OBJECTS },
      ],
    }
  }
  record(await race([objectSender, rowSender('spsc'), rowSender('mpmc')], count, quick, 'M rows/s', [OBJECTS]))
})

group('latency', 'a number to another thread that spins, and its answer back', async ({ quick, recordLatencies }) => {
  const rounds = quick ? 2_000 : 200_000
  for (const kind of ['spsc', 'mpmc'] as const) {
    const there = SharedEventQueue.numbers({ capacity: 16, kind })
    const back = SharedEventQueue.numbers({ capacity: 16, kind })
    const peer = new Peer({ kind: 'echo', handle: there.share(), back: back.share() })
    const done = await peer.round(rounds)
    const samples = new LatencySamples(rounds)
    for (let i = 0; i < rounds; i++) {
      const startMs = performance.now()
      there.tryPush(i)
      let answer = back.tryPop()
      while (answer === undefined) answer = back.tryPop()
      samples.record(performance.now() - startMs)
      check(answer === i, `the echo of ${i}`)
    }
    await done()
    await peer.end()
    recordLatencies([samples.figure(`SharedEventQueue ${kind}, there and back`, rounds / 5)])
  }
})
