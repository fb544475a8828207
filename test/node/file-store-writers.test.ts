import { randomUUID } from 'node:crypto'
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

/**
 * Runs programs that wait for their turns, one at a time: whose it is, `picks` say once each has come to its next one or has
 * ended. So any of them may stand still for as long as all others take.
 */
async function taken<T>(
  programs: readonly ((turn: () => Promise<void>) => Promise<T>)[],
  picks: readonly number[],
): Promise<PromiseSettledResult<T>[]> {
  const waiting: (() => void)[] = []
  let running = programs.length
  let at = 0
  const next = (): void => {
    if (--running > 0 || waiting.length === 0) return
    running++
    waiting.splice(picks[at++ % picks.length]! % waiting.length, 1)[0]!()
  }
  const turn = () =>
    new Promise<void>(resolve => {
      waiting.push(resolve)
      next()
    })
  return await Promise.allSettled(programs.map(program => program(turn).finally(next)))
}

const picks = fc.array(fc.nat({ max: 5 }), { minLength: 40, maxLength: 80 })

describe.each([
  ['have hard links', promises as FileCalls],
  ['have none', withoutLinks],
])('writers to one directory, where files %s', (_, files) => {
  it('that want the same name at once: never two have it, and the others are told', async () => {
    let wins = 0
    await fc.assert(
      fc.asyncProperty(picks, fc.integer({ min: 2, max: 3 }), async (picks, writers) => {
        const directory = await mkdtemp(join(tmpdir(), 'eventflux-writers-'))
        // Who died before has left a checkpoint, and what it had begun.
        await new CheckpointFiles(directory, files).put(1, Uint8Array.of(0))
        await promises.writeFile(join(directory, `.checkpoint-2.${randomUUID()}.unfinished`), '')
        const puts = Array.from(
          { length: writers },
          (_, writer) => (turn: () => Promise<void>) =>
            new CheckpointFiles(directory, inTurns(files, turn)).put(2, Uint8Array.of(writer)),
        )
        const results = await taken(puts, picks)
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
      { numRuns: 200 },
    )
    expect(wins).toBeGreaterThan(50)
  })
})
