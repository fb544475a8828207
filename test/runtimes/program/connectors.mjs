// What reads and writes over the network and between threads, each tried once against a server: whoever runs this hands in the
// address, and is told what happened.
import { f64, i32, ndjsonSource, pipeline, schema, utf8 } from 'eventflux'
import {
  fetched,
  fromBroadcastChannel,
  fromEventSource,
  fromPort,
  fromWebSocket,
  toBroadcastChannel,
  toPort,
  toWebSocket,
} from 'eventflux/web'

const numbers = schema({ n: i32() })
const hundreds = Array.from({ length: 300 }, (_, n) => ({ n }))
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

export async function until(condition) {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await condition()) return
    await pause(10)
  }
  throw new Error(`not in 10 s: ${condition}`)
}

/** What a number stands still at, after it has moved. */
async function stalled(number) {
  let [before, now] = [0, 0]
  await until(async () => {
    before = now
    now = await number()
    await pause(100)
    return now > 0 && now === before
  })
  return now
}

/** A job that collects what a source gives; what can't be read is left out and counted. */
async function collecting(source) {
  const rows = []
  const job = await pipeline(numbers, { bufferSize: 64 }).run({
    source,
    sink: ({ n }) => void rows.push(n),
    errors: { source: 'skip' },
  })
  return { job, rows }
}

/** What a job came to: its rows, and the error that ended it. */
async function outcome(source) {
  const { job, rows } = await collecting(source)
  const { skipped, code, message } = await job.done.catch(error => error)
  return { rows, skipped, code, message }
}

/** A job that takes nothing until it is let go on. */
async function held(source, config) {
  const rows = []
  let goOn
  const gate = new Promise(resolve => {
    goOn = resolve
  })
  const sink = async ({ n }) => {
    await gate
    rows.push(n)
  }
  return { job: await pipeline(numbers, config).run({ source, sink, errors: { source: 'skip' } }), rows, goOn }
}

/** Reads one row, and stops. */
async function stopped(source) {
  const { job, rows } = await collecting(source)
  await Promise.race([until(() => rows.length === 1), job.done])
  await job.stop()
  return rows
}

const webSocket = http => http.replace('http', 'ws')

const scenarios = {
  messages: at => outcome(fromWebSocket(`${webSocket(at)}/messages`, { onOpen: socket => socket.send('subscribe') })),
  reconnects: at => outcome(fromWebSocket(`${webSocket(at)}/breaking`, { reconnect: { initialMs: 1, maxMs: 2 } })),
  breaks: at => outcome(fromWebSocket(`${webSocket(at)}/broken`)),
  refused: at => outcome(fromWebSocket(`${webSocket(at)}/nothing`)),
  stops: at => stopped(fromWebSocket(`${webSocket(at)}/open`)),

  /** More than it takes: what waits is bounded, the rest is refused and counted. */
  async floods(at) {
    const source = fromWebSocket(`${webSocket(at)}/flood`, { maxWaiting: 16 })
    const { job, rows, goOn } = await held(source, { bufferSize: 8, backpressure: 'block' })
    await until(() => job.counts().offered + job.counts().skipped >= 1_500)
    goOn()
    const { offered, skipped, rejected } = await job.done
    return { taken: rows.length, first: rows.slice(0, 8), offered, skipped, rejected }
  },

  async sends(at) {
    const sink = toWebSocket(new WebSocket(`${webSocket(at)}/collecting`), { maxBufferedBytes: 64 })
    return (await (await pipeline(numbers).run({ source: hundreds, sink })).done).delivered
  },

  /** To a server that reads nothing until it is told to: the job stands still with so much in the socket. */
  async waits(at) {
    const socket = new WebSocket(`${webSocket(at)}/paused`)
    const text = 'x'.repeat(65_536)
    const encode = ({ n }) => JSON.stringify({ n, text })
    const sink = toWebSocket(socket, { encode, maxBufferedBytes: 262_144 })
    const job = await pipeline(numbers, { bufferSize: 8 }).run({ source: hundreds, sink })
    let stalledAt = 0
    // A busy machine stands still before the socket is full, too: that isn't what is waited for.
    await until(async () => {
      stalledAt = job.counts().delivered
      await pause(100)
      return socket.bufferedAmount > 262_144 && job.counts().delivered === stalledAt
    })
    const { bufferedAmount } = socket
    await fetch(`${at}/resume/paused`)
    return { stalledAt, bufferedAmount, delivered: (await job.done).delivered }
  },

  async loses(at) {
    const sink = toWebSocket(new WebSocket(`${webSocket(at)}/closing`))
    const job = await pipeline(numbers).run({ sink })
    const failure = job.done.catch(({ code }) => code)
    while (job.state === 'running') {
      job.push({ n: 1 })
      await pause(5)
    }
    return failure
  },

  events: at => outcome(fromEventSource(`${at}/events`, { types: ['trade'], endOn: 'end' })),
  forbidden: at => outcome(fromEventSource(`${at}/forbidden`)),
  stopsEvents: at => stopped(fromEventSource(`${at}/endless-events`)),

  lines: at => outcome(ndjsonSource(fetched(`${at}/lines`))),
  missing: at => outcome(ndjsonSource(fetched(`${at}/forbidden`))),
  breaksOff: at => outcome(ndjsonSource(fetched(`${at}/broken-off`))),

  /** A body without an end, into a job that is busy: the server stops writing, and goes on when the job does. */
  async endless(at) {
    const written = async () => (await (await fetch(`${at}/seen/endless`)).json()).written
    const { job, goOn } = await held(ndjsonSource(fetched(`${at}/endless`)), { bufferSize: 64 })
    const stalledAt = await stalled(written)
    goOn()
    await until(async () => (await written()) > stalledAt)
    await job.stop({ drain: false })
    return { stalledAt }
  },

  /** Two jobs in a row; the second takes nothing at first, and the first waits for it. */
  async port() {
    const { port1, port2 } = new MessageChannel()
    const there = await held(fromPort(port2), { bufferSize: 8 })
    const here = await pipeline(numbers, { bufferSize: 8 }).run({
      source: hundreds,
      sink: toPort(port1, { maxRows: 4, maxUntaken: 16 }),
    })
    await pause(50)
    const { delivered } = here.counts()
    there.goOn()
    await Promise.all([here.done, there.job.done])
    port1.close()
    return { deliveredWhileHeld: delivered, rows: there.rows.length, last: there.rows.at(-1) }
  },

  async failingPort() {
    const { port1, port2 } = new MessageChannel()
    const ended = outcome(fromPort(port2))
    await toPort(port1).close(new Error('the disk is full'))
    const { code, message } = await ended
    port1.close()
    return { code, message }
  },

  async broadcast() {
    const channel = `numbers ${Math.random()}`
    const { job, rows } = await collecting(fromBroadcastChannel(channel))
    await (await pipeline(numbers).run({ source: hundreds, sink: toBroadcastChannel(channel) })).done
    await until(() => rows.length === hundreds.length)
    await job.stop()
    return rows
  },
}

