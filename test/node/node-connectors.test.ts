import { EventEmitter } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ndjsonSource } from '../../src/connector/byte-source.ts'
import { csvSink, ndjsonSink } from '../../src/connector/text-sink.ts'
import { toSink } from '../../src/connector/to-sink.ts'
import { csvFile, fromEmitter, fromReadable, ndjsonFile, toWritable } from '../../src/node/index.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { until } from '../../src/testing/event-loop.ts'
import { TestIntake } from '../../src/testing/test-intake.ts'
import { describeSink, describeSource } from '../connector/describe-conformance.ts'

const rows = Array.from({ length: 2000 }, (_, n) => ({ n, name: `ü${n % 7}` }))
const of = schema({ n: i32(), name: utf8() })
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventflux-'))
  await writeFile(at('rows.ndjson'), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  await writeFile(at('rows.csv'), `\uFEFFname,n\r\n${rows.map(row => `"${row.name}",${row.n}\r\n`).join('')}`)
})
afterAll(() => rm(folder, { recursive: true }))

describeSource('an NDJSON file', {
  make: () => ({ source: ndjsonFile(at('rows.ndjson'), of) }),
  events: rows,
  isBounded: true,
})
describeSource('a CSV file', { make: () => ({ source: csvFile(at('rows.csv'), of) }), events: rows, isBounded: true })
describeSource('a Readable', {
  make() {
    const readable = Readable.from(rows)
    return { source: fromReadable(readable), isReleased: () => until(() => readable.destroyed).then(() => true) }
  },
  events: rows,
  isBounded: true,
})
describeSource('a Readable of bytes', {
  make() {
    const readable = Readable.from(rows.map(row => Buffer.from(`${JSON.stringify(row)}\n`)))
    return { source: ndjsonSource(readable, of) }
  },
  events: rows,
  isBounded: true,
})

function emitterSource() {
  const emitter = new EventEmitter()
  const source = fromEmitter(emitter, 'row', { endOn: 'end', maxWaiting: rows.length })
  return {
    emitter,
    source: {
      metadata: source.metadata,
      run(intake: Parameters<typeof source.run>[0]) {
        const running = source.run(intake)
        for (const row of rows) emitter.emit('row', row)
        emitter.emit('end')
        return running
      },
    },
  }
}
describeSource('an EventEmitter', {
  make() {
    const { emitter, source } = emitterSource()
    return { source, isReleased: () => emitter.eventNames().length === 0 }
  },
  events: rows,
  isBounded: true,
})

describe('files', () => {
  test('a file that is not there ends the source with SOURCE_FAILED', async () => {
    await expect(ndjsonFile(at('nowhere'), of).run(new TestIntake())).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      at: 'nowhere',
      cause: expect.objectContaining({ code: 'ENOENT' }),
    })
  })

  test('may be named by URL, read twice, and decoded by the schema of the job', async () => {
    const source = ndjsonFile(pathToFileURL(at('rows.ndjson')))
    const intake = new TestIntake<never>({ schema: of })
    await source.run(intake)
    await source.run(intake)
    expect(intake.events).toEqual([...rows, ...rows])
    expect(source.metadata).toMatchObject({ name: 'rows.ndjson', kind: 'ndjson', replayable: true, bounded: true })
  })

  test('times as text, with the broken line by its number', async () => {
    await writeFile(at('times.csv'), 'timestamp,n\n2015-02-26 21:42:53,104\nnever,1\n2015-02-26 21:47:53,100\n')
    const intake = new TestIntake<never>()
    await csvFile(at('times.csv'), schema({ timestamp: timestamp(), n: i32() }), { timestamps: 'iso' }).run(intake)
    expect(intake.events).toEqual([
      { timestamp: Date.UTC(2015, 1, 26, 21, 42, 53), n: 104 },
      { timestamp: Date.UTC(2015, 1, 26, 21, 47, 53), n: 100 },
    ])
    expect(intake.rejected.map(error => error.at)).toEqual(['line 3'])
  })

  test('what the sinks write, the sources read', async () => {
    for (const format of ['ndjson', 'csv'] as const) {
      const path = at(`copy.${format}`)
      const sink = (format === 'csv' ? csvSink : ndjsonSink)<{ n: number; name: string }>(
        toWritable(createWriteStream(path)),
        { chunkChars: 1000 },
      )
      for (const row of rows) await sink.write(row)
      await sink.close?.()
      const intake = new TestIntake<never>()
      await (format === 'csv' ? csvFile : ndjsonFile)(path, of).run(intake)
      expect(intake.events).toEqual(rows)
    }
  })
})

