import { appendFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import type { Source } from '../../src/connector/source.ts'
import { ndjsonSink } from '../../src/connector/text-sink.ts'
import type { EventfluxError } from '../../src/errors.ts'
import { connectTo, csvFile, fileSink, listenOn, ndjsonFile } from '../../src/node/index.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import { describeSource } from '../connector/describe-conformance.ts'

const rows = Array.from({ length: 2000 }, (_, n) => ({ n, name: `ü${n % 7}` }))
const of = schema({ n: i32(), name: utf8() })
const lines = (of: readonly object[]) => of.map(row => `${JSON.stringify(row)}\n`).join('')
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventflux-'))
  await writeFile(at('rows.ndjson.gz'), gzipSync(lines(rows)))
  // Two members, the name hides it.
  await writeFile(at('members'), Buffer.concat([gzipSync(lines(rows.slice(0, 700))), gzipSync(lines(rows.slice(700)))]))
})
afterAll(() => rm(folder, { recursive: true }))

describeSource('a compressed file', {
  make: () => ({ source: ndjsonFile(at('rows.ndjson.gz'), of) }),
  events: rows,
  isBounded: true,
})
describeSource('a compressed file of several members', {
  make: () => ({ source: ndjsonFile(at('members'), of, { gzip: true }) }),
  events: rows,
  isBounded: true,
})
/** Runs a source into an array until it holds as many rows. */
async function collect({ source }: { source: Source<never> }) {
  const taken: object[] = []
  const job = await pipeline(of).run({ source, sink: taken })
  return { taken, job }
}

describe('a compressed file', () => {
  test('that is cut ends the source with SOURCE_FAILED', async () => {
    await writeFile(at('cut.gz'), gzipSync(lines(rows)).subarray(0, 900))
    const { job } = await collect({ source: ndjsonFile(at('cut.gz')) })
    await expect(job.done).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(/end of file/),
    })
  })

  test('can be written in pieces and added to', async () => {
    for (const half of [rows.slice(0, 1000), rows.slice(1000)]) {
      const sink = ndjsonSink(fileSink(at('added.ndjson.gz'), { append: true }), { chunkChars: 1000 })
      await (await pipeline(of).run({ source: half, sink })).done
    }
    expect(gunzipSync(await readFile(at('added.ndjson.gz'))).toString()).toBe(lines(rows))
  })

  test('is there, and empty, when no row came', async () => {
    await (await pipeline(of).run({ source: [], sink: ndjsonSink(fileSink(at('none.ndjson'))) })).done
    expect(await readFile(at('none.ndjson'), 'utf8')).toBe('')
  })
})

describe('a followed file', () => {
  const row = (n: number) => ({ n, name: 'x' })

  test('gives what is appended, is read anew when it is cut, and its successor after it', async () => {
    const path = at('log.ndjson')
    await writeFile(path, lines([row(1), row(2)]))
    const { taken, job } = await collect({ source: ndjsonFile(path, undefined, { follow: true, pollMs: 2 }) })
    await until(() => taken.length === 2)
    await appendFile(path, '{"n":3,"na')
    // The last line has no end: it gets one when the file is cut.
    await appendFile(path, 'me":"x"}\n{"n":4,"name":"x"}')
    await until(() => taken.length === 3)
    await truncate(path, 0)
    await until(() => taken.length === 4)
    await appendFile(path, lines([row(5)]))
    await until(() => taken.length === 5)
    await rename(path, at('log.1'))
    await appendFile(at('log.1'), '{"n":6,"name":"x"}')
    await writeFile(path, lines([row(7)]))
    await until(() => taken.length === 7)
    await job.stop()
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7].map(row))
  })

  test('stops at once, and says that it has no end', async () => {
    await writeFile(at('quiet.csv'), 'n,name\n')
    const source = csvFile(at('quiet.csv'), of, { follow: true, pollMs: 3_600_000 })
    expect(source.metadata.bounded).toBe(false)
    const { job } = await collect({ source })
    await new Promise(resolve => setTimeout(resolve, 5))
    await expect(job.stop()).resolves.toMatchObject({ accepted: 0 })
  })

  test('that is compressed, or looked at every 0 ms, is refused', () => {
    expect(() => ndjsonFile('x.gz', of, { follow: true, gzip: true })).toThrow(/compressed file cannot be followed/)
    expect(() => ndjsonFile('x', of, { follow: true, pollMs: 0 })).toThrow(/pollMs is 0/)
  })
})

