import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EventSource, WebSocket } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { ndjsonSource } from '../../src/connector/byte-source.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import {
  fetched,
  fromBroadcastChannel,
  fromEventSource,
  fromPort,
  fromWebSocket,
  toBroadcastChannel,
  toPort,
  toWebSocket,
} from '../../src/web/index.ts'
import { describeSource } from '../connector/describe-conformance.ts'
import { asPage } from './as-page.ts'

interface Row {
  readonly n: number
}
const numbers = schema({ n: i32() })
const rows: Row[] = Array.from({ length: 300 }, (_, n) => ({ n }))
const missing: PropertyKey[] = []

beforeAll(() => {
  for (const [name, value] of Object.entries({ WebSocket, EventSource })) {
    if (name in globalThis) continue
    missing.push(name)
    Object.defineProperty(globalThis, name, { value, configurable: true })
  }
})
afterAll(() => {
  for (const name of missing) delete (globalThis as Record<PropertyKey, unknown>)[name]
})

/** A job that collects what a source gives. */
async function collecting(source: object, bufferSize = 64) {
  const taken: Row[] = []
  const broken: unknown[] = []
  const job = await pipeline(numbers, { bufferSize }).run({
    source: source as never,
    sink: taken as never,
    errors: { source: { kind: 'deadLetter', sink: ({ cause }: { cause: unknown }) => void broken.push(cause) } },
  })
  return { taken, broken, job }
}

async function webSocketServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise(resolve => server.once('listening', resolve))
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('a WebSocket as a source', () => {
  test('gives the JSON of its messages, one event or many, until the server closes it', async () => {
    const { server, url } = await webSocketServer()
    server.on('connection', socket => {
      socket.on('message', message => {
        expect(String(message)).toBe('subscribe')
        socket.send('{"n":1}')
        socket.send('[{"n":2},{"n":3}]')
        socket.close(1000)
      })
    })
    const { taken, job } = await collecting(fromWebSocket(url, { onOpen: socket => socket.send('subscribe') }))
    await job.done
    expect(taken).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    server.close()
  })

  test('rejects a message that can not be read, and goes on', async () => {
    const { server, url } = await webSocketServer()
    server.on('connection', socket => {
      for (const message of ['{"n":1}', '{"n":', '{"n":"x"}', '{"n":2}']) socket.send(message)
      socket.close(1000)
    })
    const { taken, broken, job } = await collecting(fromWebSocket(url))
    expect((await job.done).deadLettered).toBe(2)
    expect(taken).toEqual([{ n: 1 }, { n: 2 }])
    expect(broken[0]).toMatchObject({ code: 'DECODE_FAILED', value: '"{\\"n\\":"' })
    server.close()
  })

  test('is opened again when it breaks, where that is asked for, and fails where it is not', async () => {
    const { server, url } = await webSocketServer()
    let connections = 0
    server.on('connection', socket => {
      socket.send(`{"n":${++connections}}`, () => (connections % 3 === 0 ? socket.close(1000) : socket.terminate()))
    })
    const { taken, job } = await collecting(fromWebSocket(url, { reconnect: { initialMs: 1, maxMs: 2 } }))
    await job.done
    expect(taken).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    const { job: failing } = await collecting(fromWebSocket(url))
    await expect(failing.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringMatching(/1006/) })
    server.close()
  })

  test('is closed when the job stops, also while it waits to be opened again', async () => {
    const { server, url } = await webSocketServer()
    const { job } = await collecting(fromWebSocket(url))
    await until(() => server.clients.size === 1)
    await job.stop()
    await until(() => server.clients.size === 0)
    server.close()
    const { job: waiting } = await collecting(
      fromWebSocket(url, { reconnect: { initialMs: 3_600_000, maxMs: 3_600_000 } }),
    )
    await new Promise(resolve => setTimeout(resolve, 20))
    await waiting.stop()
  })

  test('leaves when its page is frozen or cached, and comes back with it', async () => {
    const { server, url } = await webSocketServer()
    server.on('connection', socket => socket.send('{"n":7}'))
    const { page, document, forget } = asPage()
    try {
      const { taken, job } = await collecting(fromWebSocket(url))
      await until(() => taken.length === 1)
      const transition = (type: string, persisted: boolean) =>
        page.dispatchEvent(Object.assign(new Event(type), { persisted }))
      transition('pageshow', true)
      transition('pagehide', true)
      await until(() => server.clients.size === 0)
      transition('pageshow', true)
      await until(() => taken.length === 2)
      document.dispatchEvent(new Event('freeze'))
      await until(() => server.clients.size === 0)
      document.dispatchEvent(new Event('resume'))
      await until(() => taken.length === 3)
      expect(job.state).toBe('running')
      await job.stop()
    } finally {
      forget()
      server.close()
    }
  })
})

