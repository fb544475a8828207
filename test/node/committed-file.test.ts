import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink } from '../../src/connector/sink.ts'
import { csvSink, ndjsonSink } from '../../src/connector/text-sink.ts'
import { i32, memoryStore, pipeline, schema } from '../../src/index.ts'
import { type FileSinkOptions, fileSink } from '../../src/node/file-sink.ts'

let directory = ''
let made = 0
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventflux-committed-'))
})
afterAll(() => rm(directory, { recursive: true }))
const fresh = (): string => join(directory, `${made++}.out`)
const once = (path: string, options: FileSinkOptions = {}): Sink<Uint8Array> =>
  fileSink(path, { ...options, exactlyOnce: true })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (path: string): Promise<string> => readFile(path, 'utf8')
const beside = async (path: string): Promise<string[]> =>
  (await readdir(directory)).map(name => join(directory, name)).filter(name => name.startsWith(`${path}.`))

describe('a file sink of exactly once', () => {
  it('shows rows when they are committed, and not before', async () => {
    const path = fresh()
    const sink = once(path)
    await sink.write(bytes('a'))
    const first = sink.prepare!(1)
    void sink.write(bytes('b'))
    const prepared = await first
    expect(await textOf(path)).toBe('')
    await sink.commit!(1, prepared)
    expect(await textOf(path)).toBe('a')
    await sink.commit!(2, await sink.prepare!(2))
    expect(await textOf(path)).toBe('ab')
    await sink.close!()
    expect(await beside(path)).toEqual([])
  })

  it('commits again what was committed, and what was cut short', async () => {
    const path = fresh()
    const sink = once(path)
    const transactions: unknown[] = []
    for (const [id, text] of ['one ', 'two ', '', 'three '].entries()) {
      if (text) await sink.write(bytes(text))
      transactions.push(await sink.prepare!(id))
    }
    for (const [id, prepared] of transactions.entries()) await sink.commit!(id, prepared)
    for (const [id, prepared] of transactions.entries()) await once(path).commit!(id, prepared)
    expect(await textOf(path)).toBe('one two three ')
    // As if the process had died after some bytes of the last were copied.
    await sink.write(bytes('four '))
    const last = await sink.prepare!(4)
    await writeFile(path, 'one two three fo')
    const again = once(path)
    await again.commit!(4, last)
    await again.abort!(4)
    expect(await textOf(path)).toBe('one two three four ')
  })

  it('throws away what came behind a checkpoint, committed or not', async () => {
    const path = fresh()
    const sink = once(path)
    const prepared: unknown[] = []
    for (const [id, text] of ['a', 'b', 'c'].entries()) {
      await sink.write(bytes(text))
      prepared.push(await sink.prepare!(id + 1))
    }
    await sink.write(bytes('d'))
    await sink.commit!(1, prepared[0])
    await sink.commit!(2, prepared[1])
    const again = once(path)
    await again.commit!(1, prepared[0])
    await again.abort!(1)
    expect(await beside(path)).toEqual([])
    await again.write(bytes('B'))
    await again.commit!(2, await again.prepare!(2))
    expect(await textOf(path)).toBe('aB')
    await sink.close!()
  })

  it('begins with an empty file, or behind what is there when it is to be added to', async () => {
    for (const append of [false, true]) {
      const path = fresh()
      await writeFile(path, 'before ')
      await writeFile(`${path}.7.pending`, 'of another')
      const sink = once(path, { append })
      await sink.abort!(0)
      await sink.write(bytes('after'))
      await sink.commit!(1, await sink.prepare!(1))
      await sink.close!()
      expect(await textOf(path)).toBe(append ? 'before after' : 'after')
      expect(await beside(path)).toEqual([])
    }
  })

  it('says so when rows it prepared are gone, or it never prepared them', async () => {
    const path = fresh()
    const sink = once(path)
    await sink.write(bytes('lost'))
    const prepared = await sink.prepare!(1)
    await rm(`${path}.1.pending`)
    await expect(once(path).commit!(1, prepared)).rejects.toMatchObject({ code: 'SINK_FAILED' })
    for (const none of [undefined, null, 'x', { offset: -1, length: 0 }, { offset: 0, length: 1.5 }])
      await expect(once(path).commit!(1, none)).rejects.toMatchObject({ code: 'SINK_FAILED' })
  })

  it('has one header under csvSink, and members of gzip that are one file', async () => {
    const path = fresh()
    const options = { gzip: true }
    const first = csvSink<{ n: number }>(once(path, options))
    await first.write({ n: 1 })
    const prepared = await first.prepare!(1)
    await first.commit!(1, prepared)
    const second = csvSink<{ n: number }>(once(path, options))
    await second.commit!(1, prepared)
    await second.abort!(1)
    await second.write({ n: 2 })
    await second.commit!(2, await second.prepare!(2))
    expect(gunzipSync(await readFile(path)).toString()).toBe('n\n1\n2\n')
  })

  it('has its header under csvSink though no row came, once', async () => {
    const path = fresh()
    const first = csvSink<{ n: number }>(once(path), { fields: ['n'] })
    const prepared = await first.prepare!(1)
    await first.commit!(1, prepared)
    await first.close!()
    expect((await readFile(path)).toString()).toBe('n\n')
    const second = csvSink<{ n: number }>(once(path), { fields: ['n'] })
    await second.commit!(1, prepared)
    await second.abort!(1)
    await second.commit!(2, await second.prepare!(2))
    await second.close!()
    expect((await readFile(path)).toString()).toBe('n\n')
  })

  it('holds what was committed at the last checkpoint and what followed, wherever a process dies', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('write' as const) },
      { weight: 3, arbitrary: fc.constant('checkpoint' as const) },
      { weight: 1, arbitrary: fc.constant('prepare only' as const) },
      { weight: 2, arbitrary: fc.constant('die' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const path = fresh()
        let sink = ndjsonSink<{ n: number }>(once(path))
        let id = 0
        let next = 0
        let durable: { id: number; next: number; pending: [number, unknown][] } = { id: 0, next: 0, pending: [] }
        let pending: [number, unknown][] = []
        const recover = async (): Promise<void> => {
          // What it had not prepared is gone with it either way.
          await sink.close!()
          sink = ndjsonSink<{ n: number }>(once(path))
          for (const [of, prepared] of durable.pending) await sink.commit!(of, prepared)
          await sink.abort!(durable.id)
          next = durable.next
          id = durable.id
          pending = []
        }
        for (const each of steps) {
          if (each === 'write') await sink.write({ n: next++ })
          else if (each === 'die') await recover()
          else {
            pending.push([++id, await sink.prepare!(id)])
            if (each === 'prepare only') continue
            durable = { id, next, pending: [...pending] }
            // Every other process dies between the checkpoint and the commit.
            if (next % 2 === 0) for (const [of, prepared] of pending.splice(0)) await sink.commit!(of, prepared)
            else await recover()
          }
        }
        await recover()
        await sink.close!()
        const rows = Array.from({ length: durable.next }, (_, n) => `{"n":${n}}\n`).join('')
        expect(durable.id === 0 ? '' : await textOf(path)).toBe(rows)
      }),
      { numRuns: 40 },
    )
  })

  it('says so where its directory is missing, before the first row is taken, and makes none', async () => {
    const missing = join(directory, 'missing')
    const path = join(missing, 'rows.out')
    const refused = { code: 'SINK_FAILED', at: 'rows.out', message: expect.stringContaining(`no directory ${missing}`) }
    const asked = [
      (sink: Sink<Uint8Array>) => sink.abort!(0),
      (sink: Sink<Uint8Array>) => sink.write(bytes('a')),
      (sink: Sink<Uint8Array>) => sink.prepare!(1),
    ]
    for (const ask of asked) await expect(ask(once(path))).rejects.toMatchObject(refused)
    const run = pipeline(schema({ n: i32() })).run({
      source: [{ n: 1 }],
      sink: ndjsonSink(once(path)),
      checkpoint: { store: memoryStore() },
      restore: 'latest',
    })
    await expect(run).rejects.toMatchObject(refused)
    expect(await readdir(directory)).not.toContain('missing')
  })
})
