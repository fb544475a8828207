import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

/** What the server has seen of one address. */
export interface Seen {
  connections: number
  /** Of those, how many are gone. */
  gone: number
  /** What was sent to it, and how the last one closed. */
  readonly messages: string[]
  closedWith?: number
  /** What those who came back said they saw last. */
  readonly lastIds: (string | undefined)[]
  /** Bytes that were taken from it. */
  written: number
  /** Has it read again. */
  resume?: () => void
}

type Answer = (request: IncomingMessage, response: ServerResponse, seen: Seen) => void
type Greet = (socket: WebSocket, seen: Seen) => void

const send = (socket: WebSocket, row: object): void => socket.send(JSON.stringify(row))

/** The WebSockets there are, by the last part of the address. */
const SOCKETS: Readonly<Record<string, Greet>> = {
  /** Two messages that are rows and two that are none, to who subscribes. */
  messages: socket =>
    socket.on('message', text => {
      if (String(text) !== 'subscribe') return
      for (const message of ['{"n":0}', '[{"n":1},{"n":2}]', '{"n":', '{"n":"x"}', '{"n":3}']) socket.send(message)
      socket.close(1000)
    }),
  /** Breaks twice, and closes as it should the third time. */
  breaking: (socket, seen) =>
    socket.send(`{"n":${seen.connections}}`, () =>
      seen.connections % 3 === 0 ? socket.close(1000) : socket.terminate(),
    ),
  broken: socket => socket.terminate(),
  /** Says one thing and stays. */
  open: socket => send(socket, { n: 0 }),
  /** Says far more at once than anybody takes. */
  flood(socket) {
    for (let n = 0; n < 2_000; n++) send(socket, { n })
    socket.close(1000)
  },
  /** A row every five milliseconds, as long as somebody is there, from 0 for each of them. */
  ticking(socket) {
    let n = 0
    const ticks = setInterval(() => send(socket, { n: n++ }), 5)
    socket.on('close', () => clearInterval(ticks))
  },
  collecting: () => {},
  /** Reads nothing until it is told to. */
  paused(socket, seen) {
    socket.pause()
    seen.resume = () => socket.resume()
  },
  closing: socket => socket.once('message', () => socket.close(1001)),
}

/** The answers there are. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  /** Three times two events, each time to who says what it saw last; then the end. */
  events(request, response, seen) {
    const last = request.headers['last-event-id'] as string | undefined
    seen.lastIds.push(last)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const from = Number(last ?? 0)
    if (from >= 6) response.end('event: end\ndata:\n\n')
    else {
      const event = (id: number): string => `id: ${id}\nevent: trade\ndata: {"n":${id}}\n\n`
      response.end(`retry: 20\n\nevent: other\ndata: {"n":-1}\n\n${event(from + 1)}${event(from + 2)}`)
    }
  },
  'endless-events'(_, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"n":0}\n\n')
  },
  /** The same as server-sent events, and as lines. */
  'ticking-events'(_, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let n = 0
    const ticks = setInterval(() => response.write(`data: {"n":${n++}}\n\n`), 5)
    response.on('close', () => clearInterval(ticks))
  },
  'ticking-lines'(_, response) {
    let n = 0
    const ticks = setInterval(() => response.write(`{"n":${n++}}\n`), 5)
    response.on('close', () => clearInterval(ticks))
  },
  forbidden: (_, response) => void response.writeHead(403).end(),
  /** Lines in pieces that don't know of lines. */
  async lines(_, response) {
    const text = Array.from({ length: 300 }, (_, n) => `{"n":${n}}\n`).join('')
    for (let at = 0; at < text.length; at += 500) {
      response.write(text.slice(at, at + 500))
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    response.end()
  },
  'broken-off'(_, response) {
    response.write('{"n":0}\n{"n":1}\n')
    setTimeout(() => response.destroy(), 50)
  },
  /** As much as is taken, and no more. */
  endless(_, response, seen) {
    const lines = `{"n":1,"padding":"${'x'.repeat(1_000)}"}\n`.repeat(64)
    const more = (): void => {
      do seen.written += lines.length
      while (!response.destroyed && response.write(lines))
    }
    response.on('drain', more)
    more()
  },
}

/** A server of feeds: `/ANYONE/NAME` is the feed of that name, and counts on its own. */
export class FeedServer {
  readonly url: string
  readonly #server: Server
  readonly #seen: Map<string, Seen>

  private constructor(server: Server, seen: Map<string, Seen>) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#server = server
    this.#seen = seen
  }

  /** Serves feeds, and a page with the script for every other address. */
  static async start(script: Buffer): Promise<FeedServer> {
    const seen = new Map<string, Seen>()
    const at = (path: string): Seen => {
      if (!seen.has(path)) seen.set(path, { connections: 0, gone: 0, messages: [], lastIds: [], written: 0 })
      return seen.get(path)!
    }
    const server = createServer((request, response) => {
      const [, anyone, name = '', ...rest] = request.url!.split('/')
      if (name === 'seen') response.end(JSON.stringify(at(`${anyone}/${rest[0]}`)))
      else if (name === 'resume') {
        at(`${anyone}/${rest[0]}`).resume?.()
        response.end()
      } else if (name in ANSWERS) {
        const here = at(`${anyone}/${name}`)
        here.connections++
        response.on('close', () => here.gone++)
        ANSWERS[name]!(request, response, here)
      } else if (request.url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
      else
        response
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<!doctype html><title>feeds</title><script type="module" src="/page.js"></script>')
    })
    const sockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
      const [, anyone, name = ''] = request.url!.split('/')
      const greet = SOCKETS[name]
      if (greet === undefined) return void duplex.end('HTTP/1.1 404 Not Found\r\n\r\n')
      sockets.handleUpgrade(request, duplex, head, socket => {
        const here = at(`${anyone}/${name}`)
        here.connections++
        socket.on('message', text => here.messages.push(String(text)))
        socket.on('close', code => {
          here.gone++
          here.closedWith = code
        })
        greet(socket, here)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new FeedServer(server, seen)
  }

  /** What came to a feed. @throws where nobody ever asked for it. */
  seen(path: string): Seen {
    const found = this.#seen.get(path)
    if (found === undefined) throw new Error(`Nobody asked for ${path}`)
    return found
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