describe('a WebSocket as a sink', () => {
  test('sends a message a row, from before it is open, and closes', async () => {
    const { server, url } = await webSocketServer()
    const received: string[] = []
    const closed = new Promise(resolve => {
      server.on('connection', socket => {
        socket.on('message', message => received.push(String(message)))
        socket.on('close', resolve)
      })
    })
    const socket = new WebSocket(url) as never
    await (await pipeline(numbers).run({ source: rows, sink: toWebSocket(socket, { maxBufferedBytes: 64 }) })).done
    expect(await closed).toBe(1000)
    expect(received.map(text => JSON.parse(text))).toEqual(rows)
    server.close()
  })

  test('sends integers of all their digits, and numbers JSON has none for, as NDJSON has them', async () => {
    const { server, url } = await webSocketServer()
    const received = new Promise<string>(resolve => {
      server.on('connection', socket => socket.on('message', message => resolve(String(message))))
    })
    const sink = toWebSocket<object>(new WebSocket(url) as never)
    await sink.write({ id: 9_007_199_254_740_993n, ratio: Number.NaN })
    expect(await received).toBe('{"id":9007199254740993,"ratio":"NaN"}')
    await sink.close?.()
    server.close()
  })

  test('that was closed by the other side fails the job', async () => {
    const { server, url } = await webSocketServer()
    server.on('connection', socket => socket.close(1000))
    const socket = new WebSocket(url)
    await new Promise(resolve => socket.addEventListener('close', resolve))
    const job = await pipeline(numbers).run({ source: rows, sink: toWebSocket(socket as never) })
    await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED' })
    server.close()
  })
})

async function httpServer(
  answer: (path: string, response: ServerResponse) => void,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => answer(request.url!, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('server-sent events as a source', () => {
  test('are taken by their types, until one says that it is over', async () => {
    const { server, url } = await httpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(
        'data: {"n":1}\n\nevent: other\ndata: {"n":9}\n\nevent: trade\ndata: {"n":2}\n\nevent: end\ndata:\n\n',
      )
    })
    const { taken, job } = await collecting(fromEventSource(url, { types: ['message', 'trade'], endOn: 'end' }))
    await job.done
    expect(taken).toEqual([{ n: 1 }, { n: 2 }])
    server.closeAllConnections()
    server.close()
  })

  test('that the server refuses fail the source', async () => {
    const { server, url } = await httpServer((_, response) => response.writeHead(404).end())
    const { job } = await collecting(fromEventSource(url))
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    server.close()
  })
})

describe('the body of an answer as a source', () => {
  test('gives its lines, at each run anew', async () => {
    let asked = 0
    const { server, url } = await httpServer((_, response) => {
      asked++
      response.end(rows.map(row => `${JSON.stringify(row)}\n`).join(''))
    })
    const source = ndjsonSource(fetched(url))
    for (const run of [1, 2]) {
      const { taken, job } = await collecting(source)
      await job.done
      expect(taken).toEqual(rows)
      expect(asked).toBe(run)
    }
    server.close()
  })

  test('fails on another status than ok, and is given up when the job stops', async () => {
    let isGivenUp = false
    const { server, url } = await httpServer((path, response) => {
      if (path === '/404') response.writeHead(404).end()
      else
        response
          .on('close', () => {
            isGivenUp = true
          })
          .write('{"n":1}\n')
    })
    const { job: failing } = await collecting(ndjsonSource(fetched(`${url}/404`)))
    await expect(failing.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringMatching(/404/) })
    const { taken, job } = await collecting(ndjsonSource(fetched(url)))
    await until(() => taken.length === 1)
    await job.stop()
    await until(() => isGivenUp)
    server.close()
  })
})