describeSink('a Writable', {
  make() {
    const taken: number[] = []
    const waiting: (() => void)[] = []
    const stream = new Writable({
      objectMode: true,
      highWaterMark: 2,
      write(row, _encoding, done) {
        waiting.push(() => {
          taken.push(row)
          done()
        })
      },
    })
    return { sink: toWritable<number>(stream), taken: () => taken, letThrough: () => waiting.shift()?.() }
  },
  makeFailing: cause =>
    toWritable<number>(new Writable({ objectMode: true, write: (_row, _encoding, done) => done(cause) })),
  rows: [1, 2, 3, 4, 5],
})

describe('Writables', () => {
  const failing = (cause: Error) => new Writable({ objectMode: true, write: (_row, _encoding, done) => done(cause) })

  test('a failure is SINK_FAILED with its cause, at every call from then on', async () => {
    const cause = new Error('the disk is full')
    const sink = toWritable(failing(cause), { name: 'disk' })
    sink.write(1)
    const failed = expect.objectContaining({ code: 'SINK_FAILED', cause, at: 'disk' })
    await expect(Promise.resolve(sink.flush?.())).rejects.toEqual(failed)
    expect(() => sink.write(2)).toThrow(failed)
    await expect(Promise.resolve(sink.close?.())).rejects.toEqual(failed)
  })

  test('a stream that dies while the writer waits for room lets it know', async () => {
    const stream = new Writable({ objectMode: true, highWaterMark: 1, write: () => {} })
    const sink = toWritable(stream)
    const waiting = sink.write(1)
    expect(waiting).toBeInstanceOf(Promise)
    stream.destroy()
    await expect(waiting).rejects.toMatchObject({ code: 'SINK_FAILED' })
  })

  test('a stream destroyed before the first write takes none', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
    stream.destroy()
    await new Promise(resolve => stream.once('close', resolve))
    const use = async () => {
      const sink = toWritable(stream)
      await sink.write('x')
      await sink.flush?.()
    }
    await expect(use()).rejects.toMatchObject({ code: 'SINK_FAILED' })
  })

  test.each(['flush', 'close'] as const)(
    'a stream that dies in the middle of a write ends the wait of %s',
    async end => {
      const stream = new Writable({ objectMode: true, write: () => {} })
      const sink = toWritable(stream)
      sink.write(1)
      const waiting = sink[end]?.()
      const cause = new Error('the peer is gone')
      stream.destroy(cause)
      await expect(waiting).rejects.toMatchObject({ code: 'SINK_FAILED', cause })
    },
  )

  test('a row of no kind the stream takes is refused at its write, and leaves the others as they are', async () => {
    const taken: string[] = []
    const stream = new Writable({
      write(chunk, _encoding, done) {
        setImmediate(() => {
          taken.push(String(chunk))
          done()
        })
      },
    })
    const sink = toWritable<unknown>(stream)
    sink.write('a')
    expect(() => sink.write({ n: 1 })).toThrow('The "chunk" argument must be')
    await sink.flush?.()
    expect(taken).toEqual(['a'])
    sink.write('b')
    await sink.close?.()
    expect(taken).toEqual(['a', 'b'])
  })

  test('closing ends the stream, unless told not to', async () => {
    const ended = new Writable({ write: (_chunk, _encoding, done) => done() })
    const kept = new Writable({ write: (_chunk, _encoding, done) => done() })
    await toWritable(ended).close?.()
    await toWritable(kept, { end: false }).close?.()
    expect([ended.writableFinished, kept.writableEnded]).toEqual([true, false])
  })

  test('closing because of a failure destroys the stream, after it got what was written', async () => {
    const rows: number[] = []
    const stream = new Writable({
      objectMode: true,
      write(row, _encoding, done) {
        rows.push(row)
        setImmediate(done)
      },
    })
    const sink = toWritable<number>(stream)
    for (const row of [1, 2, 3]) sink.write(row)
    await sink.close?.(new Error('the job failed'))
    expect(rows).toEqual([1, 2, 3])
    expect([stream.destroyed, stream.writableFinished]).toEqual([true, false])
  })

  test('an error in the last step of closing is reported', async () => {
    const cause = new Error('no fsync')
    const stream = new Writable({ write: (_c, _e, done) => done(), final: done => done(cause) })
    await expect(Promise.resolve(toWritable(stream).close?.())).rejects.toMatchObject({ code: 'SINK_FAILED', cause })
  })

  test('handed to toSink as they are, they are pointed to toWritable', () => {
    expect(() => toSink(failing(new Error()) as never)).toThrow('toWritable')
  })

  test('a file holds everything once close resolved', async () => {
    const path = at('all.txt')
    const sink = toWritable<string>(createWriteStream(path, { highWaterMark: 10 }))
    for (const { n } of rows) await sink.write(`${n}\n`)
    await sink.close?.()
    expect(await readFile(path, 'utf8')).toBe(rows.map(({ n }) => `${n}\n`).join(''))
  })
})