async function inTime(running) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('not in 20 s')), 20_000)
  })
  return Promise.race([running, late]).finally(() => clearTimeout(timer))
}

/** Runs them one after the other; gives what each came to. */
export async function connectors(at) {
  const told = {}
  for (const [name, run] of Object.entries(scenarios))
    told[name] = await inTime(run(at)).catch(error => `${error?.stack}`)
  return told
}

/** A job between a port and the same port: what a worker of a page does. */
export async function doubling(port) {
  const job = await pipeline(schema({ n: i32(), text: utf8() }), { bufferSize: 8 })
    .filter(e => e.n.ge(0))
    .project(e => ({ double: e.n.mul(2), text: e.text }))
    .run({ source: fromPort(port), sink: toPort(port, { maxRows: 4, maxUntaken: 16 }) })
  return job.done
}

/** Sends rows through a worker that doubles them, to a reader that is busy at first. */
export async function throughWorker(worker) {
  const doubles = schema({ double: f64(), text: utf8() })
  const rows = []
  let goOn
  const gate = new Promise(resolve => {
    goOn = resolve
  })
  const back = await pipeline(doubles, { bufferSize: 8 }).run({
    source: fromPort(worker),
    sink: async row => {
      await gate
      rows.push(row)
    },
  })
  const there = await pipeline(schema({ n: i32(), text: utf8() }), { bufferSize: 8 }).run({
    source: hundreds.map(({ n }) => ({ n, text: `row ${n}` })),
    sink: toPort(worker, { maxRows: 4, maxUntaken: 16 }),
  })
  await pause(200)
  const { delivered } = there.counts()
  goOn()
  await Promise.all([there.done, back.done])
  return { deliveredWhileHeld: delivered, rows }
}

/** One of two pages: takes from a channel; what it gives says when it has so many, and what they are. */
export async function listening(channel) {
  const { job, rows } = await collecting(fromBroadcastChannel(channel))
  return async count => {
    await until(() => rows.length === count)
    await job.stop()
    return rows
  }
}

/** The other one. */
export async function tell(channel, count) {
  const source = Array.from({ length: count }, (_, n) => ({ n }))
  return (await (await pipeline(numbers).run({ source, sink: toBroadcastChannel(channel) })).done).delivered
}
