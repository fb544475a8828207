import { execFile } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { esbuildBundle } from './bundles.ts'
import { FeedServer } from './feed-server.ts'
import { installRuntimes } from './installed.ts'
import { installPacked } from './packed-package.ts'
import { launch, type Page } from './run-in/chromium.ts'

// What `eventflux/web` reads and writes, against one server, in a page, in a worker of it, and where else there are these
// interfaces. The program says what came of each; the server says what it saw.

const run = promisify(execFile)
const runtimes = await installRuntimes()
const { project } = installPacked()
const names = ['connectors.mjs', 'connectors-page.mjs', 'connectors-process.mjs']
for (const name of names) cpSync(join(import.meta.dirname, 'program', name), join(project, name))
const script = join(project, 'site/page.js')
await esbuildBundle(runtimes, project, { program: 'connectors-page.mjs', into: script })
const server = await FeedServer.start(readFileSync(script))
const browser = await launch(runtimes)
const opened = async (among: { newPage(): Promise<Page> } = browser): Promise<Page> => {
  const page = await among.newPage()
  await page.goto(server.url)
  return page
}

afterAll(async () => {
  await browser.close()
  server.close()
  rmSync(project, { recursive: true, force: true })
})

/** What became of a source: its rows, how many inputs were left out, and the error that ended it. */
interface Outcome {
  readonly rows: readonly number[]
  readonly skipped?: number
  readonly code?: string
  readonly message?: string
}
type Told = Readonly<Record<string, Outcome>>

interface Place {
  readonly name: string
  /** Its part of the addresses. */
  readonly path: string
  readonly hasEventSource: boolean
  run(at: string): Promise<Told>
}

const inPage =
  (call: string) =>
  async (at: string): Promise<Told> => {
    const page = await opened()
    const told = (await page.evaluate(`${call}(${JSON.stringify(at)})`)) as Told
    await page.close()
    return told
  }
const inProcess =
  (binary: string, before: readonly string[]) =>
  async (at: string): Promise<Told> => {
    const path = join(runtimes, 'node_modules', binary)
    const { stdout } = await run(path, [...before, 'connectors-process.mjs', at], { cwd: project })
    return JSON.parse(stdout) as Told
  }

const DENO = ['run', '--no-prompt', '--cached-only', '--allow-net=127.0.0.1']
const PLACES: readonly Place[] = [
  { name: 'a page of Chromium', path: 'page', hasEventSource: true, run: inPage('connectors') },
  { name: 'a worker of that page', path: 'worker', hasEventSource: true, run: inPage('inWorker') },
  {
    name: 'Node 26',
    path: 'node',
    hasEventSource: true,
    run: inProcess('node26/bin/node', ['--experimental-eventsource']),
  },
  { name: 'Deno', path: 'deno', hasEventSource: true, run: inProcess('.bin/deno', DENO) },
  { name: 'Bun', path: 'bun', hasEventSource: false, run: inProcess('.bin/bun', []) },
]

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

// All at once: what they do most of the time is wait.
const running = new Map(PLACES.map(({ path, run }) => [path, run(`${server.url}/${path}`)]))

