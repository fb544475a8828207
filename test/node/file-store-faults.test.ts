import * as promises from 'node:fs/promises'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CheckpointArchive } from '../../src/checkpoint/checkpoint-archive.ts'
import { count, everyRows, f64, globalWindow, pipeline, schema, timestamp } from '../../src/index.ts'
import { CheckpointFiles, type FileCalls } from '../../src/node/checkpoint-files.ts'
import { FailingFiles } from './failing-files.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventflux-faults-'))
})
afterEach(() => rm(directory, { recursive: true }))

const sections = [{ name: 'state', bytes: Uint8Array.of(1, 2, 3) }]
const save = (archive: CheckpointArchive, id: number) => archive.save({ id, createdMs: 0, labels: {} }, sections)
const sound = () => new CheckpointFiles(directory, promises)

describe.each(['EIO', 'EACCES', 'ENOSPC'])('a checkpoint whose n-th call of the file system fails with %s', code => {
  it('leaves the one before it to be restored, whatever n is, and says so', async () => {
    let n = 0
    let hasFailed: boolean
    do {
      await rm(directory, { recursive: true })
      await save(new CheckpointArchive({ store: sound() }), 1)
      const failing = new FailingFiles(++n, code)
      const archive = new CheckpointArchive({ store: new CheckpointFiles(directory, failing.files), retain: 1 })
      const error = await (async () => {
        await archive.open()
        await save(archive, archive.nextId())
        await archive.prune()
      })().catch((error: unknown) => error)
      hasFailed = failing.calls >= n
      if (hasFailed) expect(error, `call ${n}`).toMatchObject({ code: 'CHECKPOINT_FAILED', cause: { code } })
      else expect(error).toBe(undefined)
      const loaded = await new CheckpointArchive({ store: sound() }).load()
      expect(
        loaded?.sections.map(({ name }) => name),
        `call ${n}`,
      ).toEqual(['state'])
      // The next attempt succeeds, and cleans up.
      const next = new CheckpointArchive({ store: sound(), retain: 1 })
      await next.open()
      const id = next.nextId()
      await save(next, id)
      await next.prune()
      expect(await readdir(directory)).toEqual([`checkpoint-${String(id).padStart(12, '0')}.efckp`])
    } while (hasFailed)
    expect(n).toBeGreaterThan(10)
  })
})

/** What a writer that died has left. */
const ABANDONED = '.checkpoint-3.8f14e45f-ceea-467f-a8f2-3d1b8e0f6a7c.unfinished'

describe('a full disk', () => {
  it('fails a checkpoint and harms no other', async () => {
    await save(new CheckpointArchive({ store: sound() }), 1)
    const files = {
      ...promises,
      open: (path: string, flags: string) =>
        flags === 'wx' ? promises.open('/dev/full', 'w') : promises.open(path, flags),
    } as FileCalls
    const archive = new CheckpointArchive({ store: new CheckpointFiles(directory, files) })
    await archive.open()
    await expect(save(archive, 2)).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED', cause: { code: 'ENOSPC' } })
    expect(await sound().list()).toEqual([1])
  })

  it('ends a job, unless the job is told what else to do', async () => {
    const counts = pipeline(schema({ time: timestamp(), x: f64() }))
      .eventTime('time')
      .window(globalWindow({ trigger: everyRows(1) }))
      .aggregate(() => ({ rows: count() }))
    const files = { ...promises, open: () => promises.open('/dev/full', 'w') } as unknown as FileCalls
    const store = new CheckpointFiles(directory, files)
    const strict = await counts.run({ sink: [], checkpoint: { store, everyEvents: 1 } })
    strict.push({ time: 0, x: 1 })
    await expect(strict.done).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
    const errors: unknown[] = []
    const rows: unknown[] = []
    const lenient = await counts.run({
      sink: rows,
      checkpoint: { store, everyEvents: 1, onFailure: error => errors.push(error.code) },
    })
    for (let i = 0; i < 5; i++) {
      lenient.push({ time: i, x: 1 })
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await lenient.drain()
    expect(rows.length).toBe(5)
    expect(new Set(errors)).toEqual(new Set(['CHECKPOINT_FAILED']))
    expect(errors.length).toBeGreaterThan(1)
  })
})

describe('the directory of checkpoints', () => {
  it('may hold other files, and what was left of checkpoints that were never finished', async () => {
    const store = sound()
    for (const name of ['notes.txt', 'checkpoint-x.efckp', 'checkpoint-0.efckp', ABANDONED])
      await writeFile(join(directory, name), 'x')
    expect(await store.list()).toEqual([])
    await store.put(2, Uint8Array.of(1))
    expect(await store.list()).toEqual([2])
    expect(await readdir(directory)).not.toContain(ABANDONED)
  })

  it('gives the newest whole checkpoint, and an older one only when that is asked for', async () => {
    const archive = new CheckpointArchive({ store: sound() })
    for (const id of [1, 2, 3]) await save(archive, id)
    await writeFile(join(directory, 'checkpoint-000000000003.efckp'), Uint8Array.of(1, 2, 3))
    await expect(archive.load()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    const loaded = await archive.load({ fallBack: true })
    expect(loaded).toMatchObject({ meta: { id: 2 }, skipped: [{ id: 3, error: { code: 'CHECKPOINT_INVALID' } }] })
    await expect(archive.load({ id: 9 })).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
    expect((await archive.load({ id: 1 }))?.meta.id).toBe(1)
  })
})