describeSource('a port', {
  make() {
    const { port1, port2 } = new MessageChannel()
    const sink = toPort<Row>(port1, { maxRows: 7 })
    void (async () => {
      for (const row of rows) await sink.write(row)
      await sink.close?.()
    })().catch(() => {})
    return { source: fromPort<Row>(port2) }
  },
  events: rows,
  isBounded: true,
})

describe('a port', () => {
  test('carries backpressure: who writes waits for who takes', async () => {
    const { port1, port2 } = new MessageChannel()
    const sink = toPort<Row>(port1, { maxUntaken: 10 })
    const writes = rows.slice(0, 10).map(row => sink.write(row))
    expect(writes.map(write => write === undefined)).toEqual([...Array(9).fill(true), false])
    let isTaken = false
    const last = Promise.resolve(writes[9]).then(() => {
      isTaken = true
    })
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(isTaken).toBe(false)
    const { taken, job } = await collecting(fromPort(port2))
    await last
    await sink.flush?.()
    await sink.close?.()
    await job.done
    expect(taken).toEqual(rows.slice(0, 10))
    port1.close()
  })

  test('tells the other side of a failure', async () => {
    const { port1, port2 } = new MessageChannel()
    const { job } = await collecting(fromPort(port2))
    await toPort(port1).close?.(new Error('the disk is full'))
    await expect(job.done).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/disk is full/),
    })
    port1.close()
  })

  test('fails at a row that can not be cloned', async () => {
    const { port1, port2 } = new MessageChannel()
    const { job } = await collecting(fromPort(port2))
    const sink = toPort<unknown>(port1)
    await sink.write({ f: () => {} })
    await expect(sink.flush!()).rejects.toMatchObject({ code: 'SINK_FAILED', retriable: false })
    await sink.close?.(new Error('a function'))
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    port1.close()
  })

  test('fails who writes when the other side stops', async () => {
    const { port1, port2 } = new MessageChannel()
    const { job: taking, taken } = await collecting(fromPort(port2))
    const job = await pipeline(numbers).run({ sink: toPort(port1) })
    job.push({ n: 1 })
    await until(() => taken.length === 1)
    await taking.stop()
    await new Promise(resolve => setTimeout(resolve, 20))
    job.push({ n: 2 })
    await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED', message: expect.stringMatching(/has stopped/) })
    port1.close()
  })

  test('loses nothing that is sent before the other side listens, though messages that nobody hears are lost', async () => {
    const [here, there] = [new EventTarget(), new EventTarget()]
    const portTo = (own: EventTarget, other: EventTarget) =>
      Object.assign(own, {
        postMessage: (data: unknown) =>
          void setTimeout(() => other.dispatchEvent(Object.assign(new Event('message'), { data }))),
      }) as never
    const [port1, port2] = [portTo(here, there), portTo(there, here)]
    const sending = await pipeline(numbers, { bufferSize: 16 }).run({
      source: rows,
      sink: toPort(port1, { maxRows: 7, maxUntaken: 20 }),
    })
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(sending.state).toBe('running')
    const { taken, job } = await collecting(fromPort(port2))
    await Promise.all([sending.done, job.done])
    expect(taken).toEqual(rows)

    await toPort(port1).close?.(new Error('said to nobody'))
    const { job: late } = await collecting(fromPort(port2))
    await expect(late.done).rejects.toMatchObject({ message: expect.stringMatching(/said to nobody/) })
  })
})

describe('a BroadcastChannel', () => {
  test('carries rows to whoever listens', async () => {
    const { taken, job } = await collecting(fromBroadcastChannel('eventflux-test'))
    const sink = toBroadcastChannel<Row>('eventflux-test')
    for (const row of rows) await sink.write(row)
    await until(() => taken.length === rows.length)
    await sink.close?.()
    await job.stop()
    expect(taken).toEqual(rows)
  })
})
