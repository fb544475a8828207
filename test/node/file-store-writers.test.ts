import * as promises from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CheckpointFiles, type FileCalls } from '../../src/node/checkpoint-files.ts'

/** A file system on which a file has one name. */
const withoutLinks: FileCalls = {
  ...promises,
  link: async () => {
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
  },
}

/** The same calls, each when it is its turn. */
function inTurns(files: FileCalls, turn: () => Promise<void>): FileCalls {
  const names = ['link', 'mkdir', 'open', 'readFile', 'readdir', 'rename', 'unlink'] as const
  const calls = names.map(name => {
    const call = files[name] as (...args: unknown[]) => Promise<unknown>
    return [
      name,
      async (...args: unknown[]) => {
        await turn()
        return await call(...args)
      },
    ]
  })
  return Object.fromEntries(calls) as FileCalls
}

describe.each([
  ['have hard links', promises as FileCalls],
  ['have none', withoutLinks],
])('writers to one directory, where files %s', (_, files) => {
  it('that want the same name at once: never two have it, and the others are told', async () => {
    let wins = 0
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 3 }), async (scheduler, writers) => {
        const directory = await mkdtemp(join(tmpdir(), 'eventflux-writers-'))
        const store = () =>
          new CheckpointFiles(
            directory,
            inTurns(files, () => scheduler.schedule(Promise.resolve())),
          )
        // Who died before has left a checkpoint, what it had begun, and a claim.
        await new CheckpointFiles(directory, files).put(1, Uint8Array.of(0))
        await promises.writeFile(join(directory, '.checkpoint-2.unfinished'), '')
        const puts = Array.from({ length: writers }, (_, writer) => store().put(2, Uint8Array.of(writer)))
        const settled = Promise.allSettled(puts)
        await scheduler.waitFor(settled)
        const results = await settled
        const winners = results.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []))
        expect(winners.length).toBeLessThanOrEqual(1)
        wins += winners.length
        for (const result of results)
          if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CHECKPOINT_CONFLICT' })
        const after = new CheckpointFiles(directory, promises)
        const [winner] = winners
        expect(await after.list()).toEqual(winner === undefined ? [1] : [1, 2])
        if (winner !== undefined) expect(await after.get(2)).toEqual(Buffer.of(winner))
        await new CheckpointFiles(directory, files).put(3, Uint8Array.of(9))
        expect((await promises.readdir(directory)).filter(name => name.endsWith('.unfinished'))).toEqual([])
        await rm(directory, { recursive: true })
      }),
      { numRuns: 150 },
    )
    expect(wins).toBeGreaterThan(50)
  })
})
