import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { f64, i32, memoryStore, pipeline, type Source, schema, utf8 } from '../../src/index.ts'
import { fromEmitter } from '../../src/node/emitter.ts'
import { loggedSource } from '../../src/node/logged-source.ts'
import { until } from '../../src/testing/event-loop.ts'
import { filesOf, type Row, rowOf, rowsFrom } from './logged-input.ts'

let root = ''
let made = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eventflux-logged-job-'))
})
afterAll(() => rm(root, { recursive: true }))
const fresh = (): string => join(root, `log-${made++}`)

describe('the job of a logged source', () => {
  const names = schema({ id: i32(), name: utf8().nullable() })
  const numbers = pipeline(names).project(e => ({ id: e.id, half: e.id.div(2) }))
  /** Lets a running job have rows of an emitter, and waits until the last of them is out. */
  const sent = async (emitter: EventEmitter, events: readonly unknown[], out: readonly { id: number }[]) => {
    await until(() => emitter.listenerCount('row') > 0, 'the source listens')
    for (const event of events) emitter.emit('row', event)
    const last = (events.at(-1) as Row).id
    await until(() => out.at(-1)?.id === last, `row ${last} is out`)
  }

  it('gets no row twice, and misses none, from whichever checkpoint it goes on', async () => {
    const directory = fresh()
    const store = memoryStore()
    let had = 0
    for (const life of [0, 1, 2, 3, 4]) {
      const emitter = new EventEmitter()
      const rows: { id: number }[] = []
      const job = await numbers.run({
        source: loggedSource(fromEmitter<[Row]>(emitter, 'row'), directory, { segmentBytes: 300 }),
        sink: rows,
        checkpoint: { store, retain: 2 },
        restore: 'latest',
      })
      const before = job.restored?.inputs[0]?.rows ?? 0
      expect(before).toBe([0, 40, 40, 170, 170][life])
      await sent(emitter, rowsFrom(had, had + 40), rows)
      if (life % 2 === 0) await job.checkpoint()
      await sent(emitter, rowsFrom(had + 40, had + 65), rows)
      had += 65
      // What came behind the checkpoint is in the log only.
      await job.stop({ drain: false })
      expect(rows.map(({ id }) => id)).toEqual(rowsFrom(before, had).map(({ id }) => id))
    }
  })

  it('has files go that no checkpoint needs, and keeps those that an older one does', async () => {
    const directory = fresh()
    const store = memoryStore()
    const emitter = new EventEmitter()
    const source = () => loggedSource(fromEmitter<[Row]>(emitter, 'row'), directory, { segmentBytes: 1 })
    const out: { id: number }[] = []
    const job = await numbers.run({ source: source(), sink: out, checkpoint: { store, retain: 2 }, restore: 'latest' })
    const starts: number[][] = []
    for (let id = 0; id < 4; id++) {
      await sent(emitter, [rowOf(id)], out)
      await job.checkpoint()
      starts.push((await filesOf(directory)).map(path => Number(/(\d+)\.eflog/.exec(path)?.[1])))
    }
    // A file for each row. Of the two checkpoints that are kept, the older one is in front of the last row.
    expect(starts).toEqual([[0], [1], [2], [3]])
    await job.stop({ drain: false })
    const [older] = await store.list()
    const rows: { id: number }[] = []
    const again = await numbers.run({ source: source(), sink: rows, restore: { from: store, id: older! } })
    await until(() => rows.length > 0)
    await again.stop({ drain: false })
    expect(rows.map(({ id }) => id)).toEqual([3])
  })

  it('keeps all of its log where it has no store', async () => {
    const directory = fresh()
    const emitter = new EventEmitter()
    const out: { id: number }[] = []
    const source = loggedSource(fromEmitter<[Row]>(emitter, 'row'), directory, { segmentBytes: 1 })
    const job = await numbers.run({ source, sink: out })
    for (let id = 0; id < 3; id++) {
      await sent(emitter, [rowOf(id)], out)
      await job.checkpoint()
    }
    expect(await filesOf(directory)).toHaveLength(3)
    await job.stop({ drain: false })
  })

  it('counts rows that the schema refuses, so that none is given twice', async () => {
    const directory = fresh()
    const store = memoryStore()
    const emitter = new EventEmitter()
    const run = (sink: { id: number }[]) =>
      numbers.run({
        source: loggedSource(fromEmitter<[unknown]>(emitter, 'row'), directory) as Source<Row>,
        sink,
        errors: { source: 'skip' },
        checkpoint: { store },
        restore: 'latest',
      })
    const out: { id: number }[] = []
    const first = await run(out)
    await sent(emitter, [rowOf(0), { id: 'no number' }, null, rowOf(3)], out)
    await first.checkpoint()
    await sent(emitter, [rowOf(4)], out)
    await first.stop({ drain: false })
    const rows: { id: number }[] = []
    const second = await run(rows)
    await until(() => rows.length > 0)
    await second.stop({ drain: false })
    expect(rows).toEqual([{ id: 4, half: 2 }])
  })

  it('has columns of a block again that only some rows of were in front of the checkpoint', async () => {
    const values = schema({ x: f64() })
    const directory = fresh()
    const block = { x: Float64Array.from({ length: 1_000 }, (_, i) => i / 4), ignored: ['not in the schema'] }
    const blocks: Source<never> = {
      metadata: { name: 'blocks', kind: 'test', replayable: false, bounded: true },
      run: async intake => {
        await intake.pushColumns(block)
      },
    }
    const nothing: Source<never> = { metadata: blocks.metadata, run: () => {} }
    let taken: Promise<{ readonly bytes: Uint8Array }> | undefined
    const seen: number[] = []
    const job = await pipeline(values, { bufferSize: 64 }).run({
      source: loggedSource<never>(blocks, directory),
      sink: row => {
        seen.push(row.x)
        if (seen.length === 100) taken = job.checkpoint()
      },
    })
    await job.done
    const { bytes } = await taken!
    const rows: { x: number }[] = []
    const again = await pipeline(values).run({
      source: loggedSource<never>(nothing, directory),
      sink: rows,
      restore: bytes,
    })
    await again.done
    const before = again.restored!.inputs[0]!.rows
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(1_000)
    expect(rows.map(({ x }) => x)).toEqual([...block.x.subarray(before)])
  })
})
