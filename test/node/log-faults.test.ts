import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toSource } from '../../src/connector/to-source.ts'
import { type Source, type SourceIntake, StateReader, StateWriter } from '../../src/index.ts'
import type { LogFiles } from '../../src/node/input-log.ts'
import { LoggedSource, type LoggedSourceOptions } from '../../src/node/logged-source.ts'
import { TestIntake } from '../../src/testing/test-intake.ts'
import { FailingFiles } from './failing-files.ts'
import { type Row, rowsFrom } from './logged-input.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventflux-log-faults-'))
})
afterEach(() => rm(directory, { recursive: true }))

/** Rows that are given once, two at a time; `waits`: each push is waited for, as most sources do. */
function once(from: number, to: number, waits: boolean): Source<Row> {
  return {
    metadata: { name: 'once', kind: 'test', replayable: false, bounded: true },
    async run(intake: SourceIntake<Row>) {
      const pushes: unknown[] = []
      for (let id = from; id < to; id += 2) {
        const push = intake.pushMany(rowsFrom(id, Math.min(id + 2, to)))
        if (waits) await push
        else pushes.push(Promise.resolve(push).catch(() => {}))
      }
      await Promise.all(pushes)
    },
  }
}

/** A run over the log from a position on: what came through, and what it failed on. */
async function run(
  position: number,
  input: Source<Row>,
  options: LoggedSourceOptions,
  files?: LogFiles,
): Promise<{ readonly rows: readonly Row[]; readonly error: unknown }> {
  const source = toSource(new LoggedSource(input, directory, options, files))
  const writer = new StateWriter()
  writer.f64(position)
  source.restore!(new StateReader(writer.finish()))
  const intake = new TestIntake<Row>()
  const failed = async (acting: unknown): Promise<unknown> => {
    try {
      await acting
    } catch (error) {
      return error
    }
  }
  const running = await failed(source.run(intake))
  const forgetting = await failed(source.forget!(4 - position))
  return { rows: intake.events, error: running ?? forgetting }
}

const CODES = ['EIO', 'EACCES', 'ENOSPC']
const ways: [string, LoggedSourceOptions, boolean][] = [
  ['each push is synced', { sync: 'each', segmentBytes: 300 }, true],
  ['the pushes of a source that waits for none are synced', { sync: 'each', segmentBytes: 300 }, false],
  ['nothing is synced', { sync: 'none', segmentBytes: 300 }, true],
  ['nothing is synced, and the source waits for no push', { sync: 'none', segmentBytes: 300 }, false],
]

describe.each(ways)('a log of which %s', (_, options, waits) => {
  it('has all that was handed on, whichever call of the file system fails', async () => {
    const position = 3
    let n = 0
    let hasFailed: boolean
    do {
      await rm(directory, { recursive: true })
      await run(0, once(0, 12, true), options)
      const code = CODES[++n % CODES.length]!
      const failing = new FailingFiles(n, code)
      const second = await run(position, once(12, 24, waits), options, failing.files)
      hasFailed = failing.calls >= n
      if (hasFailed) expect(second.error, `call ${n}`).toMatchObject({ code: 'SOURCE_FAILED', cause: { code } })
      else expect(second).toEqual({ rows: rowsFrom(position, 24), error: undefined })
      expect(second.rows, `call ${n}`).toEqual(rowsFrom(position, position + second.rows.length))

      const third = await run(position, once(0, 0, true), options)
      expect(third, `call ${n}`).toEqual({
        rows: rowsFrom(position, position + third.rows.length),
        error: undefined,
      })
      expect(third.rows.length, `call ${n}`).toBeGreaterThanOrEqual(Math.max(9, second.rows.length))
      const end = position + third.rows.length
      const fourth = await run(end - 1, once(end, end + 4, true), options)
      expect(fourth, `call ${n}`).toEqual({ rows: rowsFrom(end - 1, end + 4), error: undefined })
    } while (hasFailed)
    expect(n).toBeGreaterThan(20)
  })
})

describe('a log whose writes come in pieces', () => {
  it('has every byte of them, however short they are', async () => {
    const files = new FailingFiles(Number.POSITIVE_INFINITY, '').files
    await run(0, once(0, 20, true), { sync: 'none' }, files)
    expect((await run(0, once(0, 0, true), {})).rows).toEqual(rowsFrom(0, 20))
  })
})