/** A server that sends what it is told to whoever connects. */
async function serverOf(answer: (socket: Socket) => void) {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

describe('a connection', () => {
  test('gives what the other side sends, until it ends', async () => {
    const { server, port } = await serverOf(socket => socket.end(lines(rows)))
    const source = ndjsonSource(connectTo({ port, host: '127.0.0.1' }))
    expect(source.snapshot).toBe(undefined)
    expect(source.metadata.replayable).toBe(false)
    const { taken, job } = await collect({ source })
    await job.done
    server.close()
    expect(taken).toEqual(rows)
  })

  test('that nobody takes ends the source with SOURCE_FAILED', async () => {
    const { server, port } = await serverOf(() => {})
    await new Promise(resolve => server.close(resolve))
    const { job } = await collect({ source: csvSource(connectTo({ port, host: '127.0.0.1' })) })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

describe('listening', () => {
  async function listening(options: { maxConnections?: number; format?: 'csv' } = {}, bufferSize = 64) {
    const taken: { n: number; name: string }[] = []
    const broken: EventfluxError[] = []
    let opened!: (port: number) => void
    const port = new Promise<number>(resolve => {
      opened = resolve
    })
    const onListening = (address: unknown) => opened((address as AddressInfo).port)
    const job = await pipeline(of, { bufferSize }).run({
      source: listenOn({ port: 0, host: '127.0.0.1', onListening, ...options }),
      sink: async row => void taken.push(row),
      errors: {
        source: { kind: 'deadLetter', sink: ({ cause }: { cause: unknown }) => void broken.push(cause as never) },
      },
    })
    return { taken, broken, job, port: await port }
  }

  test('takes the lines of all connections, through a queue of two rows too', async () => {
    for (const bufferSize of [2, 64]) {
      const { taken, job, port } = await listening({}, bufferSize)
      for (const part of [0, 1, 2]) connect(port, '127.0.0.1').end(lines(rows.filter(({ n }) => n % 3 === part)))
      await until(() => taken.length === rows.length)
      await job.stop()
      expect([...taken].sort((a, b) => a.n - b.n)).toEqual(rows)
      for (const part of [0, 1, 2]) {
        const ofOne = taken.map(({ n }) => n).filter(n => n % 3 === part)
        expect(ofOne).toEqual([...ofOne].sort((a, b) => a - b))
      }
    }
  })

  test('goes on when a connection sends what can not be read, or breaks', async () => {
    const { taken, broken, job, port } = await listening({ format: 'csv' })
    connect(port, '127.0.0.1').end('n,name\nx,y\n1,a\n')
    await until(() => taken.length === 1)
    connect(port, '127.0.0.1').end('no,such,header\n')
    await until(() => broken.length === 2)
    connect(port, '127.0.0.1').end('n,name\n2,b\n')
    await until(() => taken.length === 2)
    expect((await job.stop()).deadLettered).toBe(2)
    expect(broken.map(({ code }) => code)).toEqual(['DECODE_FAILED', 'SOURCE_FAILED'])
  })

  test('stops while connections are open', async () => {
    const { job, port } = await listening()
    const socket = connect(port, '127.0.0.1')
    await new Promise(resolve => socket.once('connect', resolve))
    await expect(job.stop()).resolves.toMatchObject({ accepted: 0 })
    socket.destroy()
  })

  test('needs an address, and fails on one that is taken', async () => {
    expect(() => listenOn({}, of)).toThrow(/needs a port or a path/)
    expect(() => listenOn({ port: 0, maxConnections: 0 })).toThrow(/maxConnections is 0/)
    const { server, port } = await serverOf(() => {})
    const { job } = await collect({ source: listenOn({ port, host: '127.0.0.1' }) })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    server.close()
  })
})
