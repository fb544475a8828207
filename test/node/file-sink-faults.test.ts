import * as promises from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { csvSink, ndjsonSink } from '../../src/connector/text-sink.ts'
import { count, type EventfluxError, i32, memoryStore, pipeline, schema, timestamp, tumbling } from '../../src/index.ts'
import { CommittedFile, type CommittedFileCalls } from '../../src/node/committed-file.ts'
import { FailingFiles } from './failing-files.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventflux-sink-faults-'))
})
afterEach(() => rm(directory, { recursive: true }))

const events = Array.from({ length: 30 }, (_, i) => ({ time: i, n: i % 7 }))
const counts = pipeline(schema({ time: timestamp(), n: i32() }), { maxBatch: 4, bufferSize: 8 })
  .eventTime('time')
  .keyBy('n')
  .window(tumbling(10))
  .aggregate(() => ({ rows: count() }))
const FORMATS = { ndjson: ndjsonSink, csv: csvSink }
/** Without anything that fails. */
const sound = (): CommittedFileCalls => new FailingFiles(Number.POSITIVE_INFINITY, '').files
type Format = keyof typeof FORMATS
const CODES = ['EIO', 'EACCES', 'ENOSPC']

const file = (files: CommittedFileCalls): CommittedFile =>
  new CommittedFile(
    join(directory, 'rows.out'),
    { name: 'rows.out', append: false, encode: async bytes => bytes },
    files,
  )

/** A job over the file that begins where the last one left off: what it failed on. */
async function run(
  store: ReturnType<typeof memoryStore>,
  format: Format,
  files: CommittedFileCalls,
  isRetried = false,
): Promise<EventfluxError | undefined> {
  const retry = { kind: 'retry', attempts: 4, initialMs: 0, maxMs: 0, factor: 1, otherwise: 'fail' } as const
  try {
    const job = await counts.run({
      source: events,
      sink: FORMATS[format](file(files), { chunkChars: 100 }),
      checkpoint: { store, everyEvents: 12 },
      restore: 'latest',
      ...(isRetried && { errors: { sink: retry } }),
    })
    await job.done
    return undefined
  } catch (error) {
    return error as EventfluxError
  }
}

const rowsOf = (): Promise<string> => readFile(join(directory, 'rows.out'), 'utf8')

async function uninterrupted(format: Format): Promise<string> {
  expect(await run(memoryStore(), format, sound())).toBe(undefined)
  const rows = await rowsOf()
  expect(rows.split('\n').length).toBeGreaterThan(15)
  return rows
}

describe('a file that shall have each row once', () => {
  const format = 'csv'
  it.each([
    ['one call of the file system fails', false],
    ['the process dies at a call', true],
  ])('has it after the next start, at whichever call: %s', async (_, isDeath) => {
    const expected = await uninterrupted(format)
    let n = 0
    let hasFailed: boolean
    do {
      await rm(directory, { recursive: true })
      await promises.mkdir(directory)
      const store = memoryStore()
      const code = CODES[++n % CODES.length]!
      const failing = new FailingFiles(n, code, isDeath)
      const error = await run(store, format, failing.files)
      hasFailed = failing.calls >= n
      if (hasFailed) expect(error, `call ${n}`).toMatchObject({ code: 'SINK_FAILED' })
      else expect(error).toBe(undefined)
      if (hasFailed) expect(`${error!.message} ${error!.cause}`, `call ${n}`).toContain(code)
      // What is in the file is a part of what shall be, also before anybody starts again: it may end in the middle of a copy.
      if (hasFailed) expect(expected.startsWith(await rowsOf().catch(() => '')), `call ${n}`).toBe(true)
      expect((await readdir(directory)).length, `call ${n}`).toBeLessThan(6)

      expect(await run(store, format, sound()), `call ${n}`).toBe(undefined)
      expect(await rowsOf(), `call ${n}`).toBe(expected)
      expect(await readdir(directory), `call ${n}`).toEqual(['rows.out'])
    } while (hasFailed)
    expect(n).toBeGreaterThan(50)
  })

  it.each(['ndjson', 'csv'] as const)('has it where a write that failed is tried again, as %s', async format => {
    const expected = await uninterrupted(format)
    const store = memoryStore()
    const failed = new Set<number>()
    const files = sound()
    const flaky: CommittedFileCalls = {
      ...files,
      async open(path, flags) {
        const handle = await files.open(path, flags)
        if (!String(path).endsWith('.pending') || flags !== 'w') return handle
        return {
          ...handle,
          // Half of what is written stands there when it fails.
          async write(bytes: Uint8Array, from: number, length: number, position: number) {
            const written = await handle.write(bytes, from, length, position)
            if (position % 3 !== 0 || failed.has(position)) return written
            failed.add(position)
            throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' })
          },
        } as unknown as typeof handle
      },
    }
    // The last rows in front of a barrier are written by the checkpoint: no policy is asked of these.
    let error: EventfluxError | undefined
    for (let starts = 0; starts < 20; starts++) {
      error = await run(store, format, flaky, true)
      if (error === undefined) break
      expect(error).toMatchObject({ code: 'SINK_FAILED' })
    }
    expect(error).toBe(undefined)
    expect(failed.size).toBeGreaterThan(2)
    expect(await rowsOf()).toBe(expected)
    expect(await readdir(directory)).toEqual(['rows.out'])
  })

  it('has none of them while the disk is full, which ends the job, and all when there is room again', async () => {
    const expected = await uninterrupted('ndjson')
    await rm(join(directory, 'rows.out'))
    const store = memoryStore()
    const full = {
      ...promises,
      open: (path: string, flags: string) =>
        promises.open(flags === 'w' && path.endsWith('.pending') ? '/dev/full' : path, flags),
    } as unknown as CommittedFileCalls
    for (let starts = 0; starts < 3; starts++) {
      const error = await run(store, 'ndjson', full)
      expect(error).toMatchObject({ code: 'SINK_FAILED', at: 'sink', cause: { code: 'ENOSPC' } })
      expect(await rowsOf().catch(() => '')).toBe('')
    }
    expect(await run(store, 'ndjson', sound())).toBe(undefined)
    expect(await rowsOf()).toBe(expected)
    expect(await readdir(directory)).toEqual(['rows.out'])
  })
})