describe('Readables', () => {
  test('an error of the stream ends the source with SOURCE_FAILED', async () => {
    const cause = new Error('reset by peer')
    const readable = new Readable({ objectMode: true, read: () => {} })
    const running = fromReadable(readable, { name: 'socket' }).run(new TestIntake())
    readable.destroy(cause)
    await expect(running).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause, at: 'socket' })
  })

  test('a silent stream is destroyed when the job stops', async () => {
    const readable = new Readable({ objectMode: true, read: () => {} })
    const intake = new TestIntake()
    const running = fromReadable(readable).run(intake)
    await new Promise(resolve => setImmediate(resolve))
    intake.controller.abort()
    await running
    expect(readable.destroyed).toBe(true)
  })

  test('nothing is read ahead of a job that does not take it, but the buffers', async () => {
    let read = 0
    const readable = new Readable({
      objectMode: true,
      highWaterMark: 4,
      read() {
        this.push({ n: read++ })
      },
    })
    const intake = new TestIntake({ pause: () => new Promise(() => {}) })
    const running = fromReadable(readable).run(intake)
    for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(intake.pushes).toBe(1)
    expect(read).toBeLessThan(20)
    intake.controller.abort()
    await running
  })
})

describe('EventEmitters', () => {
  test('map makes the event of all arguments, and drops what is undefined', async () => {
    const emitter = new EventEmitter()
    const intake = new TestIntake<{ sum: number }>()
    const running = fromEmitter(emitter, 'pair', {
      map: (a: number, b: number) => (a < 0 ? undefined : { sum: a + b }),
      endOn: 'end',
    }).run(intake)
    emitter.emit('pair', 1, 2)
    emitter.emit('pair', -1, 2)
    emitter.emit('end')
    await running
    expect(intake.events).toEqual([{ sum: 3 }])
    expect(emitter.eventNames()).toEqual([])
  })

  test('an error event fails the source', async () => {
    const emitter = new EventEmitter()
    const cause = new Error('sensor gone')
    const running = fromEmitter(emitter, 'x').run(new TestIntake())
    emitter.emit('error', cause)
    await expect(running).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause })
    expect(emitter.eventNames()).toEqual([])
  })
})