describe.each(PLACES)('in $name', ({ path, hasEventSource }) => {
  let told: Told
  beforeAll(async () => {
    told = await running.get(path)!
  }, 120_000)
  const seen = (name: string) => server.seen(`${path}/${name}`)

  it('a WebSocket gives the rows of its messages, leaves out what is none, and ends when the server closes it', () => {
    expect(told.messages).toEqual({ rows: [0, 1, 2, 3], skipped: 2 })
    expect(seen('messages').messages).toEqual(['subscribe'])
  })

  it('a WebSocket that breaks is opened again where that is asked for, and fails its job where it is not', () => {
    expect(told.reconnects).toEqual({ rows: [1, 2, 3], skipped: 0 })
    expect(seen('breaking').connections).toBe(3)
    for (const broken of [told.breaks, told.refused])
      expect(broken).toMatchObject({
        rows: [],
        code: 'SOURCE_FAILED',
        message: expect.stringMatching(/the connection broke/),
      })
  })

  it('a WebSocket is closed when its job stops', () => {
    expect(told.stops).toEqual([0])
    expect(seen('open')).toMatchObject({ connections: 1, gone: 1 })
  })

  it('a WebSocket that says more than is taken is not waited for: what is too much is refused and counted', () => {
    const { taken, first, offered, skipped } = told.floods as unknown as Record<string, number> & { first: number[] }
    expect(first).toEqual(upTo(8))
    expect(offered).toBe(2_000)
    expect(skipped).toBeGreaterThan(0)
    expect(taken! + skipped!).toBe(2_000)
  })

  it('a WebSocket gets every row that is sent, from before it is open, and is closed behind the last', () => {
    expect(told.sends).toBe(300)
    expect(seen('collecting').messages.map(text => JSON.parse(text).n)).toEqual(upTo(300))
    expect(seen('collecting').closedWith).toBe(1000)
  })

  it('a WebSocket whose server reads nothing has its job wait with so much in it, and gets all when the server reads', () => {
    const { stalledAt, bufferedAmount, delivered } = told.waits as unknown as Record<string, number>
    expect(stalledAt).toBeLessThan(300)
    expect(bufferedAmount).toBeGreaterThan(262_144)
    expect(bufferedAmount).toBeLessThan(262_144 + 66_000)
    expect(delivered).toBe(300)
    expect(seen('paused').messages.map(text => JSON.parse(text).n)).toEqual(upTo(300))
  })

  it('a WebSocket that the server closes fails the job that writes to it', () => {
    expect(told.loses).toBe('SINK_FAILED')
  })

  if (hasEventSource)
    it('server-sent events come in order through lost connections, from behind the last one that was seen', () => {
      expect(told.events).toEqual({ rows: [1, 2, 3, 4, 5, 6], skipped: 0 })
      expect(seen('events').lastIds).toEqual([undefined, '2', '4', '6'])
      expect(told.forbidden).toMatchObject({ rows: [], code: 'SOURCE_FAILED' })
      expect(told.stopsEvents).toEqual([0])
      expect(seen('endless-events')).toMatchObject({ connections: 1, gone: 1 })
    })
  else
    it('a job that is to read server-sent events fails, and says what is missing', () => {
      expect(told.events).toMatchObject({
        code: 'SOURCE_FAILED',
        message: expect.stringMatching(/EventSource is not defined/),
      })
    })

  it('a body is read to its end, fails its job where it breaks off or is no answer, and is given up on a stop', () => {
    expect(told.lines).toEqual({ rows: upTo(300), skipped: 0 })
    expect(told.missing).toMatchObject({
      rows: [],
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/answered 403/),
    })
    expect(told.breaksOff).toMatchObject({ code: 'SOURCE_FAILED' })
    expect(seen('endless').gone).toBe(1)
  })

  it('a body without an end waits for its job: the server writes no more, and goes on when the job does', () => {
    const { stalledAt } = told.endless as unknown as Record<string, number>
    // Where it stood still; what is on its way is for the system to say, tens of megabytes here.
    expect(stalledAt).toBeGreaterThan(0)
    expect(seen('endless').written).toBeGreaterThan(stalledAt!)
  })

  it('a port carries rows, backpressure, and the failure of its other side', () => {
    const { rows, last, deliveredWhileHeld } = told.port as unknown as Record<string, number>
    expect([rows, last]).toEqual([300, 299])
    // 16 on their way, 8 in the ring.
    expect(deliveredWhileHeld).toBeLessThanOrEqual(24)
    expect(told.failingPort).toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/the disk is full/),
    })
  })

  it('a channel carries every row to who listens', () => {
    expect(told.broadcast).toEqual(upTo(300))
  })
})

describe('pages of Chromium', () => {
  it('send rows through a job of a worker, which waits when they take none, and get all of them', async () => {
    const page = await opened()
    const { deliveredWhileHeld, rows } = (await page.evaluate('throughWorker()')) as {
      deliveredWhileHeld: number
      rows: object[]
    }
    await page.close()
    expect(rows).toEqual(upTo(300).map(n => ({ double: 2 * n, text: `row ${n}` })))
    // In the two rings of eight, on the two ways of 16, and in the batch at hand of each job.
    expect(deliveredWhileHeld).toBeLessThan(100)
  })

  it('hear each other over a channel', async () => {
    const context = await browser.newContext()
    const [one, other] = await Promise.all([opened(context), opened(context)])
    await one.evaluate('listen("of pages")')
    expect(await other.evaluate('tell("of pages", 100)')).toBe(100)
    expect(await one.evaluate('heard(100)')).toEqual(upTo(100))
    await Promise.all([one.close(), other.close()])
  })
})
