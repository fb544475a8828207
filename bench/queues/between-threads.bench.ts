import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { RingBuffer as RingbufJs } from 'ringbuf.js'
import { SharedEventQueue } from '../../src/queues/index.ts'
import { f64, i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { LatencySamples } from '../harness/latency.ts'
import { type Comparison, type Contestant, compareInRounds } from '../harness/rounds.ts'
import { BATCH, type Consumer, consume } from './consumer-thread.ts'

/** Values a queue holds. */
const CAPACITY = 16_384

// The other thread runs this very bundle, and stays here.
if (!isMainThread) await consume(workerData as Consumer)

/** A thread that takes out `count` values or rows a round, and answers with what they add up to. */
class Peer {
  readonly #worker: Worker
  #answer: ((total: number) => void) | undefined

  constructor(consumer: Consumer) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: consumer })
    this.#worker.on('message', total => this.#answer!(total))
  }

  post(message: unknown, transferred: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transferred)
  }

  /** Lets it begin; resolves once it has all of them. */
  async round(count: number): Promise<() => Promise<number>> {
    let total: Promise<number> = this.#next()
    this.post(count)
    await total
    total = this.#next()
    return () => total
  }

  end(): Promise<number> {
    return this.#worker.terminate()
  }

  #next(): Promise<number> {
    return new Promise(resolve => {
      this.#answer = resolve
    })
  }
}

interface Sender {
  readonly name: string
  readonly consumer: Consumer
  readonly send: (count: number, peer: Peer) => void
  /** Share of the values it sends a round: slow ones send fewer. */
  readonly share?: number
  readonly targets?: Contestant['targets']
}

const numbers = new Float64Array(BATCH).map((_, i) => i)
const totalOf = (count: number): number => (count / BATCH) * ((BATCH * (BATCH - 1)) / 2)

/** Rates are per value: a contestant that sends a share of the values runs that much shorter, and counts as if it had sent all. */
async function race(senders: readonly Sender[], count: number, quick: boolean, unit: string, baselines: string[]) {
  const rows: { sender: Sender; figures: Awaited<ReturnType<typeof compareInRounds>> }[] = []
  for (const sender of senders) {
    const peer = new Peer(sender.consumer)
    const own = Math.max(BATCH, Math.floor((count * (sender.share ?? 1)) / BATCH) * BATCH)
    const contestant: Contestant = {
      name: sender.name,
      async prepare() {
        const done = await peer.round(own)
        return async () => {
          sender.send(own, peer)
          const total = await done()
          check(total === totalOf(own), `the sum through ${sender.name} is ${total}, not ${totalOf(own)}`)
        }
      },
    }
    const comparison: Comparison = {
      contestants: [contestant],
      baselines: [sender.name],
      amount: own / 1e6,
      unit,
      warmups: quick ? 1 : 3,
      rounds: quick ? 2 : 9,
    }
    rows.push({ sender, figures: await compareInRounds(comparison) })
    await peer.end()
  }
  const medianOf = (name: string): number => rows.find(({ sender }) => sender.name === name)!.figures[0]!.median
  const baseline = baselines.reduce((best, name) => (medianOf(name) > medianOf(best) ? name : best))
  return rows.map(({ sender, figures }) => {
    const figure = figures[0]!
    const targets = sender.targets?.map(target => {
      const reached = target.of === 'value' ? figure.median : figure.median / medianOf(target.against ?? baseline)
      return { ...target, reached, met: reached >= target.atLeast }
    })
    const against = sender.name === baseline ? {} : { baseline, ratio: figure.median / medianOf(baseline) }
    return { ...figure, ...against, ...(targets && { targets }) }
  })
}

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
  const points = schema({ time: timestamp(), size: i32(), price: f64() })
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
